"""A notebook kernel of the Python that is running, whatever kernels the machine has installed."""

import sys
from tempfile import TemporaryDirectory
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager


class RunningPython(AsyncKernelManager):
    """Starts ``sys.executable``: no installed kernelspec, no ``python`` on the PATH, no profile of the user.

    The kernel talks over sockets in a private folder: no port is opened that other users could reach.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - traits of the base class
        self._folder = TemporaryDirectory(prefix="distillab-")
        private = {"transport": "ipc", "connection_file": f"{self._folder.name}/kernel.json"}
        super().__init__(**options, **private)

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start the kernel; its IPython folder is empty, as a user's startup files must not change a report."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        environment = {"IPYTHONDIR": self._folder.name, "MPLBACKEND": "agg"}
        return KernelSpec(argv=argv, env=environment, display_name="Python", language="python")
