"""Thieves from the params to the tables: whose students there are, what they paid, who saw another data set."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from project import Project, copy_project

from distillab.core.payloads import load_tensors
from distillab.core.sidecar import read_sidecar

pytestmark = pytest.mark.workflow

TRAIN, VAL, LABELS, OTHER, EPOCHS = 80, 20, 12, 18, 4
FEW = {"labels": LABELS, "label_smoothing": 0.1}
FOLDER = {"name": "image_folder", "title": "Noise", "root": ".", "path": "noise", "shape": [1, 8, 8], "classes": 2}
OVERRIDE = {
    "studies": ["undistillable"],
    "data": {"name": "synthetic", "classes": 3, "noise": 0.2, "train_images": TRAIN + VAL, "val": VAL,
             "train_limit": None, "test_limit": None},
    "seeds": [0],
    "train": {"epochs": EPOCHS, "batch_size": 16},
    "defenses": {"*": None, "ce": {}},
    "knockoff": {"attacks": {"*": None, "kd": {"responses": "cached"},
                             "argmax": {"name": "argmax", "responses": "live"}}},
    "thieves": {
        "poor": FEW,
        "asks_all": FEW | {"queries": "all", "answers": "label"},
        "stranger": FEW | {"queries": "other_data", "data": FOLDER},
    },
    "label_curve": {"labels": [24], "seeds": 2},
    "robustness": {"attacks": {"*": None}},
}  # fmt: skip
PAID = {
    "paper": (TRAIN, TRAIN * EPOCHS),
    "poor": (LABELS, TRAIN * EPOCHS),
    "asks_all": (TRAIN, TRAIN - LABELS + TRAIN * EPOCHS),
    "stranger": (LABELS + OTHER, OTHER + (TRAIN + OTHER) * EPOCHS),
}
"""Stored answers, and live ones: each view, and beside them a name for each image that has no label."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run, as far as the tables."""
    project = copy_project(tmp_path_factory.mktemp("thieves") / "project")
    random = np.random.default_rng(0)
    for split, each in (("train", OTHER // 2), ("test", 1)):
        for name in ("first", "second"):
            folder = project.root / "noise" / split / name
            folder.mkdir(parents=True)
            for i in range(each):
                Image.fromarray(random.integers(0, 256, (8, 8)).astype(np.uint8)).save(folder / f"{i}.png")
    project.choose(OVERRIDE)
    project.snakemake("results/tiny/receipts/collect/undistillable.json")
    return project


def test_every_thief_has_its_students_and_controls(run: Project) -> None:
    frame = pd.read_parquet(run.results / "tables" / "undistillable" / "models.parquet")
    students = frame[frame["role"] != "teacher"]
    found = {thief: sorted(rows["role"]) for thief, rows in students.groupby("thief")}
    two = ["knockoff", "knockoff"]
    assert found == {
        "paper": [*two, "ls_student"],
        "poor": [*two, "ls_student"],
        "asks_all": [*two, "ls_student", "pseudo_student"],
        "stranger": [*two, "ls_student", "pseudo_student"],
        "labels_24": ["ls_student", "ls_student"],
    }
    assert frame["test_accuracy"].between(0, 1).all()


@pytest.mark.parametrize("thief", PAID)
@pytest.mark.parametrize(("attack", "place"), [("kd", 0), ("argmax", 1)])
def test_what_was_paid_is_beside_the_weights(run: Project, thief: str, attack: str, place: int) -> None:
    path = run.results / "knockoffs" / thief / "ce-cnn_digits" / f"{attack}-cnn_digits" / "s0.safetensors"
    assert read_sidecar(path).results["queries"] == PAID[thief][place]


def test_the_other_data_set_was_read_and_only_its_thief_stands_on_it(run: Project) -> None:
    assert len(load_tensors(run.results / "data" / "queries_stranger.safetensors")["train_x"]) == OTHER
    users = {path.relative_to(run.results).parts[:2] for path in networks(run) if stands_on(path)}
    assert users == {("students", "stranger"), ("knockoffs", "stranger")}


def networks(run: Project) -> list[Path]:
    """The sidecars of all students."""
    return [path for folder in ("students", "knockoffs") for path in (run.results / folder).glob("**/*.json")]


def stands_on(sidecar: Path) -> bool:
    """Whether a network was trained on the other data set."""
    return "other_images" in json.loads(sidecar.read_text())["parents"]


def test_nothing_is_left_to_do(run: Project) -> None:
    assert "Nothing to be done" in run.snakemake("results/tiny/receipts/collect/undistillable.json")
