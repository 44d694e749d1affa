"""The artifacts that are there, as tables see them: model runs, their predictions, their labels.

Large arrays are read when they are asked for, and only those asked for last are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import safe_open

from distillab.core.absence import absent
from distillab.core.job import Member
from distillab.core.recent import Recent
from distillab.core.sidecar import Sidecar
from distillab.core.workspace import Workspace
from distillab.metrics.class_statistics import ClassStatistics
from distillab.metrics.scores import Scores
from distillab.tables.model_run import ModelRun, run_of

AnyArray = NDArray[Any]
Row = dict[str, Any]

KEPT = 2**29
"""Bytes of arrays and frames that are kept: answers of two models to ImageNet's test images."""

ROW = 2**12
"""Bytes that a row of a table is taken to need."""

PIXELS = ("x", "x_adv")
"""Columns of an attack's table that only pictures need."""

SPLITS = ("train", "val", "test")
DATA = ("data-images", "data-split")
"""Members without which no answer can be judged."""

NO_INPUT = {"collect", "report"}
"""Stages that no table is computed from."""


@dataclass
class Results:
    """Everything the tables of one plan are computed from, as far as it is there."""

    workspace: Workspace
    scope: frozenset[str] | None = None
    """Ids of the members that the page is about; all of the plan if none are given."""
    recent: Recent = field(default_factory=lambda: Recent(KEPT))
    """What was read or computed last; the tables of one page share it."""

    @cached_property
    def asked(self) -> list[Member]:
        """The members that the page is about, in the plan's order, tables and pages left out."""
        return [
            member
            for member in self.workspace.plan.members.values()
            if member.path and member.stage not in NO_INPUT and (self.scope is None or member.id in self.scope)
        ]

    @cached_property
    def missing(self) -> dict[str, str]:
        """Id to reason of the members that are not there, asked for or not; tables and pages left out."""
        return self.recent.get("missing", self._missing, lambda _: 0)

    def made(self, *member_ids: str) -> bool:
        """Whether all of these members of the plan are there."""
        return not any(name in self.missing for name in member_ids)

    def answered(self, model_id: str) -> bool:
        """Whether a model's answers are there, and the labels that they are judged by."""
        return self.made(f"{model_id}-measure", *DATA)

    @cached_property
    def planned(self) -> list[ModelRun]:
        """All networks that were to be trained."""
        return [run for run in map(run_of, self.asked) if run]

    @cached_property
    def trained(self) -> list[ModelRun]:
        """The networks that are there."""
        return [run for run in self.planned if self.made(run.member.id)]

    @cached_property
    def runs(self) -> list[ModelRun]:
        """The networks that are there with their answers."""
        return [run for run in self.trained if self.answered(run.member.id)]

    @cached_property
    def labels(self) -> dict[str, AnyArray]:
        """Labels by split; none where the data are not there."""
        if not self.made(*DATA):
            return dict.fromkeys(SPLITS, np.array([], np.int64))
        train, test = (self._tensor("data-images", name) for name in ("train_y", "test_y"))
        index = {split: self._tensor("data-split", split) for split in SPLITS}
        return {split: (test if split == "test" else train)[rows] for split, rows in index.items()}

    def members(self, stage: str) -> list[Member]:
        """The members of one stage that are there."""
        return [member for member in self.planned_members(stage) if self.made(member.id)]

    def planned_members(self, stage: str) -> list[Member]:
        """All members of one stage."""
        return [member for member in self.asked if member.stage == stage]

    def rows_of(self, stage: str, make: "Callable[[Results], list[Row]]") -> list[Row]:
        """Rows that follow from the members of one stage alone, computed once for all that ask about the same ones."""
        asked = tuple((member.id, self.made(member.id)) for member in self.planned_members(stage))
        return self.recent.get((make, asked), lambda: make(self), lambda rows: ROW * len(rows))

    def run_of(self, model_id: str) -> ModelRun:
        """The model run with this member id, trained or not."""
        return self._by_id[model_id]

    def log_probs(self, model_id: str, split: str) -> AnyArray:
        """Released log-probabilities of a model on validation or test images, float32; do not hold many of them."""
        return self._answers(model_id, split)

    def predicted(self, model_id: str, split: str) -> AnyArray:
        """The largest class of each answer, on validation or test images."""
        return self._answers(model_id, f"{split}.predicted")

    def scores(self, model_id: str) -> Scores:
        """Means over a model's answers to the test images."""
        return Scores(**{name: float(value) for name, value in self._record(model_id, "test", Scores).items()})

    def statistics(self, model_id: str, split: str) -> ClassStatistics:
        """What a teacher's answers to the training or test images of each class say together."""
        return ClassStatistics(**self._record(model_id, split, ClassStatistics))

    def measured(self, model_id: str) -> tuple[str, ...]:
        """Splits with such statistics: a teacher that is not here was asked about no training image."""
        with safe_open(self._verified(f"{model_id}-measure"), framework="numpy") as tensors:
            return tuple(split for split in ("train", "test") if f"{split}.counts" in tensors.keys())  # noqa: SIM118

    def attacked(self, member: Member) -> pd.DataFrame:
        """The per-example table of one attack on one model; ``inf`` where no adversarial image was looked for."""
        return self.recent.get(
            member.id,
            lambda: self.pictured(member).drop(columns=list(PIXELS), errors="ignore"),
            lambda frame: int(frame.memory_usage().sum()),
        )

    def pictured(self, member: Member) -> pd.DataFrame:
        """The same with the images that were kept for pictures."""
        frame = pd.read_parquet(self._verified(member.id))
        frame["distance"] = frame["distance"].where(frame["correct"], np.inf)
        return frame

    def certified(self, member: Member) -> pd.DataFrame:
        """The per-example table of one certifier on one model."""
        return pd.read_parquet(self._verified(member.id))

    def sensitivity(self, member: Member) -> pd.DataFrame:
        """The per-example Jacobian amplitudes of one model."""
        return pd.read_parquet(self._verified(member.id))

    def queries(self, run: ModelRun) -> int:
        """How many images a knockoff asked its teacher about, views counted each."""
        return int(self.sidecar(run.member.id).results["queries"])

    def sidecar(self, member_id: str) -> Sidecar:
        """The sidecar of a made member."""
        return self.workspace.sidecar(member_id)

    def _missing(self) -> dict[str, str]:
        members = self.workspace.plan.members
        return {name: why for name, why in absent(self.workspace).items() if members[name].stage not in NO_INPUT}

    @cached_property
    def _by_id(self) -> dict[str, ModelRun]:
        return {run.member.id: run for run in self.planned}

    def _verified(self, member_id: str) -> Path:
        """Where a payload is; it is checked when the first of its arrays is read."""
        return self.recent.get(("path", member_id), lambda: self.workspace.verified_path(member_id), lambda _: 0)

    def _tensor(self, member_id: str, name: str) -> AnyArray:
        with safe_open(self._verified(member_id), framework="numpy") as tensors:
            array: AnyArray = tensors.get_tensor(name)
            return array

    def _answers(self, model_id: str, name: str) -> AnyArray:
        return self.recent.get(
            (model_id, name), lambda: self._tensor(f"{model_id}-measure", name), lambda array: array.nbytes
        )

    def _record(self, model_id: str, split: str, kind: type) -> dict[str, AnyArray]:
        return {field.name: self._tensor(f"{model_id}-measure", f"{split}.{field.name}") for field in fields(kind)}
