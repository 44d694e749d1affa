"""What a stage reads of the parameters is part of its members: stages look at specs, never past them."""

import ast
from pathlib import Path

import pytest

STAGES = Path(__file__).parents[2] / "src" / "distillab" / "stages"


def reads_parameters(source: str) -> bool:
    """Whether code asks the plan for all parameters of the run."""
    return any(isinstance(node, ast.Attribute) and node.attr == "params" for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize("file", sorted(STAGES.glob("*.py")), ids=lambda path: path.stem)
def test_stages_read_no_parameters_past_their_members(file):
    assert not reads_parameters(file.read_text(encoding="utf-8"))


def test_reading_past_them_is_seen():
    assert reads_parameters("spec = workspace.plan.params['data']")
    assert not reads_parameters("spec = member.spec['data']")
