"""The README's example, word for word: a defense in one file and one line."""

import json
import re
from collections.abc import Callable

import pytest
from project import PROJECT, Project

pytestmark = pytest.mark.workflow

BLOCKS = re.findall(r"```python\n(.*?)```", (PROJECT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)


def test_a_defense_is_one_file_and_one_line(fresh: Callable[[str], Project]) -> None:
    project = fresh("readme")
    source, registration = BLOCKS
    path = source.splitlines()[0].removeprefix("# ")
    (project.root / path).write_text(source, encoding="utf-8")
    package = project.root / "src" / "distillab" / "defenses" / "__init__.py"
    imported, line = registration.strip("\n").split("\n\n")
    text = package.read_text(encoding="utf-8").replace("\nDEFENSES", f"{imported}\n\nDEFENSES", 1)
    package.write_text(text.rstrip().removesuffix(")") + f"{line}\n)\n", encoding="utf-8")

    project.choose({"defenses": {"cp": {"name": "cp", "weight": 0.1}}, "seeds": [0]})
    project.snakemake()
    metrics = json.loads((project.results / "metrics.json").read_text())["tiny"]
    assert "cp-cnn_digits" in metrics["verdict"]["paper"]
    page = (project.results / "reports" / "index.html").read_text()
    assert "CP" in page
