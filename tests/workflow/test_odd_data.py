"""Few and many classes, one pixel, oblong images, and teachers that are never right: all studies, to their pages."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from project import Project

from distillab.core.payloads import load_tensors

pytestmark = pytest.mark.workflow

EVERYTHING: dict[str, Any] = {
    "studies": ["undistillable", "ta", "sparse", "adversarial", "certified"],
    "pairs": [{"teacher": {"name": "mlp"}, "student": {"name": "mlp"}}],
    "seeds": [0],
    "train": {"epochs": 10, "batch_size": 16, "checkpoint_every": 10},
    "defenses": {
        "ls": None,
        "cmim": {"n_powers": 3},
        "ast": {"name": "ast", "weight": 0.05, "temperature": 6.0, "ratio": 0.5},
        "madry": {"name": "madry", "eps": 0.1, "step_size": 0.05, "steps": 2},
    },
    "chains": {"ta": {"steps": 1, "temperatures": [1]}},
    "robustness": {
        "attacks": {
            "cw_l2": None,
            "pgd_linf": {"images": 24},
            "deepfool": {"name": "deepfool", "images": 24},
            "jsma": {"name": "jsma", "images": 24},
        }
    },
    "certification": {"images": 6},
}
"""On top of the preset tiny: a method of every kind, as small as it gets."""

Pixels = Callable[[int, str, np.random.Generator], np.ndarray]
"""An image of a class for a split."""


def odd_project(project: Project, classes: int, each: int, pixels: Pixels, override: dict[str, Any]) -> Project:
    """A project whose data are ``each`` images of every class in both splits."""
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        for y in range(classes):
            folder = project.root / "images" / split / f"class {y:03}"
            folder.mkdir(parents=True)
            for i in range(each):
                image = pixels(y, split, random)
                Image.fromarray(image.astype(np.uint8)).save(folder / f"{i}.png")
    data = {"name": "image_folder", "title": "Odd", "root": ".", "path": "images", "shape": [1, *image.shape]}
    data |= {"classes": classes, "val": min(classes, 32), "train_limit": None, "test_limit": None}
    project.choose(EVERYTHING | {"data": data} | override)
    return project


def pages(project: Project) -> dict[str, str]:
    """The words of every page, after a look for what no page may say."""
    found = {}
    for name in ("index", *EVERYTHING["studies"]):
        page = (project.results / "reports" / f"{name}.html").read_text(encoding="utf-8")
        words = re.sub(r"<[^>]*>", " ", re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL))
        assert not re.findall(r"\bnan\b|\binf\b|Traceback|RuntimeWarning", words, flags=re.IGNORECASE), name
        found[name] = " ".join(words.split())
    return found


def table(project: Project, name: str) -> pd.DataFrame:
    return pd.read_parquet(project.results / "tables" / "index" / f"{name}.parquet")


def teacher_answers(project: Project) -> np.ndarray:
    """Log-probabilities of the unprotected teacher on the test images, in the order of their classes."""
    path: Path = next((project.results / "measures" / "teachers").glob("ce-*")) / "s0.safetensors"
    return load_tensors(path)["test"].numpy()


def test_two_classes_of_a_single_pixel(fresh: Callable[[str], Project]) -> None:
    """Dark or bright: right, robust and certified everywhere, and JSMA finds no second feature to change."""

    def dark_or_bright(y: int, _split: str, random: np.random.Generator) -> np.ndarray:
        return random.integers(0, 30, (1, 1)) + 225 * y

    project = odd_project(fresh("project"), 2, 12, dark_or_bright, {})
    project.snakemake()
    assert (table(project, "models")["test_accuracy"] == 1).all()
    attacked = table(project, "robustness").query("defense == 'ce'").set_index("attack")
    assert attacked.loc["pgd_linf", "robust_accuracy"] == 1
    assert attacked.loc["jsma", "success_rate"] == 0
    assert 0.3 < attacked.loc["deepfool", "median_distance"] < 0.6, "half the way from dark to bright"
    certified = table(project, "certificates").query("eps == 0.1 and certifier == 'ibp'")
    assert (certified["certified_accuracy"] == 1).all()
    assert table(project, "simplex").empty, "two classes have no triangle"
    assert re.search(r"CE keeps 100 %.{,80} n = 24 images", pages(project)["adversarial"])


def test_257_classes_of_oblong_images(fresh: Callable[[str], Project]) -> None:
    """More classes than a byte counts, on images of 5x9, through convolutions and their bounds."""
    looks = np.random.default_rng(1).integers(0, 2, (257, 5, 9)) * 200 + 20

    def look_of_its_own(y: int, _split: str, random: np.random.Generator) -> np.ndarray:
        return looks[y] + random.integers(-20, 21, (5, 9))

    recipe = {"epochs": 12, "batch_size": 32, "optimizer": {"name": "adam", "lr": 0.003}, "checkpoint_every": 12}
    override = {"pairs": [{"teacher": {"name": "wong_small"}, "student": {"name": "mlp"}}], "train": recipe}
    project = odd_project(fresh("project"), 257, 2, look_of_its_own, override)
    project.snakemake()
    log_probs, labels = teacher_answers(project), np.repeat(np.arange(257), 2)
    assert log_probs.shape == (514, 257)
    right = log_probs.argmax(axis=1) == labels
    assert right.mean() > 0.9
    assert right[-2:].any(), "class 256 is no class 0"
    models = table(project, "models").set_index("model")
    assert models.loc["ce-wong_small", "test_accuracy"] == pytest.approx(right.mean())
    assert models.loc["ce-wong_small", "test_n"] == 514
    assert (table(project, "certificates")["n"] == 6).all()
    pages(project)


def test_three_classes_of_which_none_is_ever_right(fresh: Callable[[str], Project]) -> None:
    """Test images of a class look like training images of the next: everything is learned, and all of it wrong."""
    looks = np.random.default_rng(2).integers(0, 2, (3, 5, 9)) * 200 + 20

    def like_the_next_class(y: int, split: str, random: np.random.Generator) -> np.ndarray:
        return looks[(y + (split == "test")) % 3] + random.integers(-20, 21, (5, 9))

    project = odd_project(fresh("project"), 3, 8, like_the_next_class, {"seeds": [0, 1]})
    project.snakemake()
    models = table(project, "models").query("role == 'teacher'")
    assert (models["val_accuracy"] == 1).all()
    assert (models["test_accuracy"] == 0).all()
    attacked = table(project, "robustness")
    assert (attacked[["clean_accuracy", "success_n", "failures"]] == 0).all(axis=None)
    assert (attacked.query("attack == 'pgd_linf'")["robust_accuracy"] == 0).all()
    assert attacked[["success_rate", "median_distance"]].isna().all(axis=None)
    certified = table(project, "certificates")
    assert (certified[["clean_accuracy", "certified_accuracy", "mean_radius", "median_radius"]] == 0).all(axis=None)
    assert (certified.query("eps == 0.1")["gap"] == 0).all()
    said = pages(project)
    assert "CE keeps 0 %; Madry keeps 0 % of n = 24 images" in said["adversarial"]
    assert "no image was classified correctly" in said["adversarial"]
    assert "No minimum-norm attack was run on a correctly classified image of a chain" in said["ta"]
    assert "no image is classified correctly" in said["sparse"]
    assert "half of the searches" not in " ".join(said.values())
    assert "CE is certified on 0 % by IBP" in said["certified"]


def test_a_network_that_does_not_fit_is_one_line_before_anything_is_made(fresh: Callable[[str], Project]) -> None:
    pairs = [{"teacher": {"name": "mlp"}, "student": {"name": "cnn_digits"}}]
    project = odd_project(fresh("project"), 2, 1, lambda y, *_: np.full((5, 9), y), {"pairs": pairs})
    refusal = "pairs[0].student: cnn_digits does not fit Odd; expected images of 1x8x8; got 1x5x9 images"
    checked = project.run("distillab", "check", check=False)
    assert (checked.returncode, checked.stdout, len(checked.stderr.splitlines())) == (2, "", 1)
    started = project.run("snakemake", "--cores", "2", check=False)
    assert started.returncode != 0
    for said in (checked.stderr, started.stderr):
        assert [refusal in line for line in said.splitlines() if line.startswith("distillab:")] == [True]
    assert not (project.root / "results").exists()
