"""The kernel of the running Python: how it is started, and that nobody else can reach it."""

import os
import sys
import tempfile
from pathlib import Path

import papermill
import pytest

from distillab.core.errors import BlockedError
from distillab.reporting import export
from distillab.reporting.kernel import LONGEST_SOCKET, SOCKET, RunningPython


def test_it_starts_the_running_python_with_an_empty_profile_and_without_a_display():
    manager = RunningPython(kernel_name="python3")
    spec, folder = manager.kernel_spec, Path(manager._folder.name)
    assert spec.argv == [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    assert spec.env == {"IPYTHONDIR": str(folder), "MPLBACKEND": "agg"}
    assert (spec.display_name, spec.language) == ("Python", "python")
    assert list(folder.iterdir()) == []


def test_it_talks_over_sockets_in_a_private_folder():
    manager, other = RunningPython(kernel_name="python3"), RunningPython()
    folder = Path(manager._folder.name)
    assert (manager.transport, manager.kernel_name) == ("ipc", "python3")
    assert manager.connection_file == str(folder / "kernel.json")
    assert folder.name.startswith("distillab-")
    assert folder.stat().st_mode & 0o077 == 0, "nobody else may enter"
    assert other.connection_file != manager.connection_file


def deep_folder(root, length):
    """A folder whose name has this many characters."""
    folder = root / ("d" * (length - len(str(root)) - 1))
    folder.mkdir()
    assert len(str(folder)) == length
    return str(folder)


@pytest.fixture
def short_root():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_a_page_is_made_where_temporary_files_have_a_long_name(short_root, monkeypatch):
    monkeypatch.setenv("TMPDIR", deep_folder(short_root, 104))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (short_root / "small.py").write_text('# %% tags=["parameters"]\nn = 1\n\n# %%\nprint(n + 1)\n')
    notebook = short_root / "small.ipynb"
    export._write_notebook(short_root / "small.py", notebook)
    made = export._execute(short_root / "small.py", notebook, {"n": 41})
    assert [output["text"] for cell in made.cells for output in cell.outputs] == ["42\n"]
    assert papermill.inspect_notebook(str(notebook)).keys() == {"n"}


@pytest.mark.parametrize("over", [0, 1])
def test_the_folder_for_temporary_files_is_used_as_long_as_sockets_fit_in_it(short_root, monkeypatch, over):
    folder = deep_folder(short_root, LONGEST_SOCKET - len(SOCKET) + over)
    monkeypatch.setattr(tempfile, "tempdir", folder)
    manager = RunningPython()
    assert (Path(manager._folder.name).parent == Path(folder)) == (not over)
    sockets = [f"{Path(manager._folder.name)}/kernel-ipc-{port}" for port in range(1, 6)]
    assert max(len(os.fsencode(name)) for name in sockets) <= LONGEST_SOCKET


def test_without_any_folder_it_says_which_to_set(monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(BlockedError, match=r"^TMPDIR: no folder for the sockets .*; set TMPDIR to one$"):
        RunningPython()
