"""How steep softmax is at an image: Jacobian amplitudes in log space, where saturated networks do not read as zero."""

import math
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from distillab.attacks.jacobian import Jacobian, jacobian
from distillab.core.shapes import Logits
from distillab.data.dataset import ImageSource, batches

BATCH = 250
"""Images whose Jacobians are held at a time."""

Doubles = Float[Tensor, "n"]


@dataclass(frozen=True)
class SensitivityTable:
    """One row per image, float64 on the CPU; amplitudes are means of absolute derivatives over m features.

    Logarithms are to base 10 and -inf only where the derivative of every logit difference is zero.
    """

    log10_all: Doubles
    """Of the mean over all k classes: (1 / k m) sum_ij |dF_i / dx_j|."""
    log10_pred: Doubles
    """Of the predicted class alone."""
    log10_logit: Doubles
    """Of the logits: (1 / k m) sum_ij |dZ_i / dx_j|, which nothing can mask."""
    float32_all: Doubles
    """The first amplitude as float32 arithmetic computes it: 0 where it underflows."""
    margin: Doubles
    """Largest logit minus the second largest."""

    def columns(self) -> dict[str, np.ndarray]:
        """The table as arrays, by column name."""
        return {field.name: getattr(self, field.name).numpy() for field in fields(self)}


def sensitivity(
    model: nn.Module, images: ImageSource, index: Int[Tensor, " m"], *, temperature: float = 1.0
) -> SensitivityTable:
    """Amplitudes of the Jacobian of ``softmax(Z / temperature)`` at the images at ``index``.

    One forward pass and a backward pass per class; the model is left in eval mode.

    Reference: Mandal & Guo, equation 10 and section V-B; methods, robustness 3.2.
    """
    model.eval()
    parts = []
    for batch in batches(images, index, batch_size=BATCH):
        logits, gradients = jacobian(model, batch.x)
        parts.append(amplitudes(logits.float(), gradients.float(), temperature))
    return SensitivityTable(
        **{field.name: torch.cat([getattr(part, field.name) for part in parts]) for field in fields(SensitivityTable)}
    )


def amplitudes(logits: Logits, gradients: Jacobian, temperature: float = 1.0) -> SensitivityTable:
    """The amplitudes from logits and their gradients.

    With p the softmax and G_l the gradient of logit l, dF_i / dx = (p_i / T) sum_l p_l (G_i - G_l). For the predicted
    class every term of the sum is small, so it is taken relative to the largest p_l of the others.
    """
    flat = gradients.double().flatten(2)
    log_p = torch.log_softmax(logits.double() / temperature, dim=1)
    predicted = log_p.argmax(dim=1)
    log_entries = log_p[:, :, None] - math.log(temperature) + _log_differences(flat, log_p, predicted)
    rows = torch.arange(len(logits), device=logits.device)
    k, m = flat.shape[1:]
    largest = logits.double().topk(2, dim=1).values
    table = {
        "log10_all": torch.logsumexp(log_entries.flatten(1), dim=1) - math.log(k * m),
        "log10_pred": torch.logsumexp(log_entries[rows, predicted], dim=1) - math.log(m),
        "log10_logit": flat.abs().mean(dim=(1, 2)).log(),
    }
    return SensitivityTable(
        **{name: (values / math.log(10)).cpu() for name, values in table.items()},
        float32_all=_float32(logits, gradients.flatten(2), temperature).cpu(),
        margin=(largest[:, 0] - largest[:, 1]).cpu(),
    )


def _log_differences(
    gradients: Float[Tensor, "n k m"], log_p: Float[Tensor, "n k"], predicted: Int[Tensor, "n"]
) -> Float[Tensor, "n k m"]:
    """Per class and feature, ``ln |sum_l p_l (G_i - G_l)|``."""
    mean = (log_p.exp()[:, :, None] * gradients).sum(dim=1, keepdim=True)
    logs = (gradients - mean).abs().log()
    rows = torch.arange(len(predicted), device=predicted.device)
    others = log_p.scatter(1, predicted[:, None], -torch.inf)
    scale = others.amax(dim=1)
    weights = (others - scale[:, None]).exp()
    relative = (weights[:, :, None] * (gradients[rows, predicted][:, None] - gradients)).sum(dim=1)
    logs[rows, predicted] = scale[:, None] + relative.abs().log()
    return logs


def _float32(logits: Logits, gradients: Float[Tensor, "n k m"], temperature: float) -> Doubles:
    """The textbook formula in float32."""
    p = torch.softmax(logits / temperature, dim=1)[:, :, None]
    entries = p * (gradients - (p * gradients).sum(dim=1, keepdim=True)) / temperature
    return entries.abs().mean(dim=(1, 2)).double()
