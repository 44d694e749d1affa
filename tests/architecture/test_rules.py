"""What Snakemake compares before it calls a file current: every rule names its inputs and its job's digest."""

import re
from pathlib import Path

import pytest

WORKFLOW = Path(__file__).parents[2] / "workflow" / "rules"
RULES = {
    f"{path.name}-{number}": block
    for path in sorted(WORKFLOW.glob("*.smk"))
    for number, block in enumerate(re.split(r"^\s*rule\b.*:$", path.read_text(encoding="utf-8"), flags=re.M)[1:])
}


def test_data_models_questions_and_pages_have_rules():
    assert {name.split("-")[0] for name in RULES} == {"evaluation.smk", "models.smk", "reports.smk"}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_runs_again_when_its_inputs_or_its_digest_change(rule):
    """A page's digest holds the papers' numbers, its source and its template, none of which is an input."""
    sections = dict(re.findall(r"^ {8}(\w+):([^\n]*(?:\n {12}[^\n]*)*)", RULES[rule], flags=re.M))
    assert "inputs_of(shape)" in sections["input"]
    assert "digest=digest_of(shape)" in sections["params"]
