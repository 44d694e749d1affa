"""The dual bound with the pixel box against convex_adversarial's exact one: equal numbers, CPU seconds and memory.

Both bound every margin of the same test images on the same network, one thread. ``of_peer`` is our CPU seconds over
theirs with the layers' bounds of the paper, which are equal; ``intersected_of_peer`` is our default, whose bounds
differ. ``memory_of_peer`` compares how far one call raises the memory of a fresh process. The networks are trained
without a defense, so that many units are unstable, and, named ``robust``, on the dual bound itself, where few are:
the peer's cost grows with them, ours does not.

Run it from the project, in an environment with convex_adversarial 0.4.4:
``PYTHONPATH=benchmarks:benchmarks/peers python benchmarks/certify/dual_of_peer.py``.
"""

from pathlib import Path
from typing import Any

import torch
from common import keep, options, timed
from convex_adversarial import DualNetwork
from subjects import SHAPE, Subject, gaps, peak_memory, subjects
from torch import Tensor

from distillab.certify.dual import Dual
from distillab.certify.trace import trace


def ours(subject: Subject) -> Tensor:
    """Our margins on the paper's bounds of the layers."""
    return _margins(subject, Dual(intersect=False))


def intersected(subject: Subject) -> Tensor:
    """Our margins by default."""
    return _margins(subject, Dual())


def theirs(subject: Subject) -> Tensor:
    """Their margins, one image at a time: batches make them slower."""
    identity = torch.eye(10)
    rows = (identity[subject.y][:, None] - identity).unsqueeze(1)
    with torch.no_grad():
        networks = (DualNetwork(subject.model, x[None], subject.eps, bounded_input=True) for x in subject.x)
        return torch.cat([network(row) for network, row in zip(networks, rows, strict=True)])


def compared(subject: Subject) -> dict[str, Any]:
    """Seconds, memory, and the largest difference of the bounds."""
    n = len(subject.x)
    mine, our_time = timed(lambda: ours(subject))
    _, best_time = timed(lambda: intersected(subject))
    peer, peer_time = timed(lambda: theirs(subject))
    memory, peer_memory = (peak_memory(bound, subject) for bound in (ours, theirs))
    return {
        "images": n,
        "eps": subject.eps,
        "milliseconds": 1000 * our_time.cpu / n,
        "peer_milliseconds": 1000 * peer_time.cpu / n,
        "of_peer": our_time.cpu / peer_time.cpu,
        "intersected_of_peer": best_time.cpu / peer_time.cpu,
        "megabytes": memory,
        "peer_megabytes": peer_memory,
        "memory_of_peer": memory / peer_memory,
        "difference": gaps(mine, peer)["difference"],
    }


def _margins(subject: Subject, spec: Dual) -> Tensor:
    with torch.no_grad():
        return spec.margins(trace(subject.model, SHAPE), subject.x, subject.y, subject.eps)


def main() -> None:
    """Measure and keep."""
    arguments = options(__doc__)
    torch.set_num_threads(arguments.threads)
    result: dict[str, Any] = {}
    for subject in subjects(arguments.data, quick=arguments.quick):
        ours(subject)
        result[subject.name] = compared(subject)
        print(subject.name, result[subject.name], flush=True)
    if not arguments.quick:
        keep("dual_of_convex_adversarial", result, Path(__file__).parent / "results")


if __name__ == "__main__":
    main()
