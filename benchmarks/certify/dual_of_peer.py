"""The dual bound with the pixel box against convex_adversarial's exact one: equal numbers, CPU seconds per image.

Both bound every margin of the same test images on the same network, one thread, in one process. ``of_peer`` is ours
over theirs with the layers' bounds of the paper, which are equal; ``intersected_of_peer`` is our default, whose
bounds differ. The networks are trained without a defense, so that many units are unstable, and, named ``robust``, on
the dual bound itself, where few are: the peer's cost grows with them, ours does not.

Run it from the project, in an environment with convex_adversarial 0.4.4:
``PYTHONPATH=benchmarks:benchmarks/peers python benchmarks/certify/dual_of_peer.py``.
"""

from math import prod
from pathlib import Path
from typing import Any

import torch
from common import keep, options, timed
from convex_adversarial import DualNetwork
from torch import Tensor, nn

from distillab.certify.dual import Dual
from distillab.certify.trace import trace
from distillab.core.generators import forked
from distillab.core.shapes import Images, Labels
from distillab.data import DATASETS
from distillab.losses.cross_entropy import cross_entropy
from distillab.models.wong import WongLarge, WongSmall

SHAPE = (1, 28, 28)
BATCH = 50


def dense(shape: tuple[int, int, int], classes: int) -> nn.Sequential:
    """Three hidden layers of 256 units."""
    layers = (nn.Linear(prod(shape), 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU())
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(256, classes))


SUBJECTS = {
    "wong_small": (WongSmall().build, 0.1, 400, 0, 20),
    "dense": (dense, 0.1, 400, 0, 20),
    "wong_large": (WongLarge().build, 0.1, 100, 0, 1),
    "wong_small robust": (WongSmall().build, 0.1, 100, 40, 20),
}
"""Builder, radius, steps of plain and of robust training, and how many images are bounded."""


def trained(net: nn.Module, x: Images, y: Labels, *, plain: int, robust: int, eps: float) -> nn.Module:
    """The network after some Adam steps on its cross-entropy, then on that of its margins at a growing radius."""
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    for step in range(plain + robust):
        batch = order[step * BATCH % len(x) :][:BATCH]
        if step < plain:
            loss = cross_entropy(net(x[batch]), y[batch]).mean()
        else:
            radius = eps * min(1.0, 0.1 + (step - plain) / robust)
            margins = Dual().margins(trace(net, SHAPE), x[batch], y[batch], radius)
            loss = cross_entropy(-margins, y[batch]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval()


def theirs(net: nn.Module, x: Images, y: Labels, eps: float) -> Tensor:
    """Their margins, one image at a time: batches make them slower."""
    identity = torch.eye(10)
    rows = (identity[y][:, None] - identity).unsqueeze(1)
    return torch.cat([DualNetwork(net, x[i : i + 1], eps, bounded_input=True)(rows[i]) for i in range(len(x))])


def compared(net: nn.Module, x: Images, y: Labels, eps: float) -> dict[str, Any]:
    """Seconds and the largest difference of the bounds, relative to 1 + |bound|."""
    graph = trace(net, SHAPE)
    with torch.no_grad():
        Dual(intersect=False).margins(graph, x[:1], y[:1], eps)
        ours, our_time = timed(lambda: Dual(intersect=False).margins(graph, x, y, eps))
        _, best_time = timed(lambda: Dual().margins(graph, x, y, eps))
        peer, peer_time = timed(lambda: theirs(net, x, y, eps))
    return {
        "images": len(x),
        "eps": eps,
        "milliseconds": 1000 * our_time.cpu / len(x),
        "peer_milliseconds": 1000 * peer_time.cpu / len(x),
        "of_peer": our_time.cpu / peer_time.cpu,
        "intersected_of_peer": best_time.cpu / peer_time.cpu,
        "difference": float(((ours - peer).abs() / (1 + peer.abs())).max()),
    }


def main() -> None:
    """Measure and keep."""
    arguments = options(__doc__)
    torch.set_num_threads(arguments.threads)
    raw = DATASETS.parse({"name": "mnist", "root": arguments.data}).read()
    train, test = ((x.view(-1, *SHAPE).float() / 255) for x in (raw.train_x, raw.test_x[:20]))
    result: dict[str, Any] = {}
    for name, (build, eps, plain, robust, n) in SUBJECTS.items():
        if arguments.quick and name != "wong_small":
            continue
        with forked(0, name):
            net = build(SHAPE, 10)
        net = trained(net, train, raw.train_y, plain=plain, robust=robust, eps=eps)
        result[name] = compared(net, test[:n], raw.test_y[:n], eps)
        print(name, result[name], flush=True)
    if not arguments.quick:
        keep("dual_of_convex_adversarial", result, Path(__file__).parent / "results")


if __name__ == "__main__":
    main()
