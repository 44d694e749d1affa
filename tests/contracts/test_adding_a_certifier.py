"""A certifier that `best` asks is one file and one line: shown in a scratch copy of the package, to which both go."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

FILE = '''"""A certifier that is told the truth."""

from typing import ClassVar, Literal

from distillab.certify.ball import Ball
from distillab.certify.graph import Graph
from distillab.certify.layered import LayeredSpec
from distillab.certify.sweep import Bounds
from distillab.core.shapes import Images, Labels, Logits, PerExample


class Oracle(LayeredSpec):
    """Certifies the images that it is asked about."""

    name: Literal["oracle"] = "oracle"
    paper: ClassVar = "Delphi"
    label: ClassVar = "the oracle"

    def margins(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> Logits:
        """Ones."""
        return x.new_ones(len(y), graph.classes)

    def on_layers(self, graph: Graph, y: Labels, ball: Ball, bounds: Bounds) -> Logits:
        """Ones."""
        return ball.x.new_ones(len(y), graph.classes)
'''
IMPORT = "from distillab.certify.oracle import Oracle\n"
LINE = "        Tier((Oracle(),)),\n"
AFTER = "        Tier((LP(),), asked=lp_units > 0, most_unstable=lp_units),\n"
BELOW = "from distillab.certify.sweep"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a copy of the project, with one file and one line more, makes of six images."""
    root = tmp_path_factory.mktemp("added")
    for folder in ("src", "config", "reports"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    package = root / "src" / "distillab" / "certify"
    (package / "oracle.py").write_text(FILE)
    registry = package / "combined.py"
    before = registry.read_text()
    assert before.count(AFTER) == before.count(BELOW) == 1
    registry.write_text(before.replace(AFTER, AFTER + LINE).replace(BELOW, IMPORT + BELOW))
    tests = (PROJECT / "tests" / folder for folder in ("reports", "unit/tables", "contracts"))
    done = subprocess.run(
        [sys.executable, "-m", "added_certifier"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (root / "src", *tests)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((root / "found.json").read_text())


def test_best_asks_it_about_what_is_open(found):
    assert found["by"] == ["ibp", "oracle", "ibp", "oracle", "ibp", "ibp"]


def test_the_plan_knows_its_place_and_its_label(found):
    own, best = found["facts"]["oracle"], found["facts"]["best"]
    assert own["label"] == "the oracle"
    assert own["deciders"] == [{"name": "oracle", "label": "the oracle"}]
    assert best["deciders"][-1] == {"name": "oracle", "label": "the oracle"}
    assert (own["rank"], best["rank"]) == (5, 7)


def test_the_table_counts_the_images_that_it_certified(found):
    """Images 0 and 3 are misclassified: their prediction is certified, and they are not."""
    row = found["row"]
    assert (row["by_ibp"], row["by_oracle"], row["by_dual"], row["undecided"]) == (3 / 6, 1 / 6, 0, 0)
    assert row["certified_accuracy"] == 4 / 6


def test_the_page_names_it(found):
    assert "IBP 50.0" in found["page"]
    assert "the oracle 16.7" in found["page"]
