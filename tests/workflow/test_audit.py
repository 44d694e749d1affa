"""A whole audit of a function that knows digits: one page; after a kill it goes on, and then nothing is left to do."""

import os
import signal
from pathlib import Path

import pandas as pd
import pytest
import yaml
from PIL import Image
from project import Project, copy_project, wait_for
from sklearn.datasets import load_digits

pytestmark = pytest.mark.workflow

MODEL = '''
"""The nearest of the mean images of the classes."""

import numpy as np
from sklearn.datasets import load_digits

DATA = load_digits()
MEANS = np.stack([DATA.images[DATA.target == digit].mean(axis=0) for digit in range(10)]).reshape(10, -1) / 16


def answer(x):
    far = np.square(x.numpy().reshape(len(x), 1, -1) - MEANS).sum(axis=2)
    probs = np.exp(-4 * far)
    return probs / probs.sum(axis=1, keepdims=True)
'''

AUDIT = {
    "model": {"callable": "nearest:answer", "answers": "probabilities"}, "trusted": True, "images": "photos",
    "test": 300, "labels": 30, "queries": 400, "seeds": 3, "defenses": ["label", "mad"], "budget": {"minutes": 1},
    "device": "cpu",
}  # fmt: skip
Audited = tuple[Project, list[str], list[str], str]
"""The project, what was printed at the end of the audit and once more, and what was said beside that."""

RESULTS = Path("audits/mine/results/audit")


def write_audit(folder: Path) -> Path:
    """700 digits in class folders, a model beside them, and what to audit."""
    data = load_digits()
    for place, (image, digit) in enumerate(zip(data.images[:700], data.target, strict=False)):
        path = folder / "photos" / f"class {digit}" / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 255 / 16).round().astype("uint8")).save(path)
    (folder / "nearest.py").write_text(MODEL)
    (folder / "mine.yaml").write_text(yaml.safe_dump(AUDIT))
    return folder / "mine.yaml"


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """A project in which an audit was killed, and then went on to its end; what it said, and said again."""
    project = copy_project(tmp_path_factory.mktemp("audit") / "project")
    file = str(write_audit(tmp_path_factory.mktemp("mine")))
    master = project.start("distillab", "audit", file, "--cores", "2")
    log = project.root / RESULTS / "logs" / "baseline" / "all.log"
    wait_for(lambda: log.exists() and "2 of" in log.read_text())
    os.kill(master.pid, signal.SIGKILL)
    master.wait()
    said = [project.run("distillab", "audit", file, "--cores", "2") for _ in range(2)]
    return project, *(each.stdout.splitlines() for each in said), said[1].stderr


def table(project: Project, name: str) -> pd.DataFrame:
    return pd.read_parquet(project.root / RESULTS / "tables" / "audit" / f"{name}.parquet")


def test_an_audit_that_was_killed_goes_on_to_its_answer(audited: Audited) -> None:
    project, (answer, page), _, _ = audited
    assert page == str(RESULTS / "reports" / "audit.html")
    assert (project.root / page).exists()
    assert answer.startswith("On photos, mine can be stolen: ")
    assert "a thief with 30 labels, answers to all 400 training images" in answer
    assert "; control: CE, cnn_digits, trained here on the same images and labels, leaks: +" in answer


def test_a_second_call_has_nothing_to_do_and_says_the_same(audited: Audited) -> None:
    _, first, again, beside = audited
    assert again == first
    assert "Nothing to be done" in beside


def test_only_answers_of_one_model_are_judged_and_each_thief_has_its_rows(audited: Audited) -> None:
    project, *_ = audited
    verdicts = table(project, "verdicts").set_index(["thief", "defense"])
    assert {*verdicts.index} == {("poor", "ce"), ("poor", "mad"), ("poor", "mine"), ("poor_label", "mine")}
    assert {*table(project, "protections")["protection"]} == {"mad", "poor_label"}
    teachers = table(project, "models").query("role == 'teacher'").groupby("defense")["seed"].nunique()
    assert teachers.to_dict() == {"ce": 3, "mad": 1, "mine": 1}


def test_the_page_says_the_accuracy_that_the_model_has(audited: Audited) -> None:
    """Nearest means are right on 9 of 10 digits, whatever the workflow makes of them; counted here by hand."""
    project, *_ = audited
    scope: dict[str, object] = {}
    exec(MODEL, scope)
    right = table(project, "models").query("defense == 'mine' and role == 'teacher'")["test_accuracy"].item()
    assert round(300 * right) == pytest.approx(300 * right, abs=1e-9)
    page = (project.root / RESULTS / "reports" / "audit.html").read_text()
    assert f"{100 * right:.1f}" in page
