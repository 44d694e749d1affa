"""The artifacts that are there, as tables see them: model runs, their predictions, their labels."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import load_file

from distillab.core.absence import absent
from distillab.core.job import Member
from distillab.core.sidecar import Sidecar
from distillab.core.workspace import Workspace

Array = NDArray[Any]

ROLES = {"teach": "teacher", "baseline": "ls_student", "knockoff": "knockoff", "distill": "chain"}
"""Stage to role."""

NO_STEP = -1
"""The ``step`` of a model that is no part of a chain."""


@dataclass(frozen=True)
class ModelRun:
    """One trained network: which method, which network, which seed."""

    member: Member
    role: str
    model: str
    """Flat id without the seed."""
    arch: str
    defense: str
    """The teacher's own, or that of the model's ``teacher``; empty where there is neither."""
    attack: str
    teacher: str
    """Flat id, without the seed, of whom a knockoff learned from or a chain starts from; empty where that is nobody."""
    eps: float
    chain: str
    """The chain's key; empty where the model is no part of one, and then there is no temperature and no step."""
    temperature: float
    step: int

    @property
    def seed(self) -> int:
        """The user's seed."""
        return self.member.seed

    def key(self) -> dict[str, Any]:
        """The columns that name the run."""
        return {
            "model": self.model,
            "role": self.role,
            "defense": self.defense,
            "attack": self.attack,
            "teacher": self.teacher,
            "arch": self.arch,
            "chain": self.chain,
            "temperature": self.temperature,
            "step": self.step,
            "seed": self.seed,
        }


SPLITS = ("train", "val", "test")
DATA = ("data-images", "data-split")
"""Members without which no answer can be judged."""

NO_INPUT = {"collect", "report"}
"""Stages that no table is computed from."""


@dataclass
class Results:
    """Everything the tables of one plan are computed from, as far as it is there."""

    workspace: Workspace

    @cached_property
    def missing(self) -> dict[str, str]:
        """Id to reason of the members that are not there, tables and pages left out."""
        members = self.workspace.plan.members
        return {name: why for name, why in absent(self.workspace).items() if members[name].stage not in NO_INPUT}

    def made(self, *member_ids: str) -> bool:
        """Whether all of these members of the plan are there."""
        return not any(name in self.missing for name in member_ids)

    def answered(self, model_id: str) -> bool:
        """Whether a model's answers are there, and the labels that they are judged by."""
        return self.made(f"{model_id}-measure", *DATA)

    @cached_property
    def planned(self) -> list[ModelRun]:
        """All networks that the plan trains, in its order."""
        members = self.workspace.plan.members.values()
        return [self._run(m) for m in members if m.stage in ROLES and m.spec.get("part", "weights") == "weights"]

    @cached_property
    def trained(self) -> list[ModelRun]:
        """The networks that are there."""
        return [run for run in self.planned if self.made(run.member.id)]

    @cached_property
    def runs(self) -> list[ModelRun]:
        """The networks that are there with their answers."""
        return [run for run in self.trained if self.answered(run.member.id)]

    @cached_property
    def labels(self) -> dict[str, Array]:
        """Labels by split; none where the data are not there."""
        if not self.made(*DATA):
            return dict.fromkeys(SPLITS, np.array([], np.int64))
        data = load_file(self.workspace.verified_path("data-images"))
        split = load_file(self.workspace.verified_path("data-split"))
        train, test = data["train_y"], data["test_y"]
        return {"train": train[split["train"]], "val": train[split["val"]], "test": test[split["test"]]}

    def members(self, stage: str) -> list[Member]:
        """The members of one stage that are there."""
        return [member for member in self.planned_members(stage) if self.made(member.id)]

    def planned_members(self, stage: str) -> list[Member]:
        """All members of one stage."""
        return [member for member in self.workspace.plan.members.values() if member.stage == stage]

    def run_of(self, model_id: str) -> ModelRun:
        """The model run with this member id, trained or not."""
        return self._by_id[model_id]

    def log_probs(self, model_id: str) -> dict[str, Array]:
        """Released log-probabilities by split, float32."""
        if model_id not in self._log_probs:
            self._log_probs[model_id] = load_file(self.workspace.verified_path(f"{model_id}-measure"))
        return self._log_probs[model_id]

    def attacked(self, member: Member) -> pd.DataFrame:
        """The per-example table of one attack on one model; ``inf`` where no adversarial image was looked for."""
        if member.id not in self._attacked:
            frame = pd.read_parquet(self.workspace.verified_path(member.id))
            frame["distance"] = frame["distance"].where(frame["correct"], np.inf)
            self._attacked[member.id] = frame
        return self._attacked[member.id]

    def certified(self, member: Member) -> pd.DataFrame:
        """The per-example table of one certifier on one model."""
        return pd.read_parquet(self.workspace.verified_path(member.id))

    def sensitivity(self, member: Member) -> pd.DataFrame:
        """The per-example Jacobian amplitudes of one model."""
        return pd.read_parquet(self.workspace.verified_path(member.id))

    def queries(self, run: ModelRun) -> int:
        """How many images a knockoff asked its teacher about, views counted each."""
        return int(self.sidecar(run.member.id).results["queries"])

    def sidecar(self, member_id: str) -> Sidecar:
        """The sidecar of a made member."""
        return self.workspace.sidecar(member_id)

    @cached_property
    def _by_id(self) -> dict[str, ModelRun]:
        return {run.member.id: run for run in self.planned}

    @cached_property
    def _attacked(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def _log_probs(self) -> dict[str, dict[str, Array]]:
        return {}

    def _first(self, member: Member) -> Member:
        """Whom a step of a chain goes back to, itself where it learned from labels alone; any other model itself."""
        members = self.workspace.plan.members
        while (labels := member.parents.get("soft_labels")) is not None:
            member = members[members[labels].parents["model"]]
        return member

    def _run(self, member: Member) -> ModelRun:
        attack = member.axes.get("knockoff", "").split("-")[0]
        teacher = self._first(member).axes.get("teacher", "")
        return ModelRun(
            member=member,
            role=ROLES[member.stage],
            model=member.id.removesuffix(f"-s{member.seed}"),
            arch=member.spec["model"]["name"],
            defense=teacher.split("-")[0],
            attack=attack,
            teacher=teacher if member.stage != "teach" else "",
            eps=float(member.spec.get("eps", np.nan)),
            chain=member.axes.get("chain", ""),
            temperature=float(member.spec.get("temperature", np.nan)),
            step=int(member.spec.get("step", NO_STEP)),
        )
