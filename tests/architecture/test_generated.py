"""What is generated from the models is what is committed, and every preset is valid."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from distillab.params.document import generated_files
from distillab.params.layers import preset_names, read_layers
from distillab.params.root import params_schema
from distillab.plan.build import build_plan
from distillab.reporting import acronyms
from distillab.scoreboard.board import PAGE, scoreboard

PROJECT = Path(__file__).parents[2]
PRESETS = preset_names(PROJECT / "config")


@pytest.mark.parametrize("path", generated_files(), ids=str)
def test_generated_file_is_up_to_date(path: Path) -> None:
    assert (PROJECT / path).read_text() == generated_files()[path], "run `make docs`"


def test_the_scoreboard_is_of_the_claims_and_records_that_are_committed() -> None:
    assert (PROJECT / PAGE).read_text() == scoreboard(PROJECT / "reports"), "run `make docs`"


def test_the_acronyms_are_those_of_the_pages() -> None:
    written = acronyms.acronyms(PROJECT / "reports" / "template")
    assert (PROJECT / acronyms.PAGE).read_text() == written, "run `make docs`"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("config", "reports"):
        (tmp_path / name).symlink_to(PROJECT / name)
    return tmp_path


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_is_valid_and_the_schema_accepts_it(preset: str, project: Path) -> None:
    (project / "params.yaml").write_text(yaml.safe_dump({"preset": preset, "override": {}}))
    plan = build_plan(project)
    assert plan.preset == preset
    models = {
        "undistillable": {"teach", "baseline", "knockoff"},
        "ta": {"distill", "sensitivity"},
        "sparse": {"teach", "baseline", "knockoff"},
        "adversarial": {"teach"},
        "certified": {"teach", "certify"},
        "audit": {"teach", "baseline", "knockoff"},
    }
    expected = {"prepare", "measure", "collect", "report"}.union(*(models[study] for study in plan.studies))
    if plan.params["robustness"]["attacks"]:
        expected |= {"attack"}
    if not plan.params["knockoff"]["attacks"]:
        expected -= {"knockoff"}
    assert {job.stage for job in plan.jobs} == expected
    jsonschema.validate(plan.params, params_schema())


def test_schema_refuses_unknown_keys(project: Path) -> None:
    (project / "params.yaml").write_text(yaml.safe_dump({"preset": "tiny", "override": {"sedes": [1]}}))
    with pytest.raises(jsonschema.ValidationError, match="sedes"):
        jsonschema.validate(read_layers(project / "params.yaml").merged(), params_schema())


def test_there_are_the_presets_people_look_for() -> None:
    assert {"digits", "mnist", "cifar10", "cifar100", "tinyimagenet", "imagenet", "manyclass", "tiny"} <= set(PRESETS)
    assert {f"ablation_{parameter}" for parameter in ("beta", "powers", "omega", "weight")} <= set(PRESETS)
