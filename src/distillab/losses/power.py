"""The power transform of a distribution: a temperature applied to outputs instead of logits."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def log_power_transform(log_probs: Float[Tensor, "*batch k"], power: float | Tensor) -> Float[Tensor, "..."]:
    """Log of the power-transformed distribution, ``power * log_probs - logsumexp(power * log_probs)``.

    Exact zeros (``-inf``) stay exact zeros at every power, 0 included, where the result is uniform on the support. No
    floor is put under a probability: a floor of 1e-12 would weigh 1e-3 at power 0.25. A constant added to a row
    cancels, so logits serve as well as log-probabilities, and a power of ``1 / temperature`` softens them.

    Args:
        log_probs: At least one finite entry per row; a row without one gives NaN.
        power: Non-negative; a tensor broadcasts against ``log_probs``, e.g. ``(powers, 1, 1)`` for many powers at once.

    Reference: "Towards Undistillable Models by Minimizing Conditional Mutual Information" 2025, section on temperature;
        methods section 0, eq. 0.1.
    """
    zero = log_probs.isneginf()
    # -inf must not meet the product: 0 * -inf is NaN, forward at power 0 and backward into a learned power.
    scaled = log_probs.masked_fill(zero, 0.0) * power
    return F.log_softmax(scaled.masked_fill(zero, -torch.inf), dim=-1)


def power_transform(log_probs: Float[Tensor, "*batch k"], power: float | Tensor) -> Float[Tensor, "..."]:
    """The power-transformed distribution ``p_i^power / sum_j p_j^power``, on the simplex; see `log_power_transform`."""
    return log_power_transform(log_probs, power).exp()
