"""What Snakemake compares before it calls a file current: every rule names its job's inputs, digest and resources."""

import re
from pathlib import Path

import pytest

from distillab.core.stages import STAGES

WORKFLOW = Path(__file__).parents[2] / "workflow" / "rules"
RULES = {
    name: block
    for path in sorted(WORKFLOW.glob("*.smk"))
    for name, block in re.findall(
        r"^rule (\w+):\n(.*?)(?=^\S|\Z)", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
}


def sections(rule):
    """The text of every section of a rule by name."""
    return dict(re.findall(r"^ {4}(\w+):([^\n]*(?:\n {8}[^\n]*)*)", RULES[rule], flags=re.MULTILINE))


def test_every_stage_has_one_rule_of_its_name():
    assert RULES.keys() == STAGES.keys()


@pytest.mark.parametrize("rule", STAGES)
def test_a_rule_runs_again_when_its_inputs_or_its_digest_change(rule):
    """A page's digest holds the papers' numbers, its source and its template, none of which is an input."""
    found = sections(rule)
    assert found["input"].split() == [f'inputs_of("{rule}"),']
    assert f'digest=digest_of("{rule}"),' in found["params"]


@pytest.mark.parametrize("rule", STAGES)
def test_a_rule_writes_its_jobs_receipt_or_page_and_its_own_log(rule):
    found = {name: text.strip() for name, text in sections(rule).items()}
    output = "reports/{{job}}.html" if rule == "report" else f"receipts/{rule}/{{{{job}}}}.json"
    assert found["output"] == f'f"{{RESULTS}}/{output}",'
    assert found["log"] == f'f"{{RESULTS}}/logs/{rule}/{{{{job}}}}.log",'
    assert found["benchmark"] == f'f"{{RESULTS}}/benchmarks/{rule}/{{{{job}}}}.tsv"'
    command = f"exec distillab {rule} {{wildcards.job:q}} --digest {{params.digest}} > {{log:q}} 2>&1"
    assert found["shell"] == f'"{command}"'


@pytest.mark.parametrize(("rule", "stage"), STAGES.items())
def test_a_rule_asks_for_what_its_jobs_need(rule, stage):
    found = sections(rule)
    assert found["threads"].strip() == f'threads_of("{rule}")'
    asked = [f'mem_mb=memory_of("{rule}"),', f'runtime=minutes_of("{rule}"),']
    assert found["resources"].split() == (["gpu=GPU,"] if stage.computes else []) + asked
