"""The GPUs that this machine lends to its jobs, known without torch, and which of them a process takes."""

import os
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from socket import gethostname

from distillab.core.locks import hold

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""What says which GPUs a process sees: set by a user, by a cluster for its jobs, or by ``take_gpu``."""

DEVICES = Path("/dev")


def gpus_here(environment: MutableMapping[str, str] = os.environ, devices: Path = DEVICES) -> list[str]:
    """Names of the GPUs as CUDA knows them: those that the environment leaves visible, else all that the driver has.

    CUDA counts what it finds from 0; in a container that has a few of a machine's GPUs the driver's files do not.
    """
    visible = environment.get(VISIBLE)
    if visible is None:
        found = [path for path in devices.glob("nvidia[0-9]*") if path.name.removeprefix("nvidia").isdecimal()]
        return [str(position) for position in range(len(found))]
    names = [name.strip() for name in visible.split(",")]
    return names[: next((i for i, name in enumerate(names) if name in ("", "-1")), len(names))]


def driver(described: Path = Path("/proc/driver/nvidia/version")) -> str:
    """What NVIDIA's driver says of itself; nothing where there is none, or where it does not say."""
    try:
        return described.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def take_gpu(folder: Path, gpus: Sequence[str], environment: MutableMapping[str, str] = os.environ) -> str | None:
    """Leave this process the one GPU that the fewest processes of the project hold, until it ends, however it ends.

    A GPU that nobody holds is taken for itself; where all are held, as many jobs were asked for on purpose, and they
    share. None where there is no GPU, or one alone, which needs no choice.

    Args:
        folder: where the lock files are; one folder per project, which machines may share.
        gpus: names, as ``gpus_here`` tells them.
        environment: where `VISIBLE` is set.
    """
    if len(gpus) < 2:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    turns = 1
    while True:
        for gpu in gpus:
            if hold(folder / f"{gethostname()}-{gpu.replace('/', '_')}-{turns}.lock"):
                environment[VISIBLE] = gpu
                return gpu
        turns += 1
