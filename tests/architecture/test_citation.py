"""How others cite and list it: CITATION.cff by the schema of its own checker, and what the catalog asks for."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker

import distillab

PROJECT = Path(__file__).parents[2]
CHECKER = "cffconvert==2.0.0"
"""It pins a jsonschema that Snakemake cannot have beside it, so its schema is read and it is not installed."""


def citation():
    return yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))


def faults(schema, content):
    return [error.message for error in Draft7Validator(schema, format_checker=FormatChecker()).iter_errors(content)]


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    """The schema of the citation file format 1.2.0, from the wheel of its checker."""
    folder = tmp_path_factory.mktemp("checker")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", folder, CHECKER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{CHECKER} is not to be had here: {done.stderr.strip().splitlines()[-1:]}")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return json.loads(wheel.read("cffconvert/schemas/1.2.0/schema.json"))


def test_the_citation_is_valid(schema):
    assert schema["$id"] == "https://citation-file-format.github.io/1.2.0/schema.json"
    assert faults(schema, citation()) == []


@pytest.mark.parametrize(
    "change", [{"license": "My own"}, {"version": None}, {"unknown": 1}, {"authors": []}, {"date-released": "today"}]
)
def test_what_is_not_valid_is_found(schema, change):
    assert faults(schema, citation() | change)


def test_version_and_license_are_the_packages():
    package = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = citation()
    assert str(told["version"]) == package["version"] == distillab.__version__
    assert told["license"] == package["license"]
    assert set(told["keywords"]) & set(package["keywords"])


def test_every_reference_can_be_looked_up():
    references = citation()["references"]
    assert len(references) > 5
    assert all(re.match(r"https://(arxiv\.org/abs|doi\.org|openreview\.net)/", each["url"]) for each in references)


def test_the_catalog_finds_the_workflow():
    """What it looks for in a repository, beside the words in the README."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    assert (PROJECT / "Snakefile").is_file()
    assert any(path.suffix == ".smk" for path in (PROJECT / "workflow" / "rules").iterdir())
    assert (PROJECT / "config" / "README.md").is_file()


def test_the_catalogs_entry_says_what_it_reads():
    entry = yaml.safe_load((PROJECT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))
    usage = entry.pop("usage")
    assert entry == {}
    assert usage.keys() == {"mandatory-flags", "software-stack-deployment", "report"}
    assert {name: type(value) for name, value in usage["mandatory-flags"].items()} == {"desc": str, "flags": str}
    deployments = {"conda", "apptainer", "apptainer+conda"}
    assert {*usage["software-stack-deployment"]} == deployments
    assert all(type(value) is bool for value in [*usage["software-stack-deployment"].values(), usage["report"]])
    rules = [PROJECT / "Snakefile", *(PROJECT / "workflow" / "rules").iterdir()]
    text = "\n".join(path.read_text(encoding="utf-8") for path in rules)
    assert usage["report"] == bool(re.search(r"\breport\(", text))
    assert usage["software-stack-deployment"]["conda"] == bool(re.search(r"^\s*conda:", text, flags=re.MULTILINE))
