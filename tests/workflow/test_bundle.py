"""The bundle of a real run: equal bytes each time, proved in an empty folder, and refused when a run is not proved."""

import json
import zipfile
from pathlib import Path

import pytest
from project import Project

pytestmark = pytest.mark.workflow


def test_a_finished_run_is_bundled_and_proved_elsewhere(finished_copy: Project, tmp_path: Path) -> None:
    first, second = (finished_copy.root / name for name in ("a.zip", "b.zip"))
    for path in (first, second):
        finished_copy.run("distillab", "record", "--bundle", path.name)
    assert first.read_bytes() == second.read_bytes()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    said = Project(elsewhere).run("distillab", "verify", str(first)).stdout
    assert "files of preset tiny (Digits (8x8)) are what the bundle says" in said
    with zipfile.ZipFile(first) as archive:
        head = json.loads(archive.read("bundle.json"))
        names = set(archive.namelist())
    assert head["preset"] == "tiny"
    assert {"params.json", "manifest.json", "reports/index.html", "tables/index/facts.json"} <= names
    assert not any(name.endswith(".safetensors") for name in names)
    assert list(elsewhere.iterdir()) == []

    page = finished_copy.root / "results" / "tiny" / "reports" / "index.html"
    page.write_bytes(page.read_bytes() + b" ")
    done = finished_copy.run("distillab", "record", "--bundle", "c.zip", check=False)
    assert done.returncode == 3
    assert "the run is not proved: results/tiny/reports/index.html: truncated or edited" in done.stderr
    assert not (finished_copy.root / "c.zip").exists()
