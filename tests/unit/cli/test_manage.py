"""``distillab prune`` lists, and deletes with ``--yes`` alone."""

import shutil
from pathlib import Path

import pytest
import yaml

from distillab.cli import main
from distillab.plan.patterns import REPORTS

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def stray(tmp_path, monkeypatch):
    """A project with one file that no plan makes; the command runs in its folder."""
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    (tmp_path / "reports").mkdir()
    for report in REPORTS:
        (tmp_path / "reports" / f"{report}.py").write_text("from distillab.reporting import tables\n")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"preset": "tiny", "override": {}}))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "results" / "tiny" / "teachers" / "gone" / "s0.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    return path


def test_prune_deletes_nothing_unless_told_to(stray, capsys):
    assert main(["prune"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert stray.read_bytes() == b"weights"
    assert len(said) == 2
    assert "teachers/gone/s0.safetensors" in said[0]
    assert said[1].strip() == "7 B  in 1 places could be deleted with --yes"


def test_prune_deletes_what_it_lists_with_yes(stray, capsys):
    assert main(["prune", "--yes"]) == 0
    assert not stray.exists()
    assert capsys.readouterr().out.splitlines()[-1].endswith("in 1 places deleted")
    assert main(["prune"]) == 0
    assert capsys.readouterr().out == "nothing to prune\n"
