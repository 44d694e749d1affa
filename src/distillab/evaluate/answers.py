"""What must be true of the answers of a network from elsewhere, found on a few images before anything rests on it."""

import torch
from torch import Tensor, nn

from distillab.core.errors import ContractError, DistillabError
from distillab.core.shapes import Images

ALONE = 1e-4
"""How far an image's probabilities may move with its batch mates: rounding moves them less."""

SUM = 1e-3
"""How far probabilities may be from a sum of 1: some are told in few digits."""


def require_answers(model: nn.Module, x: Images, *, classes: int, probabilities: bool, where: str) -> None:
    """Refuse a network that does not answer each image by itself, with one finite number per class.

    Args:
        model: from images to logits or to log-probabilities.
        x: a few images in [0, 1].
        classes: of the data set.
        probabilities: whether the answers are log-probabilities, which may be minus infinity.
        where: whose answers these are.

    Raises:
        ContractError: it fails, or its answers are of another shape, not finite, no distributions, or depend on other
            images or on chance.
    """
    answers = _asked(model, x, where)
    _require_classes(answers, len(x), classes, where)
    if not bool(answers.isfinite().all()) and not (probabilities and bool((answers < torch.inf).all())):
        expected = "probabilities from 0 to 1" if probabilities else "finite logits"
        raise ContractError("answers that are no numbers", where=where, expected=expected)
    sums = answers.double().exp().sum(dim=1)
    farthest = sums[(sums - 1).abs().argmax()]
    if probabilities and bool((farthest - 1).abs() > SUM):
        do = "say `answers: logits` if they are no probabilities"
        raise ContractError(
            "answers that do not sum to 1", where=where, expected="probabilities", got=f"{float(farthest):g}", do=do
        )
    probs = answers.softmax(dim=1)
    if not bool(((_asked(model, x, where).softmax(dim=1) - probs).abs() <= ALONE).all()):
        raise ContractError("answers that differ from call to call", where=where, do="put it in evaluation mode")
    alone = torch.cat([_asked(model, image[None], where) for image in x]).softmax(dim=1)
    if not bool(((alone - probs).abs() <= ALONE).all()):
        raise ContractError(
            "answers that depend on the other images of a batch", where=where, do="put it in evaluation mode"
        )


def _asked(model: nn.Module, x: Images, where: str) -> Tensor:
    try:
        with torch.no_grad():
            answers: Tensor = model(x)
    except DistillabError:  # says itself what is the matter
        raise
    except Exception as error:  # what a network from elsewhere raises has no list
        got = f"{type(error).__name__}: {error}"
        shape = "x".join(map(str, x.shape[1:]))
        raise ContractError("fails on images", where=where, expected=f"images of {shape}", got=got) from error
    return answers


def _require_classes(answers: object, n: int, classes: int, where: str) -> None:
    expected = f"one tensor ({n}, {classes}) for {n} images of {classes} classes"
    if not isinstance(answers, Tensor):
        raise ContractError("no answers", where=where, expected=expected, got=f"a {type(answers).__name__}")
    if tuple(answers.shape) != (n, classes) or not answers.is_floating_point():
        got = f"{str(answers.dtype).removeprefix('torch.')} {tuple(answers.shape)}"
        raise ContractError("answers of another shape", where=where, expected=expected, got=got)
