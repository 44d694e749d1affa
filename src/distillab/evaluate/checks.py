"""What must be true of attacked images and of a model's outputs."""

import torch

from distillab.attacks.result import LogitsFn
from distillab.core.errors import ContractError
from distillab.core.shapes import Images, Logits

ROUNDING = 1e-6
"""What float32 may add to a pixel's range and, also relative to it, to a perturbation's largest distance."""


def is_randomized(logits_fn: LogitsFn, x: Images) -> bool:
    """Whether two forward passes differ.

    Raises:
        ContractError: the outputs are probabilities, for these images and for darker ones; logits may be so by chance.
    """
    with torch.no_grad():
        logits, again, darker = logits_fn(x), logits_fn(x), logits_fn(x / 2)
    outputs = torch.cat([logits, darker])
    if bool((outputs >= 0).all()) and torch.allclose(outputs.sum(dim=1), torch.ones_like(outputs[:, 0]), atol=1e-4):
        raise ContractError("the model's outputs are probabilities", expected="logits", do="remove its softmax")
    return not torch.equal(logits, again)


def require_images(x: Images, where: str, slack: float = 0.0) -> None:
    """Refuse pixels that are not finite or lie outside [0, 1] by more than ``slack``.

    Raises:
        ContractError: some do.
    """
    if not bool(((x >= -slack) & (x <= 1 + slack)).all()):
        got = f"{float(x.min()):g} to {float(x.max()):g}"
        raise ContractError("pixels out of range", where=where, expected="finite values in [0, 1]", got=got)


def require_logits(logits: Logits) -> None:
    """Refuse outputs that are not finite.

    Raises:
        ContractError: some are.
    """
    if not bool(logits.isfinite().all()):
        raise ContractError("the model's outputs are not finite", do="check its weights and the precision")
