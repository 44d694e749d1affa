"""A network put aside for a while: evaluation mode, frozen parameters, and its own state again after it."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside the block, each module's own mode after it; batch statistics stay untouched."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """`evaluating`, and no parameter gradients: a backward pass to the images alone costs two thirds of a full one."""
    gradients = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    with evaluating(model):
        model.requires_grad_(False)
        try:
            yield
        finally:
            for parameter, requires_grad in gradients:
                parameter.requires_grad_(requires_grad)


def first_of_batch_statistics(model: nn.Module) -> str:
    """Path of a batch normalization that has no running statistics, and uses its batch's in evaluation too; or ""."""
    for path, layer in model.named_modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.running_mean is None:
            return f"{type(layer).__name__} at {path or 'the top'}"
    return ""
