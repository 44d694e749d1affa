"""Results of a preset that nobody has the hours for: payloads of the true shapes and made-up content, for `collect`.

Run in a project's folder, it gives every member that tables are made of a payload and a sidecar, and prints how many
they are and how large they would be if members of one kind did not share a file.
"""

import json
import os
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from distillab.core.job import Member, Plan
from distillab.core.payloads import save_tensors
from distillab.core.sidecar import Payload, payload_of, write_sidecar
from distillab.core.workspace import Product, Workspace
from distillab.evaluate.run_attack import AttackTable
from distillab.metrics.class_statistics import ClassStatistics
from distillab.metrics.scores import scores
from distillab.plan import load_plan

TRAIN = {"cifar100": 50_000, "imagenet": 1_281_167}
"""Images of the training file, where a plan need not know them."""

TEST = {"cifar100": 10_000, "imagenet": 50_000}

UNREAD = {"collect", "report"}
"""Stages whose payloads `collect` does not read."""

Tensors = dict[str, Tensor]


def fill(project: Path) -> dict[str, Any]:
    """Make everything up; return the counts."""
    workspace = Workspace(project, load_plan(project))
    made_up = MadeUp(workspace.plan)
    total = 0
    kinds: dict[str, tuple[Path, Payload]] = {}
    stages: Counter[str] = Counter()
    for member in workspace.plan.members.values():
        if member.stage in UNREAD:
            continue
        if (kind := made_up.kind(member)) not in kinds:
            path = project / f"{kind}{Path(member.path).suffix or '.safetensors'}"
            made_up.write(path, member)
            kinds[kind] = path, payload_of(path)
        source, payload = kinds[kind]
        product = Product("cpu", made_up.results(member), {"fixed_seconds": 0.5, "step_seconds": 0.01})
        sidecar = workspace.described(member, payload, product, seconds=1.0)
        workspace.lineage.note(member, sidecar)
        if member.path:
            target = workspace.path(member)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(source, target)
            write_sidecar(target, sidecar)
            stages[member.stage] += 1
            total += payload.bytes
    return {"members": sum(stages.values()), "by_stage": dict(stages), "payload_bytes": total}


class MadeUp:
    """The content of a plan's payloads, by kind of member."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.classes = plan, int(plan.facts["data"]["classes"])
        train, test, held_out = TRAIN[plan.preset], TEST[plan.preset], int(plan.params["data"]["val"])
        self.sizes = {"train": train - held_out, "val": held_out, "test": test}
        self.random = np.random.default_rng(0)

    def kind(self, member: Member) -> str:
        """Members of one kind have equal payloads."""
        if member.stage == "measure":
            return f"measure-{member.axes['family']}"
        if member.stage == "attack":
            return f"attack-{self._images(member)}"
        return f"prepare-{member.spec['part']}" if member.stage == "prepare" else member.stage

    def write(self, path: Path, member: Member) -> None:
        """The payload of the member's kind; of networks a stub, since tables do not look at weights."""
        if member.stage == "attack":
            self._attack(member).to_parquet(path, index=False)
        elif member.stage == "measure":
            save_tensors(path, self._measure(of_teacher=member.axes["family"] == "teachers"))
        elif member.stage == "prepare":
            save_tensors(path, self._images_file() if member.spec["part"] == "images" else self._split())
        elif member.stage in {"teach", "baseline", "knockoff", "answer"}:
            save_tensors(path, {"stub": torch.zeros(1)})
        else:
            raise NotImplementedError(f"made-up payloads of the stage {member.stage}")

    def results(self, member: Member) -> dict[str, Any]:
        """What the sidecar says beside."""
        if member.stage == "prepare":
            return {"class_names": [f"class {y}" for y in range(self.classes)], "counts": self.sizes}
        if member.stage == "attack":
            return {"zero_gradient": 0.0, "randomized_forward": False}
        if "train" not in member.spec:
            return {}
        # A defense of the outputs trains nothing.
        epochs = 0 if "ce" in member.parents else int(member.spec["train"]["epochs"])
        history = [{"cross_entropy": 1 / (1 + epoch), "match": 0.125, "lr": 0.1} for epoch in range(epochs)]
        return {"history": history, "parameters": 10**7, "responses": "cached", "queries": self.sizes["train"]}

    def _labels(self, split: str) -> Tensor:
        return torch.arange(self.sizes[split]) % self.classes

    def _split(self) -> Tensors:
        held_out = self.sizes["val"]
        train = torch.arange(held_out, held_out + self.sizes["train"])
        return {"train": train, "val": torch.arange(held_out), "test": torch.arange(self.sizes["test"])}

    def _images_file(self) -> Tensors:
        train = torch.cat([self._labels("val"), self._labels("train")])
        labels = {"train_y": train, "test_y": self._labels("test")}
        if self.plan.preset == "imagenet":
            return labels | {"train_names": torch.zeros(40 * len(train), dtype=torch.uint8)}
        shape = self.plan.facts["data"]["shape"]
        return labels | {"train_x": torch.zeros(len(train), *shape, dtype=torch.uint8)}

    def _measure(self, *, of_teacher: bool) -> Tensors:
        said = {split: self._log_probs(split) for split in ("val", "test")}
        found = scores(said["test"].numpy(), self._labels("test").numpy())
        tensors = said | {f"{split}.predicted": rows.argmax(1).int() for split, rows in said.items()}
        tensors |= {f"test.{name}": torch.tensor(value, dtype=torch.float64) for name, value in vars(found).items()}
        for split in ("train", "test") if of_teacher else ():
            statistics = self._statistics(split)
            for field in fields(statistics):
                tensors[f"{split}.{field.name}"] = torch.from_numpy(getattr(statistics, field.name))
        return tensors

    def _log_probs(self, split: str) -> Tensor:
        """Right on most images, and unsure of them."""
        labels = self._labels(split)
        logits = torch.from_numpy(self.random.standard_normal((len(labels), self.classes), dtype=np.float32))
        logits[torch.arange(len(labels)), labels] += 6.0 * (torch.arange(len(labels)) % 10 < 7)
        return logits.log_softmax(1)

    def _statistics(self, split: str) -> ClassStatistics:
        powers = np.array(self.plan.params["measure"]["powers"])
        counts = np.bincount(self._labels(split).numpy(), minlength=self.classes)
        curves = self.random.random((self.classes, len(powers)))
        centroids = self.random.dirichlet(np.ones(self.classes), self.classes)
        return ClassStatistics(powers, counts, curves, curves * 1.1, centroids=centroids)

    def _images(self, member: Member) -> int:
        return min(member.spec["attack"]["images"] or self.sizes["test"], self.sizes["test"])

    def _attack(self, member: Member) -> pd.DataFrame:
        n = self._images(member)
        columns: dict[str, Any] = {field.name: self.random.random(n) for field in fields(AttackTable)}
        columns |= {name: np.arange(n) for name in ("id", "forwards", "backwards")}
        columns |= {name: np.arange(n) % self.classes for name in ("label", "label_clean", "label_adv")}
        columns |= {name: np.arange(n) % 10 < 7 for name in ("correct", "success")}
        frame = pd.DataFrame(columns | {"zero_gradient": False, "farthest": 1.0, "x": None, "x_adv": None})
        pixels = np.zeros(self.plan.facts["data"]["shape"], np.float32).tobytes()
        for row in range(member.spec["examples"]):
            frame.at[row, "x"], frame.at[row, "x_adv"] = pixels, pixels
        return frame


if __name__ == "__main__":
    print(json.dumps(fill(Path.cwd())))
