"""What a sidecar records about the machine and the run."""

import os
import platform
import socket
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_RECORDED = ("distillab", "torch", "torchvision", "numpy", "safetensors", "pyarrow")


def environment(device: str, threads: int) -> dict[str, str]:
    """Versions, device, threads and machine: what moves the last bits, and equal for equal runs on one machine type."""
    versions = {name: _version(name) for name in _RECORDED}
    return versions | {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": processor(),
        "kernels": kernels(device),
        "device": device,
        "threads": str(threads),
    }


def processor(described: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name: libraries choose their kernels by its maker, too."""
    try:
        lines = described.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or "unknown"


def kernels(device: str) -> str:
    """What torch computes with: the instruction set or the GPU's name; none where this process did not load torch."""
    torch = sys.modules.get("torch")
    if torch is None:
        return "none"
    return str(torch.cuda.get_device_name() if device == "cuda" else torch.backends.cpu.get_cpu_capability())


def run_record(seconds: float) -> dict[str, object]:
    """When, where and how long."""
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "cores": os.cpu_count(),
        "seconds": round(seconds, 3),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
