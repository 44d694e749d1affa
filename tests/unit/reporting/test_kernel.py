"""The kernel of the running Python: how it is started, and that nobody else can reach it."""

import sys
from pathlib import Path

from distillab.reporting.kernel import RunningPython


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
