"""What an answer shows of a teacher's probabilities, for whoever measures it without a network."""

from collections.abc import Mapping

import numpy as np

from distillab.metrics.arrays import LogProbs

AnswersTold = str | Mapping[str, int]
"""``probabilities``, ``label``, ``{"top": k}`` or ``{"rounded": digits}``, as the plan tells a thief's answers."""


def released(log_probs: LogProbs, form: AnswersTold) -> LogProbs:
    """Logs of the distribution that an answer of this form leaves of another, rows summing to 1.

    The same as `distillab.knockoff.answer_forms.shown`, which says how, without torch.
    """
    if isinstance(form, Mapping):
        return _top(log_probs, form["top"]) if "top" in form else _rounded(log_probs, form["rounded"])
    return _label(log_probs) if form == "label" else log_probs


def _label(log_probs: LogProbs) -> LogProbs:
    answer = np.full_like(log_probs, -np.inf)
    answer[np.arange(len(log_probs)), log_probs.argmax(axis=1)] = 0.0
    return answer


def _top(log_probs: LogProbs, k: int) -> LogProbs:
    rows, classes = log_probs.shape
    if k >= classes:
        return log_probs
    probs = np.exp(log_probs)
    index = np.argsort(-probs, axis=1, kind="stable")[:, :k]
    kept = np.take_along_axis(probs, index, axis=1)
    rest = (1 - kept.sum(axis=1, keepdims=True)).clip(min=0) / (classes - k)
    answer = np.broadcast_to(rest, (rows, classes)).copy()
    np.put_along_axis(answer, index, kept, axis=1)
    return _logarithm(answer)


def _rounded(log_probs: LogProbs, digits: int) -> LogProbs:
    rounded = np.round(np.exp(log_probs) * 10**digits)
    total = rounded.sum(axis=1, keepdims=True)
    return _logarithm(np.where(total > 0, rounded / total.clip(min=1), 1 / log_probs.shape[1]))


def _logarithm(probs: LogProbs) -> LogProbs:
    with np.errstate(divide="ignore"):
        return np.log(probs)
