"""Learning from labels: the objective of baselines, of label smoothing and of the LS student."""

from torch import nn

from distillab.data.dataset import Batch
from distillab.losses.cross_entropy import cross_entropy
from distillab.training.objective import Objective, Terms


class CrossEntropyObjective(Objective):
    """``(1 - eps) H(y, q) + eps H(u, q)`` with the uniform distribution ``u``; ``eps = 0`` is ``-ln q[y]``."""

    def __init__(self, eps: float = 0.0) -> None:
        self.eps = eps

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """One term, ``cross_entropy``."""
        return {"cross_entropy": cross_entropy(model(batch.x), batch.y, label_smoothing=self.eps)}
