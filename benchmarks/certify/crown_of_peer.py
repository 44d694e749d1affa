"""CROWN and IBP with the pixel box against auto_LiRPA 0.3: equal numbers, CPU seconds and memory.

Both read the network and bound every margin of the same test images, in one batch, one thread. ``of_peer`` is our
CPU seconds over theirs as both come: they bound only units that intervals leave open, by CROWN alone, and take
intervals for the others; we bound the same units, and intersect CROWN's bounds with intervals. ``plain_of_peer``
compares CROWN on every unit and without intervals, where the bounds are the same by definition.
``memory_of_peer`` compares how far one call raises the memory of a fresh process, after a first call at radius 0 on
one image. ``looser`` is by how much a bound of ours is below theirs at most, relative to 1 + |bound|.

Run it from the project, in an environment with auto_LiRPA 0.3 (installed without its requirements, which ask for an
old torch): ``PYTHONPATH=benchmarks/peers python benchmarks/certify/crown_of_peer.py``.
"""

from pathlib import Path
from statistics import geometric_mean
from typing import Any

import torch
from auto_lirpa import BoundedModule, BoundedTensor, PerturbationLpNorm
from common import keep, options, timed
from subjects import LONG, SHAPE, Bound, Subject, gaps, peak_memory, subjects
from torch import Tensor

from distillab.certify.crown import CROWN
from distillab.certify.ibp import IBP
from distillab.certify.trace import trace
from distillab.specs.certifier import CertifierSpec

EVERY_UNIT = {"sparse_intermediate_bounds": False, "sparse_conv_intermediate_bounds": False}


def crown(subject: Subject) -> Tensor:
    """Our margins by default."""
    return _ours(subject, CROWN())


def plain_crown(subject: Subject) -> Tensor:
    """Our margins without intervals."""
    return _ours(subject, CROWN(intersect=False))


def ibp(subject: Subject) -> Tensor:
    """Our margins from intervals."""
    return _ours(subject, IBP())


def their_crown(subject: Subject) -> Tensor:
    """Their margins by default."""
    return _theirs(subject, "CROWN", {})


def their_plain_crown(subject: Subject) -> Tensor:
    """Their margins from CROWN on every unit."""
    return _theirs(subject, "CROWN", EVERY_UNIT)


def their_ibp(subject: Subject) -> Tensor:
    """Their margins from intervals."""
    return _theirs(subject, "IBP", {})


def compared(subject: Subject) -> dict[str, Any]:
    """Seconds, memory and differences of the bounds."""
    n = len(subject.x)
    (mine, seconds), (peer, peer_seconds) = _fastest(crown, subject), _fastest(their_crown, subject)
    (plain, plain_seconds), (peer_plain, peer_plain_seconds) = (
        _fastest(b, subject) for b in (plain_crown, their_plain_crown)
    )
    (box, ibp_seconds), (peer_box, peer_ibp_seconds) = (_fastest(bound, subject) for bound in (ibp, their_ibp))
    memory, peer_memory = (peak_memory(bound, subject) for bound in (crown, their_crown))
    return {
        "images": n,
        "eps": subject.eps,
        "milliseconds": 1000 * seconds / n,
        "peer_milliseconds": 1000 * peer_seconds / n,
        "of_peer": seconds / peer_seconds,
        "plain_of_peer": plain_seconds / peer_plain_seconds,
        "ibp_of_peer": ibp_seconds / peer_ibp_seconds,
        "megabytes": memory,
        "peer_megabytes": peer_memory,
        "memory_of_peer": memory / peer_memory,
        **gaps(mine, peer),
        "plain_difference": gaps(plain, peer_plain)["difference"],
        "ibp_difference": gaps(box, peer_box)["difference"],
    }


def _fastest(bound: Bound, subject: Subject) -> tuple[Tensor, float]:
    """Margins and the least CPU seconds of several calls, or of one where a call takes long."""
    found, first = timed(lambda: bound(subject))
    again = [] if first.cpu > LONG else [timed(lambda: bound(subject))[1] for _ in range(3)]
    return found, min(time.cpu for time in (first, *again))


def _ours(subject: Subject, spec: CertifierSpec) -> Tensor:
    with torch.no_grad():
        return spec.margins(trace(subject.model, SHAPE), subject.x, subject.y, subject.eps)


def _theirs(subject: Subject, method: str, bound_options: dict[str, Any]) -> Tensor:
    x, identity = subject.x, torch.eye(10)
    network = BoundedModule(subject.model, x, bound_opts=bound_options)
    lower, upper = (x - subject.eps).clamp(min=0), (x + subject.eps).clamp(max=1)
    ball = PerturbationLpNorm(norm=float("inf"), eps=subject.eps, x_L=lower, x_U=upper)
    rows = identity[subject.y][:, None] - identity
    with torch.no_grad():
        margins, _ = network.compute_bounds((BoundedTensor(x, ball),), C=rows, method=method, bound_upper=False)
    return margins


def main() -> None:
    """Measure and keep."""
    arguments = options(__doc__)
    torch.set_num_threads(arguments.threads)
    result: dict[str, Any] = {}
    for subject in subjects(arguments.data, quick=arguments.quick):
        result[subject.name] = compared(subject)
        print(subject.name, result[subject.name], flush=True)
    means = {
        f"{ratio}_geometric_mean": geometric_mean([row[ratio] for row in result.values()])
        for ratio in ("of_peer", "memory_of_peer")
    }
    if not arguments.quick:
        keep("crown_of_auto_lirpa", result | means, Path(__file__).parent / "results")


if __name__ == "__main__":
    main()
