"""A page says where its numbers were made, and what tells the places apart where there are several."""

from types import SimpleNamespace

import pytest

from distillab.reporting import boxes
from distillab.reporting.environments import differences, machines, software

SHARED = {"python": "3.11.7", "torch": "2.13.0", "machine": "x86_64"}
LAPTOP = {
    "environment": SHARED | {"device": "cpu", "kernels": "AVX2"},
    "payloads": 1204, "stages": {"teach": 4, "measure": 1200}, "models": ["ce", "ls", "nt", "snt", "st"],
}  # fmt: skip
CLUSTER = {
    "environment": SHARED | {"device": "cuda", "kernels": "A <card>"},
    "payloads": 7, "stages": {"attack": 7}, "models": ["ce"],
}  # fmt: skip
PREPARED = {"environment": SHARED | {"device": "cpu", "kernels": "AVX512"}, "payloads": 2, "stages": {"prepare": 2},
            "models": []}  # fmt: skip


def test_one_environment_is_said_once():
    assert software([LAPTOP]) == "python 3.11.7, torch 2.13.0, machine x86_64, device cpu, kernels AVX2"
    assert differences([LAPTOP]) == ""
    assert machines([LAPTOP]) == "cpu, x86_64"


def test_two_environments_are_told_apart_by_what_differs_and_what_they_made():
    assert software([LAPTOP, CLUSTER]) == "python 3.11.7, torch 2.13.0, machine x86_64"
    assert differences([LAPTOP, CLUSTER]) == (
        "made in 2 environments: "
        "device cpu, kernels AVX2 (1,204 payloads: teach 4, measure 1200; models ce, ls, nt, 2 more); "
        "device cuda, kernels A <card> (7 payloads: attack 7; models ce)"
    )
    assert machines([LAPTOP, CLUSTER]) == "cpu, x86_64 and cuda, x86_64"


def test_payloads_of_no_model_name_none():
    assert differences([LAPTOP, PREPARED]).endswith("kernels AVX512 (2 payloads: prepare 2)")
    assert machines([LAPTOP, PREPARED]) == "cpu, x86_64", "a machine that is named twice is one"


def test_what_one_environment_has_besides_is_a_difference():
    older = LAPTOP | {"environment": SHARED}
    assert differences([older, LAPTOP]).startswith("made in 2 environments: nothing more (1,204 payloads")


@pytest.fixture
def tables():
    """Tables with what the two boxes read."""

    def make(*environments):
        facts = {"command": "snakemake", "commit": "0123", "preset": "tiny", "params": {}, "source": "s",
                 "license": "l", "split_rule": "r", "stage_seconds": {"teach": 3.0},
                 "environments": list(environments)}  # fmt: skip
        return SimpleNamespace(facts=facts, hashes=lambda: {"models.parquet": "ab" * 32})

    return make


def test_the_provenance_box_says_that_there_are_two_environments(tables):
    text = boxes.provenance(tables(LAPTOP, CLUSTER), whole=True).text
    assert "<dt>Software</dt><dd>python 3.11.7, torch 2.13.0, machine x86_64</dd>" in text
    assert "<dt>Environments</dt><dd>made in 2 environments: device cpu, kernels AVX2 (1,204 payloads" in text
    assert "kernels A &lt;card&gt; (7 payloads: attack 7; models ce)</dd>" in text


def test_the_provenance_box_of_one_environment_has_no_such_line(tables):
    text = boxes.provenance(tables(LAPTOP), whole=True).text
    assert "<dt>Software</dt><dd>python 3.11.7, torch 2.13.0, machine x86_64, device cpu, kernels AVX2</dd>" in text
    assert "nvironments" not in text


def test_the_reproduction_box_names_every_machine(tables):
    assert (
        "process time on cpu, x86_64 and cuda, x86_64 (teach 3"
        in boxes.reproduce(tables(LAPTOP, CLUSTER), whole=True).text
    )
