"""Networks small enough to see every bound: the specification's test vectors, and a polytope in the plane.

Nothing random and nothing timed: the report of the study ``certified`` draws the numbers that this script keeps, and a
test computes them again. Run it from the project: ``python benchmarks/certify/toys.py``.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from distillab.certify.alpha_crown import AlphaCROWN
from distillab.certify.crown import CROWN
from distillab.certify.dual import Dual
from distillab.certify.graph import Graph
from distillab.certify.ibp import IBP
from distillab.certify.lp import LP
from distillab.certify.milp import MILP
from distillab.certify.trace import trace
from distillab.specs.certifier import CertifierSpec

RESULT = Path(__file__).parent / "results" / "toys.json"

Layer = tuple[list[list[float]], list[float]]
"""Weights and biases of a dense layer."""

Polygon = NDArray[np.float64]
"""Corners (n, 2) in order."""


@dataclass(frozen=True)
class Toy:
    """A dense ReLU network of two inputs and two logits, an image and a radius."""

    x: tuple[float, float]
    eps: float
    layers: tuple[Layer, ...]

    def bounds(self, certifier: CertifierSpec, directions: Polygon) -> NDArray[np.float64]:
        """The certifier's lower bounds (n,) of c . Z over the ball, for directions c (n, 2).

        Certifiers bound differences of logits: here those of a zero logit and -c . Z, from one more linear layer.
        """
        x = torch.tensor([self.x], dtype=torch.float64)
        margins = certifier.margins(self._reading(directions), x, torch.tensor([0]), self.eps)
        found: NDArray[np.float64] = margins[0, 1:].numpy()
        return found

    def _reading(self, directions: Polygon) -> Graph:
        weight, bias = (np.asarray(part, dtype=np.float64) for part in self.layers[-1])
        read = np.vstack([np.zeros((1, 2)), -directions])
        modules: list[nn.Module] = []
        for layer in (*self.layers[:-1], (read @ weight, read @ bias)):
            modules += [_dense(*layer), nn.ReLU()]
        return trace(nn.Sequential(*modules[:-1]).requires_grad_(requires_grad=False), (2,))


VECTORS = {
    "A": Toy((0, 0), 0.5, (
        ([[0.5, 2], [-1.5, 1.5], [-2, -1]], [0.5, -0.5, -0.5]),
        ([[2, 1.5, -2], [1.5, 1.5, -0.5], [-1, 2, 2]], [0.5, -1, 0.5]),
        ([[1, -0.5, -1.5], [2, -1, 0.5]], [1, 0.5]),
    )),
    "B": Toy((0, 0), 0.5, (
        ([[-2, -1], [0.5, 2], [2, -0.5]], [0, -0.5, -0.5]),
        ([[-2, 2, -1.5], [-1.5, -1.5, 1.5], [0.5, -0.5, -1]], [-1, -0.5, -0.5]),
        ([[-0.5, 1, 2], [2, -1.5, 1]], [1, 1]),
    )),
    "C": Toy((1, 0), 0.5, (
        ([[2, -0.5], [-1, 0.5], [-1.5, 1]], [-0.5, 0.5, 1]),
        ([[-2, 0.5, -2], [-2, -1.5, 1], [-0.5, -0.5, 0.5]], [1, 0, -1]),
        ([[-2, 2, -0.5], [2, 1.5, -1.5]], [1, 1]),
    )),
}  # fmt: skip
"""Three networks of six hidden units; the margin is that of the first logit over the second."""

PLANE = Toy((0.5, 0.5), 0.4, (
    ([[-0.25, 2], [-2, 0.5]], [-1, 1.25]),
    ([[1.75, -1.25], [0.25, -1.25]], [1, 1]),
    ([[-0.5, -0.75], [2, -1.25]], [3, -2.25]),
))  # fmt: skip
"""Two hidden layers of two units; robust, as linear programs can prove and the dual bound and intervals cannot."""

RUNGS: dict[str, CertifierSpec] = {
    "exact (MILP)": MILP(input_box=False),
    "LP, layers by LPs": LP(layers="lp", input_box=False),
    "LP": LP(input_box=False),
    "alpha-CROWN": AlphaCROWN(input_box=False),
    "CROWN": CROWN(input_box=False),
    "WK dual": Dual(input_box=False),
    "IBP": IBP(input_box=False),
}
"""Certifiers from the tightest down; down to CROWN each is at least the next on every network."""


OUTER: dict[str, CertifierSpec] = {"IBP": IBP(), "WK dual": Dual(), "CROWN": CROWN(), "LP": LP()}
"""Certifiers whose enclosures are drawn."""


def ladder() -> list[dict[str, Any]]:
    """Lower bounds of the margin of every vector."""
    return [
        {"network": name, "certifier": rung, "bound": margin_bound(toy, certifier)}
        for name, toy in VECTORS.items()
        for rung, certifier in RUNGS.items()
    ]


def plane() -> dict[str, Any]:
    """What the ball of `PLANE` becomes, exactly, and what certifiers cannot exclude."""
    parts = pieces(PLANE)
    exact = min(float((logits[:, 0] - logits[:, 1]).min()) for _, logits in parts)
    return {
        "x": PLANE.x,
        "pieces": [{"inputs": part.tolist(), "logits": logits.tolist()} for part, logits in parts],
        "outlines": {name: enclosure(PLANE, certifier).tolist() for name, certifier in OUTER.items()},
        "exact": exact,
        "bounds": {name: margin_bound(PLANE, certifier) for name, certifier in OUTER.items()},
    }


def margin_bound(toy: Toy, certifier: CertifierSpec) -> float:
    """The certifier's lower bound of the first logit's margin over the second."""
    return float(toy.bounds(certifier, np.array([[1.0, -1.0]]))[0])


def clipped(polygon: Polygon, normal: NDArray[np.float64], offset: float) -> Polygon:
    """The part of a convex polygon where normal . p >= offset; corners in their order, none where nothing is left."""
    corners, height = [], polygon @ normal - offset
    for p, q, a, b in zip(polygon, np.roll(polygon, -1, axis=0), height, np.roll(height, -1), strict=True):
        if a >= 0:
            corners.append(p)
        if (a > 0 > b) or (a < 0 < b):
            corners.append(p + (q - p) * a / (a - b))
    return np.array(corners).reshape(-1, 2)


def pieces(toy: Toy) -> list[tuple[Polygon, Polygon]]:
    """The network's linear pieces over the ball: each one's part of the input, and its image among the logits.

    Every unit splits the parts on which its sign changes; on what remains the network is affine.
    """
    x, eps = np.array(toy.x), toy.eps
    square = x + eps * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    parts = [(square, np.eye(2), np.zeros(2))]
    for layer in toy.layers[:-1]:
        parts = [piece for part in parts for piece in _split(*part, layer)]
    weight, bias = (np.asarray(part, dtype=np.float64) for part in toy.layers[-1])
    return [(polygon, polygon @ (weight @ a).T + weight @ b + bias) for polygon, a, b in parts]


def enclosure(toy: Toy, certifier: CertifierSpec, directions: int = 72) -> Polygon:
    """The logits that the certifier cannot exclude, from its bounds in evenly spread directions."""
    angles = 2 * np.pi * np.arange(directions) / directions
    normals = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    polygon = 1e3 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1.0]])
    for normal, bound in zip(normals, toy.bounds(certifier, normals), strict=True):
        polygon = clipped(polygon, normal, float(bound))
    return polygon


def _split(
    polygon: Polygon, a: NDArray[np.float64], b: NDArray[np.float64], layer: Layer
) -> list[tuple[Polygon, NDArray[np.float64], NDArray[np.float64]]]:
    """Parts on which every unit of the layer keeps its sign, with the affine map that the layer is there."""
    weight, bias = (np.asarray(part, dtype=np.float64) for part in layer)
    slopes, offsets = weight @ a, weight @ b + bias
    parts: list[tuple[Polygon, list[bool]]] = [(polygon, [])]
    for slope, offset in zip(slopes, offsets, strict=True):
        halves = [
            (clipped(part, sign * slope, -sign * offset), [*active, sign > 0])
            for part, active in parts
            for sign in (1, -1)
        ]
        parts = [(half, active) for half, active in halves if _area(half) > 1e-12]
    return [(part, slopes * np.c_[active], offsets * active) for part, active in parts]


def _area(polygon: Polygon) -> float:
    x, y = polygon.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _dense(weight: object, bias: object) -> nn.Linear:
    weights, biases = (torch.as_tensor(np.asarray(part, dtype=np.float64)) for part in (weight, bias))
    layer = nn.Linear(weights.shape[1], weights.shape[0], dtype=torch.float64)
    layer.weight, layer.bias = nn.Parameter(weights), nn.Parameter(biases)
    return layer


def main() -> None:
    """Compute and keep."""
    torch.set_num_threads(1)
    record = json.loads(json.dumps({"ladder": ladder(), "plane": plane()}), parse_float=lambda x: round(float(x), 6))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(record) + "\n", encoding="utf-8")
    print(f"{RESULT}: {len(record['ladder'])} bounds")


if __name__ == "__main__":
    main()
