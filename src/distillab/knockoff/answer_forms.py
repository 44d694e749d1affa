"""What an answer shows of the released probabilities, and what the thief makes of it."""

import torch.nn.functional as F

from distillab.core.shapes import LogProbs
from distillab.specs.thief import AnswerForm, RoundedProbabilities, TopClasses


def shown(log_probs: LogProbs, form: AnswerForm) -> LogProbs:
    """Logs of the distribution that a thief learns from, rows summing to 1, exact zeros as ``-inf``.

    ``label`` keeps the likeliest class (of equals the first) and nothing else. ``top: k`` keeps the k largest
    probabilities, the rest spread evenly over the other classes. ``rounded: d`` rounds to d digits and rescales; where
    nothing but zeros is left every class is as likely.

    Args:
        log_probs: Released log-probabilities.
        form: What an answer shows.

    Reference: methods, thieves 2.
    """
    if isinstance(form, TopClasses):
        return _top(log_probs, form.top)
    if isinstance(form, RoundedProbabilities):
        return _rounded(log_probs, form.rounded)
    if form == "label":
        return F.one_hot(log_probs.argmax(dim=1), log_probs.shape[1]).to(log_probs.dtype).log()
    return log_probs


def _top(log_probs: LogProbs, k: int) -> LogProbs:
    classes = log_probs.shape[1]
    if k >= classes:
        return log_probs
    probs = log_probs.exp()
    kept, index = probs.topk(k, dim=1)
    rest = (1 - kept.sum(dim=1, keepdim=True)).clamp(min=0) / (classes - k)
    return rest.expand_as(probs).scatter(1, index, kept).log()


def _rounded(log_probs: LogProbs, digits: int) -> LogProbs:
    rounded = log_probs.exp().mul(10**digits).round()
    total = rounded.sum(dim=1, keepdim=True)
    return rounded.div(total.clamp(min=1)).where(total > 0, 1 / log_probs.shape[1]).log()
