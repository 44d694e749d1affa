"""What must be true of attacked images and of a model's outputs."""

import torch
from torch import Tensor, nn

from distillab.attacks.result import LogitsFn
from distillab.core.errors import ContractError
from distillab.core.shapes import Images, Labels
from distillab.models.modes import first_of_batch_statistics


def exact_difference(x_adv: Images, x: Images) -> Images:
    """The perturbation, at least in float32: half precision cannot tell it."""
    wide = torch.promote_types(x.dtype, torch.float32)
    return x_adv.to(wide) - x.to(wide)


def is_randomized(logits_fn: LogitsFn, x: Images) -> bool:
    """Whether two forward passes differ.

    Raises:
        ContractError: the outputs are probabilities, for these images and for darker ones; logits may be so by chance.
            Or the model writes into the images that it is given.
    """
    given = x.clone()
    with torch.no_grad():
        logits, unchanged = logits_fn(given), torch.equal(given, x)
        if not unchanged:
            raise written_into("the model")
        again, darker = logits_fn(given), logits_fn(x / 2)
    require_logits(logits, len(x))
    outputs = torch.cat([logits, darker])
    if bool((outputs >= 0).all()) and torch.allclose(outputs.sum(dim=1), torch.ones_like(outputs[:, 0]), atol=1e-4):
        raise ContractError("the model's outputs are probabilities", expected="logits", do="remove its softmax")
    return not torch.equal(logits, again)


def written_into(what: str, where: str = "") -> ContractError:
    """That a network changes images in place: whoever uses them after it would use others."""
    return ContractError(
        f"{what} writes into its images",
        where=where,
        expected="images as they were",
        do="work on new tensors there, e.g. x = x - mean in place of x -= mean",
    )


def require_images(x: Images, where: str, slack: float = 0.0) -> None:
    """Refuse pixels that are not finite or lie outside [0, 1] by more than ``slack``, and other tensors than images.

    Raises:
        ContractError: some do, or they are no floating point numbers (n, c, h, w).
    """
    if x.dim() != 4 or not x.is_floating_point():
        raise ContractError("no images", where=where, expected="floating point (n, c, h, w)", got=_told(x))
    if not bool(((x >= -slack) & (x <= 1 + slack)).all()):
        got = f"{float(x.min()):g} to {float(x.max()):g}"
        raise ContractError("pixels out of range", where=where, expected="finite values in [0, 1]", got=got)


def require_labels(y: Labels, what: str, classes: int | None = None) -> None:
    """Refuse labels of another dtype or shape, and of classes that the model does not have, where that is known.

    Raises:
        ContractError: some are.
    """
    if y.dim() != 1 or y.dtype != torch.int64:
        raise ContractError(f"not one class for each image in the {what}", expected="int64 (n,)", got=_told(y))
    if classes is not None and bool(((y < 0) | (y >= classes)).any()):
        got = f"{int(y.min())} to {int(y.max())}"
        raise ContractError(f"{what} out of range", expected=f"classes 0 to {classes - 1} of the model", got=got)


def require_model(model: nn.Module, x: Images) -> None:
    """Refuse a network whose answer on an image depends on others, or of another precision than the images.

    Raises:
        ContractError: it is one.
    """
    if layer := first_of_batch_statistics(model):
        raise ContractError(
            "normalization by the batch's own statistics: an image's logits depend on the other images",
            where=layer, expected="running statistics", do="train with track_running_stats=True",
        )  # fmt: skip
    dtypes = {parameter.dtype for parameter in model.parameters()}
    if dtypes and x.dtype not in dtypes:
        ours = " or ".join(sorted(str(dtype) for dtype in dtypes))
        raise ContractError("images of another precision than the model's", expected=ours, got=str(x.dtype))


def require_logits(logits: object, n: int) -> None:
    """Refuse outputs that are no logits of n images, or not finite.

    Raises:
        ContractError: they are.
    """
    if not isinstance(logits, Tensor):
        got = f"a {type(logits).__name__}"
        raise ContractError(
            "the model's output is no tensor", expected="logits (n, k)", got=got, do="return them alone"
        )
    if logits.dim() != 2 or len(logits) != n or logits.shape[1] < 2 or not logits.is_floating_point():
        expected = f"floating point ({n}, k) for {n} images, k at least 2"
        raise ContractError("the model's output is no logits", expected=expected, got=_told(logits))
    if not bool(logits.isfinite().all()):
        raise ContractError("the model's outputs are not finite", do="check its weights and the precision")


def _told(values: Tensor) -> str:
    return f"{str(values.dtype).removeprefix('torch.')} {tuple(values.shape)}"
