"""What an honest user sees of a teacher's answers once something stands between them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from distillab.metrics.accuracy import correctness, expected_calibration_error, l1_distance
from distillab.metrics.arrays import LogProbs, PerExample
from distillab.metrics.released import AnswersTold, released
from distillab.tables.model_run import ModelRun
from distillab.tables.results import Results


@dataclass(frozen=True, eq=False)
class AnswersSeen:
    """A teacher's answers to the test images, bare and protected."""

    results: Results
    bare: ModelRun
    own: ModelRun
    form: AnswersTold
    """What an answer shows of the protected one."""

    @cached_property
    def shown(self) -> tuple[LogProbs, LogProbs]:
        """Both as log-probabilities."""
        bare, own = (self.results.log_probs(run.member.id, "test") for run in (self.bare, self.own))
        return bare, released(own, self.form)

    @cached_property
    def change(self) -> PerExample:
        """Per image 1 where only the protected answer is right, -1 where only the bare one is, else 0."""
        labels = self.results.labels["test"]
        bare, own = (correctness(each.argmax(axis=1), labels).astype(np.float64) for each in self.shown)
        return np.asarray(own - bare)

    @property
    def accuracy(self) -> float:
        """Of the protected answers."""
        return float(correctness(self.shown[1].argmax(axis=1), self.results.labels["test"]).mean())

    @property
    def flip_rate(self) -> float:
        """Share of images on which the largest class is another."""
        bare, own = self.shown
        return float((bare.argmax(axis=1) != own.argmax(axis=1)).mean())

    @property
    def change_l1(self) -> float:
        """Mean L1 distance of the probabilities."""
        return float(l1_distance(self.shown[1], self.shown[0]).mean())

    @property
    def ece(self) -> float:
        """Calibration error of the protected answers."""
        return expected_calibration_error(self.shown[1], self.results.labels["test"])

    @property
    def bare_ece(self) -> float:
        """The same of the bare ones."""
        return expected_calibration_error(self.shown[0], self.results.labels["test"])
