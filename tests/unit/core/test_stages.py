"""The stages, written out: their paths, axes, and what runs on the device."""

from importlib.util import find_spec

import pytest

from distillab.core.stages import BATCHABLE, STAGES, Stage, stage_module


def test_paths_say_the_axes_of_their_stage():
    weights = "safetensors"
    assert {name: stage.pattern for name, stage in STAGES.items()} == {
        "prepare": f"data/{{part}}.{weights}",
        "teach": f"teachers/{{teacher}}/s{{seed}}.{weights}",
        "baseline": f"students/{{thief}}/{{student}}/s{{seed}}.{weights}",
        "knockoff": f"knockoffs/{{thief}}/{{teacher}}/{{knockoff}}/s{{seed}}.{weights}",
        "distill": f"chains/{{chain}}/T{{temperature}}/step{{step}}/{{part}}-s{{seed}}.{weights}",
        "measure": f"measures/{{family}}/{{model}}/s{{seed}}.{weights}",
        "sensitivity": "sensitivity/{family}/{model}/s{seed}.parquet",
        "attack": "attacks/{family}/{model}/{attack}/{logits}-s{seed}.parquet",
        "certify": "certificates/{family}/{model}/{certifier}-s{seed}.parquet",
        "collect": "{file}",
        "report": "reports/{report}.html",
    }


def test_axes_that_may_be_batched_are_those_of_stages_that_compute():
    assert BATCHABLE == {
        "teach": ("teacher", "seed"), "baseline": ("thief", "student", "seed"),
        "knockoff": ("thief", "teacher", "knockoff", "seed"),
        "distill": ("chain", "temperature", "step", "part", "seed"), "measure": ("family", "model", "seed"),
        "sensitivity": ("family", "model", "seed"), "attack": ("family", "model", "attack", "logits", "seed"),
        "certify": ("family", "model", "certifier", "seed"),
    }  # fmt: skip
    assert {name: stage.together for name, stage in STAGES.items() if stage.together} == {
        "prepare": ("part",), "distill": ("part",), "collect": ("file",),
    }  # fmt: skip
    assert all({*stage.together} <= {*stage.axes} for stage in STAGES.values())


def test_tables_alone_are_made_from_what_there_is():
    assert [name for name, stage in STAGES.items() if stage.incomplete] == ["collect"]


def test_the_axes_and_the_folder_are_read_from_the_pattern():
    stage = Stage("does", "kept/{one}/x{two}-{three}.json")
    assert (stage.axes, stage.folder) == (("one", "two", "three"), "kept")
    assert Stage("does", "{file}").folder == "{file}"


@pytest.mark.parametrize("stage", [*STAGES, "answer"])
def test_every_stage_has_its_module(stage):
    module = stage_module(stage)
    assert module == ("distillab.reporting.page" if stage == "report" else f"distillab.stages.{stage}")
    assert find_spec(module)
