"""Learning from labels: the objective of baselines, of label smoothing and of the LS student."""

from torch import nn

from distillab.data.dataset import Batch
from distillab.losses.cross_entropy import cross_entropy
from distillab.training.objective import Objective, Terms


class CrossEntropyObjective(Objective):
    """``(1 - s) H(y, q) + s H(u, q)``: ``s`` is the label smoothing, ``u`` uniform; ``s = 0`` is ``-ln q[y]``."""

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """One term, ``cross_entropy``."""
        return {"cross_entropy": cross_entropy(model(batch.x), batch.y, label_smoothing=self.label_smoothing)}
