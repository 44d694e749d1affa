"""One small project whose stages run in this process, and the same numbers computed without the package.

Blobs of five classes, unequally many per split; two seeds; networks of two convolutions. Nothing is made before a
test asks for it, and nothing twice.
"""

from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import torch
import torch.nn.functional as F
import yaml
from safetensors.torch import load_file

from distillab.core.job import Member
from distillab.core.payloads import load_tensors
from distillab.core.stages import stage_module
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.data.synthetic import SyntheticSpec
from distillab.plan.build import build_plan

REPOSITORY = Path(__file__).parents[3]
CLASSES, TRAIN, VAL, TEST = 5, 50, 15, 23
EPOCHS, BATCH = 3, 16
DATA = SyntheticSpec(
    classes=CLASSES, train_images=97, test_images=31, noise=0.4, val=VAL, train_limit=TRAIN, test_limit=TEST
)
RECIPE = {"epochs": EPOCHS, "batch_size": BATCH, "checkpoint_every": 2, "optimizer": {"name": "adam", "lr": 0.01}}
CHAIN_RECIPE = RECIPE | {"channels_last": True}

OVERRIDE = {
    "studies": ["undistillable", "ta", "adversarial", "certified"],
    "data": DATA.plain() | {"augment": {"crop_padding": 1}},
    "seeds": [0, 1],
    "train": RECIPE,
    "defenses": {
        "*": None,
        "ce": {},
        "ls": {},
        "nt": {"name": "nt", "omega": 0.1},
        "st": {"ratio": 0.4},
        "apgp": {"name": "apgp", "epochs": 1, "width": 6},
    },
    "knockoff": {
        "attacks": {
            "*": None,
            "kd": {"responses": "cached"},
            "dkd": {"name": "dkd", "responses": "live"},
            "knockoff_random": {"name": "knockoff_random", "budget": 20, "train": RECIPE},
        },
        "label_smoothing": [0.1, 0.3],
    },
    "chains": {"ta": {"temperatures": [1, 4], "scale_lr": False, "init": "common_warm", "train": CHAIN_RECIPE}},
    "robustness": {
        "attacks": {
            "*": None,
            "fgsm": {"name": "fgsm", "norm": "linf", "eps": 0.2, "images": 12},
            "aimed": {"name": "pgd", "norm": "l2", "eps": 1.0, "step_size": 0.3, "steps": 3, "target": "random"},
        },
        "transfer": ["fgsm"],
        "examples": 2,
    },
    "sensitivity": {"families": ["chains"], "images": 9},
    "certification": {
        "certifiers": {"*": None, "ibp": {"name": "ibp"}},
        "eps": [0.001, 0.004],
        "defenses": ["ce"],
        "images": 11,
        "radius_steps": 2,
    },
}

OTHER = SyntheticSpec(classes=3, train_images=41, test_images=3, noise=0.9)
"""Another data set, as large as its noise is different."""

LABELS, BUDGET = 12, 7
"""Of a thief who has few; of an attack that asks about few."""

FEW = {"labels": LABELS, "label_smoothing": 0.1}
ROBBED = OVERRIDE | {
    "studies": ["undistillable"],
    "defenses": {"*": None, "ce": {}, "st": {"ratio": 0.4}},
    "knockoff": {
        "attacks": OVERRIDE["knockoff"]["attacks"]
        | {"knockoff_random": {"name": "knockoff_random", "budget": BUDGET, "train": RECIPE}},
        "label_smoothing": [0.1],
    },
    "thieves": {
        "same": {"queries": "all"},
        "whole": {"labels": TRAIN, "label_smoothing": 0.1},
        "poor": FEW,
        "asks_all": FEW | {"queries": "all"},
        "asks_some": FEW | {"queries": {"share": 0.4}},
        "told_labels": {"answers": "label"},
        "told_top": FEW | {"answers": {"top": 2}},
        "stranger": FEW | {"queries": "other_data", "data": OTHER.plain(), "answers": "label"},
        "guest": FEW | {"queries": "other_data", "data": OTHER.plain() | {"train_limit": 9}},
    },
    "label_curve": {"labels": [6, 24], "seeds": 2},
}
"""The same project and thieves of every kind."""


@dataclass
class Made:
    """What one stage left of one member."""

    member: Member
    product: Product
    entry: Entry

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """The payload."""
        return load_tensors(self.entry.payload)

    @property
    def frame(self) -> pd.DataFrame:
        """The payload of a table, which has no column but those it shows."""
        frame = pd.read_parquet(self.entry.payload)
        assert pq.read_schema(self.entry.payload).names == list(frame.columns)
        return frame


@dataclass
class SmallProject:
    """A project folder in which members are made on demand."""

    root: Path
    override: dict[str, Any] = field(default_factory=lambda: OVERRIDE)
    _made: dict[str, Made] = field(default_factory=dict)

    @cached_property
    def workspace(self) -> Workspace:
        """The stages' view of the project."""
        (self.root / "config").mkdir(parents=True)
        for name in ("base", "tiny"):
            (self.root / "config" / f"{name}.yaml").write_text((REPOSITORY / "config" / f"{name}.yaml").read_text())
        reports = REPOSITORY / "reports"
        (self.root / "reports").symlink_to(reports)
        (self.root / "params.yaml").write_text(yaml.safe_dump({"preset": "tiny", "override": self.override}))
        return Workspace(self.root, build_plan(self.root))

    def member(self, member_id: str) -> Member:
        """A member of the plan."""
        return self.workspace.member(member_id)

    def members(self, stage: str) -> list[Member]:
        """The members of one stage."""
        return [member for member in self.workspace.plan.members.values() if member.stage == stage]

    def produce(self, member_id: str) -> Path:
        """The member's payload where the workflow wants it, all that it is made of made before."""
        member = self.member(member_id)
        self._produce_parents(member)
        if not member.path or not self.workspace.path(member).exists():
            self.workspace.produce(member, import_module(stage_module(member.stage)).make)
        return self.workspace.verified_path(member_id)

    def made(self, member_id: str) -> Made:
        """The member as its stage makes it, in a place of its own; kept."""
        if member_id not in self._made:
            self._made[member_id] = self.remade(self.member(member_id), self.root / "made" / member_id)
        return self._made[member_id]

    def remade(self, member: Member, folder: Path) -> Made:
        """The same, anew, of a member that may be none of the plan."""
        self._produce_parents(member)
        folder.mkdir(parents=True, exist_ok=True)
        entry = Entry(folder, Path(member.path).suffix or ".safetensors")
        return Made(member, import_module(stage_module(member.stage)).make(member, self.workspace, entry), entry)

    def weights(self, model_id: str) -> dict[str, torch.Tensor]:
        """The tensors of a trained model, from its file."""
        return load_file(self.produce(model_id))

    def logits(self, model_id: str, x: torch.Tensor) -> torch.Tensor:
        """What a trained model says, by `forward`."""
        return forward(self.weights(model_id), x)

    def index(self, split: str) -> torch.Tensor:
        """Positions of a split, from its file."""
        return load_file(self.produce("data-split"))[split]

    def _produce_parents(self, member: Member) -> None:
        """Those with a place of their own; the others are made by the stage that needs them."""
        for parent in member.parents.values():
            if self.member(parent).path:
                self.produce(parent)


def images(part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """All images of a file in [0, 1], float64, and their labels."""
    raw = DATA.read()
    x, y = (raw.train_x, raw.train_y) if part == "train" else (raw.test_x, raw.test_y)
    return x.double() / 255, y


def forward(weights: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Logits of ``cnn_digits``, written out, in float64."""
    w = {name: tensor.double() for name, tensor in weights.items()}
    h = F.conv2d(x.double() - 0.5, w["network.0.weight"], w["network.0.bias"], padding=1)
    h = F.max_pool2d(h.relu(), 2)
    h = F.conv2d(h, w["network.3.weight"], w["network.3.bias"], padding=1)
    h = F.max_pool2d(h.relu(), 2).flatten(1)
    return h @ w["network.7.weight"].T + w["network.7.bias"]
