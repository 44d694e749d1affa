"""Divergences between output distributions, in nats and per example; zeros of the first one cost nothing."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from distillab.core.shapes import Logits, LogProbs, PerExample
from distillab.losses.power import log_power_transform


def kl_from_logits(p_logits: Float[Tensor, "*batch k"], q_logits: Float[Tensor, "*batch k"]) -> Float[Tensor, "..."]:
    """Kullback-Leibler divergence ``KL(p, q) = sum_i p_i (ln p_i - ln q_i)``; p, which averages, comes first.

    Both arguments are logits, of which log-probabilities are a case; p may hold exact zeros (``-inf``), and
    ``0 ln 0 = 0``. Leading axes broadcast. The result is infinite where q is zero and p is not.
    """
    return _kl(F.log_softmax(p_logits, dim=-1), F.log_softmax(q_logits, dim=-1))


def kd_divergence(teacher_log_probs: LogProbs, student_logits: Logits, *, temperature: float) -> PerExample:
    """Distillation term ``T^2 KL(p^(1/T), q^(1/T))`` of a teacher's outputs p and a student's q.

    The factor T^2, which keeps the gradient's size independent of T, stands here and nowhere else in the project.

    Args:
        teacher_log_probs: Logs of what a query answers, ``-inf`` for exact zeros; true logits give the same value.
        student_logits: Unsoftened logits of the student.
        temperature: T > 0.

    Reference: Hinton et al. 2015, section 2; methods section 4.1.
    """
    softened = log_power_transform(teacher_log_probs, 1.0 / temperature)
    return temperature**2 * _kl(softened, F.log_softmax(student_logits / temperature, dim=-1))


def _kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    p = log_p.exp()
    # Masking before the product keeps 0 * inf out of the gradient as well as out of the value.
    return (p * (log_p.masked_fill(p == 0, 0.0) - log_q.masked_fill(p == 0, 0.0))).sum(dim=-1)
