"""NT: a nasty teacher keeps its labels and moves its softened outputs away from an ordinary teacher's."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from distillab.core.bounds import Factor, Temperature
from distillab.core.shapes import Logits, PerExample
from distillab.data.dataset import Batch
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.divergence import kd_divergence
from distillab.specs.defense import TrainedDefense
from distillab.training.objective import Objective, Task, Terms


class NastySpec(TrainedDefense):
    """What the nasty teachers share: the ordinary teacher to avoid, and how hard to avoid it."""

    kind: ClassVar = "nasty"

    omega: Factor = Field(default=0.01, ge=0, description="Weight of the divergence; too large a weight diverges")
    temperature: Temperature = Field(
        default=4.0,
        gt=0,
        description="Softening of both teachers; the authors take 4 for 10 classes and 20 from 100 on",
    )
    kl_direction: Literal["nasty_first", "pre_first"] = Field(
        default="nasty_first", description="Which teacher the divergence averages over: the nasty or the ordinary one"
    )

    @property
    def needs(self) -> tuple[str, ...]:
        """The ordinary teacher."""
        return ("ce",)


class NastyTeacher(NastySpec):
    """``H(y, q) - omega T^2 KL(q^(1/T), p^(1/T))`` with an ordinary teacher's outputs ``p``."""

    name: Literal["nt"] = "nt"
    label: ClassVar[str] = "NT"
    paper: ClassVar[str] = "Ma et al., ICLR 2021"

    def objective(self, task: Task) -> Objective:
        """Cross-entropy less the divergence from the teacher without protection, which stays as it is."""
        return NastyObjective(self, task.needed["ce"])


class NastyObjective(Objective):
    """Right labels, and softened outputs that mislead a student."""

    def __init__(self, spec: NastySpec, ordinary: nn.Module) -> None:
        self.spec = spec
        self.ordinary = ordinary

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Two terms, ``cross_entropy`` and the negative ``kl``."""
        return self.terms_at(model(batch.x), batch)

    def terms_at(self, logits: Logits, batch: Batch) -> Terms:
        """The same two terms from the nasty teacher's logits."""
        with torch.no_grad():
            ordinary_logits = self.ordinary(batch.x)
        divergence = nasty_divergence(
            logits, ordinary_logits, temperature=self.spec.temperature, direction=self.spec.kl_direction
        )
        return {"cross_entropy": cross_entropy(logits, batch.y), "kl": -self.spec.omega * divergence}


def nasty_divergence(
    logits: Logits,
    ordinary_logits: Logits,
    *,
    temperature: float,
    direction: Literal["nasty_first", "pre_first"] = "nasty_first",
) -> PerExample:
    """``T^2 KL`` between the softened outputs of a nasty and an ordinary teacher; not bounded above.

    The first argument of the divergence is the nasty teacher, as in the authors' code; ``pre_first`` is how
    later papers print it.

    Reference: Ma et al. 2021, released code; methods section 2.3.
    """
    first, second = (logits, ordinary_logits) if direction == "nasty_first" else (ordinary_logits, logits)
    return kd_divergence(first, second, temperature=temperature)
