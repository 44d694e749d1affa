"""The linters, the types and the import layers, as the house has them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PROSE = ("src", "reports", "config", "docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")


def run(tmp_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"MYPY_CACHE_DIR": str(tmp_path / "mypy"), "RUFF_NO_CACHE": "true"}
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("lint-imports", "--no-cache"),
        ("codespell", "--toml", "pyproject.toml", *PROSE),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_tool_is_content(command: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, *command)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_snakemake_files_are_formatted(tmp_path: Path) -> None:
    snakefmt = shutil.which("snakefmt") or shutil.which("snakefmt", path=str(PROJECT / ".venv-format" / "bin"))
    if snakefmt is None:
        pytest.skip("snakefmt pins other versions of our tools: `make format` installs it beside them")
    done = subprocess.run(
        [snakefmt, "--check", "Snakefile", "workflow"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("answer", "extras"),
    [("exit 0", 'e ".[slurm]"'), ("exit 1", 'e "."'), ("sleep 60", 'e "."')],
    ids=["answers", "refuses", "hangs"],
)
def test_slurms_plugin_is_installed_where_a_controller_answers(answer: str, extras: str, tmp_path: Path) -> None:
    """It asks the controller at every start of Snakemake, and waits for it."""
    sinfo = tmp_path / "sinfo"
    sinfo.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    sinfo.chmod(0o755)
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", ".venv/installed"],
        cwd=PROJECT,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert extras in done.stdout
