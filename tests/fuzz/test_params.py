"""Whatever stands in a params file: a plan, or one readable refusal; and nothing in it is ever done."""

import shutil
from pathlib import Path

import pytest
from fuzzing import drawn, faults
from params_grammar import MARKER, case

from distillab.core.errors import SpecError
from distillab.params.load import load_params
from distillab.plan.build import build_plan
from distillab.studies import PAGES

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of all presets, as the working directory."""
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    (tmp_path / "reports").mkdir()
    for page in PAGES:
        (tmp_path / "reports" / f"{page}.py").write_text("from distillab.reporting import tables\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def judge_with(load):
    """Read a case as ``params.yaml``; a file that is refused is refused as the user's mistake."""

    def judge(content):
        Path("params.yaml").write_bytes(content)
        try:
            load(Path())
        finally:
            assert not Path(MARKER).exists()

    return judge


def test_a_few_params_files(project):
    assert faults(case, judge_with(load_params), 60) == {}


@pytest.mark.fuzz
@pytest.mark.parametrize("part", range(4))
def test_many_params_files(project, part):
    assert faults(case, judge_with(build_plan), 300, first=300 * part) == {}


@pytest.mark.fuzz
def test_the_grammar_draws_right_files_and_wrong_ones(project):
    def is_valid(content):
        try:
            judge_with(load_params)(content)
        except SpecError:
            return False
        return True

    valid = sum(is_valid(drawn(case, number)) for number in range(200))
    assert 30 < valid < 170
