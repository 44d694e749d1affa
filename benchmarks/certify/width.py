"""Cost of the dual bound against the width of a dense network: exact sweeps, and Cauchy projections.

Every margin of the same random images at one radius, one thread, layers bounded as in the papers: the exact bound
sweeps once for each hidden unit, projections push a fixed number of random directions forward. CPU milliseconds an
image, the least of some repetitions. The report of the study ``certified`` draws what is kept.

Run it from the project: ``PYTHONPATH=benchmarks/peers python benchmarks/certify/width.py``.
"""

from itertools import pairwise
from pathlib import Path

import torch
from common import keep, options, timed
from torch import nn

from distillab.certify.dual import Dual
from distillab.certify.projections import Projections
from distillab.certify.trace import trace
from distillab.core.generators import forked, generator

INPUTS, HIDDEN, CLASSES, EPS = 784, 3, 10, 0.1
WIDTHS = (50, 100, 200, 400, 800)
IMAGES, REPETITIONS, DIRECTIONS = 10, 3, 51


def dense(width: int) -> nn.Sequential:
    """Hidden layers of ``width`` units, as PyTorch initializes them."""
    sizes = (INPUTS, *(width,) * HIDDEN, CLASSES)
    layers: list[nn.Module] = []
    for first, second in pairwise(sizes):
        layers += [nn.Linear(first, second), nn.ReLU()]
    return nn.Sequential(*layers[:-1]).eval()


def measured(width: int, repetitions: int) -> dict[str, float]:
    """CPU milliseconds an image of both bounds."""
    with forked(0, f"width-{width}"):
        graph = trace(dense(width), (INPUTS,))
    x = torch.rand(IMAGES, INPUTS, generator=generator(0, "images"))
    y = torch.zeros(IMAGES, dtype=torch.int64)
    exact, projected = Dual(intersect=False), Projections(directions=DIRECTIONS)

    def least(bound: object, seed: int | None = None) -> float:
        more = {} if seed is None else {"seed": seed}
        return min(timed(lambda: bound(graph, x, y, EPS, **more))[1].cpu for _ in range(repetitions))

    with torch.no_grad():
        seconds = {"exact": least(exact.margins), "projected": least(projected.estimates, seed=0)}
    return {"width": width} | {name: 1000 * value / IMAGES for name, value in seconds.items()}


def main() -> None:
    """Measure and keep."""
    arguments = options(__doc__)
    torch.set_num_threads(arguments.threads)
    rows = [measured(width, REPETITIONS) for width in (WIDTHS[:2] if arguments.quick else WIDTHS)]
    print(*rows, sep="\n")
    if not arguments.quick:
        setup = {"inputs": INPUTS, "hidden": HIDDEN, "eps": EPS, "images": IMAGES, "directions": DIRECTIONS}
        keep("width", {"setup": setup, "rows": rows}, Path(__file__).parent / "results")


if __name__ == "__main__":
    main()
