"""What DVC keeps of a run is what the stages make."""

from pathlib import Path
from typing import Any

import yaml

from distillab.core.stages import STAGES
from distillab.studies.study import FOLDER
from distillab.tables import FOR_DVC

WORKFLOW: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "dvc.yaml").read_text())["stages"]["workflow"]
RESULTS = "results/${preset}/"


def outs(kind: str) -> dict[str, dict[str, Any]]:
    return {path: options for entry in WORKFLOW[kind] for path, options in entry.items()}


def test_every_stage_has_its_folder_kept() -> None:
    metrics = {file for file in FOR_DVC if "/" not in file}
    folders = {stage.folder for stage in STAGES.values()} - {"{file}"}
    folders |= {FOLDER, "receipts", *(Path(file).parts[0] for file in FOR_DVC if "/" in file)}
    assert set(outs("outs")) == {
        ".snakemake/metadata",
        *(RESULTS + folder for folder in folders),
        *(f"{RESULTS}{file}.json" for file in metrics),
    }
    assert set(outs("metrics")) == {RESULTS + file for file in metrics}


def test_nothing_is_deleted_before_a_run() -> None:
    assert all(options["persist"] for kind in ("outs", "metrics") for options in outs(kind).values())


def test_a_folder_that_may_stay_empty_is_made_and_its_name_is_quoted() -> None:
    *made, _shown, _run = WORKFLOW["cmd"]
    folders = {word for line in made for word in line.removeprefix("mkdir -p ").split()}
    assert all(line.startswith("mkdir -p ") for line in made)
    optional = {"teach", "baseline", "knockoff", "distill", "sensitivity", "attack", "certify"}
    assert folders == {f'"{RESULTS}{STAGES[stage].folder}"' for stage in optional}
