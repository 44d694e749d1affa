"""A notebook kernel of the Python that is running, whatever kernels the machine has installed."""

import os
import sys
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from distillab.core.errors import BlockedError

LONGEST_SOCKET = 103
"""Bytes of the longest name that a socket may have on every system."""

SOCKET = "/distillab-xxxxxxxx/kernel-ipc-5"
"""The longest name of a kernel's sockets, below the folder for temporary files."""


class RunningPython(AsyncKernelManager):
    """Starts ``sys.executable``: no installed kernelspec, no ``python`` on the PATH, no profile of the user.

    The kernel talks over sockets in a private folder: no port is opened that other users could reach.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - traits of the base class
        self._folder = TemporaryDirectory(prefix="distillab-", dir=_short_folder())
        private = {"transport": "ipc", "connection_file": f"{self._folder.name}/kernel.json"}
        super().__init__(**options, **private)

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start the kernel; its IPython folder is empty, as a user's startup files must not change a report."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        environment = {"IPYTHONDIR": self._folder.name, "MPLBACKEND": "agg"}
        return KernelSpec(argv=argv, env=environment, display_name="Python", language="python")


def _short_folder() -> str:
    """A folder for temporary files whose name leaves room for that of a socket: TMPDIR itself where it can be."""
    for folder in (gettempdir(), os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp", "/var/tmp", "/dev/shm"):
        if folder and len(os.fsencode(folder + SOCKET)) <= LONGEST_SOCKET and os.access(folder, os.W_OK | os.X_OK):
            return folder
    longest = LONGEST_SOCKET - len(SOCKET)
    raise BlockedError(
        "no folder for the sockets of a page's kernel",
        where="TMPDIR",
        expected=f"a folder that can be written, of at most {longest} characters",
        got=gettempdir(),
        do="set TMPDIR to one",
    )
