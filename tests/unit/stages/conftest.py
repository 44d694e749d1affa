"""Results of a made-up run: models whose answers are given, without files."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from distillab.metrics.class_statistics import class_statistics
from distillab.tables.model_run import ModelRun

sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("small_project")

CLASSES = 4
POWERS = (0.0, 0.5, 1.0, 2.0, 4.0)


def answers(labels, accuracy, *, sharpness=4.0, seed=0):
    """Log-probabilities that are right on the first ``accuracy`` of the rows and scatter a little."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(len(labels), CLASSES))
    top = np.where(np.arange(len(labels)) < round(accuracy * len(labels)), labels, (labels + 1) % CLASSES)
    logits[np.arange(len(labels)), top] += sharpness + 4
    return (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)


class MadeUp:
    """Stands in for `Results`."""

    def __init__(self, defenses, knockoffs=("kd",)):
        self.labels = {split: np.arange(n) % CLASSES for split, n in {"train": 40, "val": 20, "test": 20}.items()}
        self.runs, self._said = [], {}
        self.planned = self.runs
        facts = {
            "defenses": {key: {"label": key.upper(), "grade": "V"} for key in defenses},
            "knockoffs": {key: {"label": key.upper(), "grade": "V", "in_paper": key != "extra"} for key in knockoffs},
        }
        params = {"defenses": defenses}
        self.workspace = SimpleNamespace(plan=SimpleNamespace(facts=facts, params=params))

    def add(self, role, *, seed, defense="", attack="", eps=float("nan"), test=0.5, val=0.5, arch="net", **given):
        teacher = f"{defense}-net" if defense else ""
        model = {"teacher": teacher, "knockoff": f"{teacher}--{attack}-{arch}", "ls_student": f"ls{eps:g}-{arch}"}[role]
        member = SimpleNamespace(id=f"{model}-s{seed}", seed=seed, parents={}, spec={"attack": {"responses": "cached"}})
        parent = teacher if attack else ""
        run = ModelRun(member, role, model, arch, defense, attack, parent, eps, "", float("nan"), -1)
        self.runs.append(run)
        shares = {"train": 1.0, "val": val, "test": test}
        self._said[member.id] = {
            split: answers(self.labels[split], share, seed=seed, **given) for split, share in shares.items()
        }
        return run

    def log_probs(self, member_id, split):
        return self._said[member_id][split]

    def predicted(self, member_id, split):
        return self.log_probs(member_id, split).argmax(axis=1)

    def statistics(self, member_id, split):
        order = np.argsort(self.labels[split], kind="stable")
        return class_statistics([self.log_probs(member_id, split)[order]], self.labels[split][order], POWERS)

    def queries(self, _run):
        return 40

    def sidecar(self, member_id):
        return SimpleNamespace(results={"class_names": ["a", "b", "c", "d"], "history": [], "member": member_id})


@pytest.fixture
def made_up():
    return MadeUp


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """One project for all tests of this folder; they read it and never change it."""
    from small_project import SmallProject

    return SmallProject(tmp_path_factory.mktemp("small") / "project")
