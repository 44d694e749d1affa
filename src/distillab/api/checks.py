"""What a caller of the functions of Python may give: tensors that fit together; all else is refused in one line."""

import torch
from torch import Tensor

from distillab.core.errors import ContractError
from distillab.core.shapes import Images, Labels
from distillab.evaluate.checks import require_images, require_labels


def require_tensor(value: object, what: str) -> None:
    """Refuse what is no tensor.

    Raises:
        ContractError: it is none.
    """
    if not isinstance(value, Tensor):
        got = f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")
        raise ContractError("no tensor", where=what, expected="a torch tensor", got=got, do="torch.as_tensor makes one")


def require_float32(images: Images, what: str) -> None:
    """Refuse images of another precision than students are trained in.

    Raises:
        ContractError: they are of another.
    """
    if images.dtype != torch.float32:
        raise ContractError("images of another precision", where=what, expected="float32", got=str(images.dtype))


def require_same_kind(others: Images, images: Images, what: str) -> None:
    """Refuse images of another shape, or elsewhere, than those that a student is made for.

    Raises:
        ContractError: they are.
    """
    if others.shape[1:] != images.shape[1:]:
        expected, got = f"images of {tuple(images.shape[1:])}", str(tuple(others.shape[1:]))
        raise ContractError("images of another shape", where=what, expected=expected, got=got)
    require_device(others, images, what)


def require_device(value: Tensor, images: Images, what: str) -> None:
    """Refuse what is on another device than the images.

    Raises:
        ContractError: it is.
    """
    if value.device != images.device:
        raise ContractError(
            "on another device than the images", where=what, expected=str(images.device), got=str(value.device)
        )


def require_targets(targets: object, labels: Labels) -> None:
    """Refuse targets that are not one class for each image.

    Raises:
        ContractError: they are not.
    """
    if targets is None:
        return
    require_tensor(targets, "targets")
    if isinstance(targets, Tensor):
        require_labels(targets, "targets")
        if len(targets) != len(labels):
            expected = f"{len(labels)}, one for each image"
            raise ContractError(
                "targets and images do not match", where="targets", expected=expected, got=str(len(targets))
            )
        require_device(targets, labels, "targets")


def require_pairs(images: Images, labels: Labels, what: str, *, unknown: bool = False) -> None:
    """Refuse what is no batch of images with a label each.

    Args:
        images: pixels.
        labels: classes; -1 where there is none, if ``unknown`` ones are allowed.
        what: how they are called.
        unknown: whether labels may be unknown.

    Raises:
        ContractError: it is none.
    """
    require_tensor(images, what)
    require_tensor(labels, f"labels of {what}")
    require_images(images, what)
    require_labels(labels, f"labels of {what}")
    if len(images) != len(labels) or len(images) == 0:
        raise ContractError(
            "images and labels do not match", where=what, expected="one label for each image, and one image at least",
            got=f"{len(images)} images, {len(labels)} labels",
        )  # fmt: skip
    least = -1 if unknown else 0
    if int(labels.min()) < least:
        raise ContractError(
            "labels out of range", where=what, expected=f"{least} and above", got=str(int(labels.min()))
        )


def require_several(classes: int) -> None:
    """Refuse a network of fewer than two classes: its only one cannot be turned.

    Raises:
        ContractError: it has fewer.
    """
    if classes < 2:
        raise ContractError(
            "too few classes", where="model", expected="logits (n, k), k at least 2", got=f"k = {classes}"
        )


def require_classes(labels: Labels, classes: int, what: str) -> None:
    """Refuse labels that are no classes of the answers; -1 is none.

    Raises:
        ContractError: one is not.
    """
    if int(labels.max()) >= classes:
        expected = f"classes 0 to {classes - 1} of the answers"
        raise ContractError("labels out of range", where=what, expected=expected, got=str(int(labels.max())))
