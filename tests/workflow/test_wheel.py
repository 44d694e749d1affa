"""The wheel, built and installed by itself, works in an empty folder: the page on Python, and the command."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "how-to" / "python.md"
BESIDE = ("pyproject.toml", "README.md", "LICENSE")
"""What the build reads beside the source."""
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
ALONE = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP"))}

NEEDS_PROJECT = ("check", "docs", "resume", "verify")
"""Some commands that are of a project, one of each kind."""


def blocks() -> list[str]:
    """The Python of the page, block by block."""
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this source; setuptools is that of this environment."""
    root = tmp_path_factory.mktemp("wheel")
    shutil.copytree(
        PROJECT / "src", root / "project" / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__")
    )
    for name in BESIDE:
        shutil.copy(PROJECT / name, root / "project")
    command = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", root, root / "project"]
    subprocess.run(command, check=True, env=ALONE)
    return next(root.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel):
    """The folder of the scripts of an environment that holds the wheel, and beside it what is installed here."""
    environment = wheel.parent / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    scripts = environment / "bin"
    command = [*PIP, "--python", scripts / "python", "install", "--no-deps", "--no-index", wheel]
    subprocess.run(command, check=True, env=ALONE)
    packages = sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)})
    # A path file within a path file is not followed, so the source that is installed here stays out.
    (Path(packages) / "beside.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return scripts


@pytest.fixture
def run(installed, tmp_path):
    """Run a program of the environment in an empty folder."""

    def run(program, *arguments):
        command = [installed / program, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=ALONE, capture_output=True, text=True, check=False)

    return run


def test_it_holds_every_file_of_the_source_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (path for path in (PROJECT / "src").rglob("*") if path.is_file())
    source = {path.relative_to(PROJECT / "src").as_posix() for path in files if "egg-info" not in str(path)}
    assert held == {name for name in source if "__pycache__" not in name}


def test_the_lines_of_the_page_run_in_an_empty_folder(run, tmp_path, installed):
    script = "import torch\ntorch.set_num_threads(1)\n" + "\n".join(blocks())
    script += "\nimport distillab\nprint(distillab.__file__)\n"
    done = run("python", "-c", script)
    assert (done.returncode, done.stderr) == (0, "")
    attacked, certified, stolen, audited, place = done.stdout.splitlines()
    assert re.fullmatch(r"\d+\.\d% right, \d+\.\d% after the attack", attacked)
    assert re.fullmatch(r"\d+\.\d% cannot be turned within 0.02", certified)
    assert re.fullmatch(r"[89]\d\.\d% right, after 1200 answers and no label", stolen)
    assert re.match(r"distillable: kd gains .* points, at least .*; the control: kd gains ", audited)
    assert Path(place).is_relative_to(installed.parent)
    assert list(tmp_path.iterdir()) == []


def test_each_task_takes_five_lines():
    assert [len([line for line in block.splitlines() if line]) <= 5 for block in blocks()] == [False] + [True] * 4


def test_the_command_works_where_no_project_is_needed(run, tmp_path):
    told = run("distillab", "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert "audit" in told.stdout
    assert run("distillab", "audit", "--example").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["audit.yaml"]


def test_the_command_says_in_a_line_that_it_needs_a_project(run, tmp_path):
    for command in NEEDS_PROJECT:
        done = run("distillab", *command.split())
        line = "distillab: params.yaml: no such file; run from the project's root folder\n"
        assert (command, done.returncode, done.stdout, done.stderr) == (command, 2, "", line)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "audit.yaml").write_text("model: {onnx: model.onnx}\nimages: photos\n", encoding="utf-8")
    done = run("distillab", "audit", "audit.yaml")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "no project here; expected a folder with a Snakefile" in done.stderr
