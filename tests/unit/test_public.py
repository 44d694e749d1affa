"""The public names: listed, documented, and loaded when they are first used."""

import inspect
import subprocess
import sys

import pytest

import distillab

FUNCTIONS = [name for name in distillab.__all__ if inspect.isfunction(getattr(distillab, name))]


def test_every_public_name_is_there_and_told_by_dir():
    assert distillab.__all__ == sorted(distillab.__all__)
    assert all(hasattr(distillab, name) for name in distillab.__all__)
    assert set(distillab.__all__) <= set(dir(distillab))
    with pytest.raises(AttributeError, match="module 'distillab' has no attribute 'steal'"):
        distillab.steal  # noqa: B018


@pytest.mark.parametrize("first", ["import distillab", "from distillab import SpecError", "import distillab.cli.main"])
def test_importing_it_loads_no_torch(first):
    heavy = "{'torch', 'numpy', 'pandas', 'scipy', 'snakemake'}"
    check = f"{first}; import sys; found = {heavy} & sys.modules.keys(); sys.exit(' '.join(found) or 0)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_tells_its_arguments_its_errors_and_its_source(name):
    function = getattr(distillab, name)
    text = inspect.getdoc(function)
    parameters = inspect.signature(function).parameters
    told = text.split("Args:\n")[1].split("Raises:\n")[0]
    assert [line.split(":")[0].strip() for line in told.splitlines() if line.startswith("    ") and line[4] != " "] == [
        *parameters
    ]
    assert "SpecError: " in text
    assert "ContractError: " in text
    assert "Reference: " in text
    hints = inspect.get_annotations(function)
    assert {*parameters, "return"} == hints.keys()


def test_there_are_functions():
    assert FUNCTIONS == ["attack_model", "audit_model", "certify_model", "steal_model"]
