"""The test vectors of the specification: four networks that can be checked by hand or by enumeration."""

import pytest
import torch
from torch import nn

from distillab.certify.alpha_crown import AlphaCROWN
from distillab.certify.ball import ball_of
from distillab.certify.bounds import LayerBounds, margins_under
from distillab.certify.crown import CROWN
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.lp import LP
from distillab.certify.milp import MILP
from distillab.certify.trace import trace

Y = torch.tensor([0])
VECTORS = {
    "A": ([0, 0], [[.5, 2], [-1.5, 1.5], [-2, -1]], [.5, -.5, -.5],
          [[2, 1.5, -2], [1.5, 1.5, -.5], [-1, 2, 2]], [.5, -1, .5], [[1, -.5, -1.5], [2, -1, .5]], [1, .5]),
    "B": ([0, 0], [[-2, -1], [.5, 2], [2, -.5]], [0, -.5, -.5],
          [[-2, 2, -1.5], [-1.5, -1.5, 1.5], [.5, -.5, -1]], [-1, -.5, -.5], [[-.5, 1, 2], [2, -1.5, 1]], [1, 1]),
    "C": ([1, 0], [[2, -.5], [-1, .5], [-1.5, 1]], [-.5, .5, 1],
          [[-2, .5, -2], [-2, -1.5, 1], [-.5, -.5, .5]], [1, 0, -1], [[-2, 2, -.5], [2, 1.5, -1.5]], [1, 1]),
}  # fmt: skip
LOGITS = {"A": [2.5, 3.5], "B": [1, 1], "C": [1, 1]}
OWN = {"input_box": False, "intersect": False}
BOTH = {"input_box": False}
TABLE = [
    (MILP(**BOTH), (-5.3125, -0.9375, 0)),
    (LP(layers="lp", **BOTH), (-7.897163, -1.15625, 0)),
    (LP(layers="dual", **OWN), (-9.038055, -3.779941, -0.651482)),
    (LP(layers="ibp", **BOTH), (-8.307990, -1.241667, -2.205189)),
    (LP(layers="dual", **BOTH), (-8.123897, -1.241667, -0.651482)),
    (Dual(**OWN), (-9.503580, -5.751664, -0.709809)),
    (Dual(**BOTH), (-8.523607, -2.219940, -0.710052)),
    (CROWN(**OWN), (-9.219114, -1.25, -2.5)),
    (CROWN(layers="ibp", **BOTH), (-8.456910, -1.25, -2.5)),
    (CROWN(**BOTH), (-8.366071, -1.25, -2.5)),
    (IBP(**BOTH), (-14, -1.25, -2.5)),
]


def stack(numbers):
    """Dense layers with ReLU between them, from weights and biases in turn; None is a zero bias."""
    layers = []
    for weight, bias in zip(numbers[::2], numbers[1::2], strict=True):
        weights = torch.tensor(weight, dtype=torch.float64)
        layer = nn.Linear(weights.shape[1], weights.shape[0])
        layer.weight = nn.Parameter(weights)
        layer.bias = nn.Parameter(torch.zeros(len(weights)).double() if bias is None else torch.tensor(bias).double())
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def subject(name):
    """The graph and the image of a vector."""
    x, *numbers = VECTORS[name]
    return trace(stack(numbers), (2,)), torch.tensor([x], dtype=torch.float64)


@pytest.mark.parametrize("name", VECTORS)
def test_logits(name):
    graph, x = subject(name)
    assert graph(x)[0].tolist() == LOGITS[name]


@pytest.mark.parametrize("column", range(3), ids=list(VECTORS))
@pytest.mark.parametrize(("spec", "expected"), TABLE, ids=lambda value: getattr(value, "name", ""))
def test_table(spec, expected, column):
    graph, x = subject(list(VECTORS)[column])
    margins = spec.margins(graph, x, Y, 0.5)
    assert margins[0, 0] == 0
    assert margins[0, 1].item() == pytest.approx(expected[column], abs=1e-5)


@pytest.mark.parametrize(("name", "expected"), [("A", -8.664619), ("B", -2.164271), ("C", -2.343454)])
def test_dual_on_interval_bounds(name, expected):
    graph, x = subject(name)
    ball = ball_of(Dual(**BOTH), x, 0.5)
    found = margins_under(graph, Y, ball, LayerBounds().of(graph, ball), "parallel")
    assert found[0, 1].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("slopes", "lower", "upper"),
    [
        ((), [-1.5, -1.5, -1.25], [5.5, 3.125, 4.5]),
        (("parallel",), [-2.8, -2.5375, -2.916667], [6.083333, 2.708333, 4.025]),
        (("adaptive",), [-3, -2.625, -1.25], [4.8, 2.6, 4.25]),
    ],
)
def test_layer_bounds_of_a(slopes, lower, upper):
    graph, x = subject("A")
    second, third = LayerBounds(slopes, intersect=False).of(graph, ball_of(Dual(**BOTH), x, 0.5)).values()
    assert [side.squeeze().tolist() for side in second] == [[-0.75, -2, -2], [1.75, 1, 1]]
    for found, expected in zip(third, (lower, upper), strict=True):
        assert found.squeeze().tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [(Dual(**OWN), -2.1875), (LP(**BOTH), -2.1875), (CROWN(**OWN), -2.75), (IBP(**BOTH), -2.5), (MILP(**BOTH), -2)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_vector_d_by_hand(spec, expected):
    """One logit against a zero one: x1 + x2 and x1 - x2 through ReLU, subtracted."""
    graph = trace(stack([[[1, 1], [1, -1]], None, [[1, -1], [0, 0]], None]), (2,))
    x = torch.tensor([[0.5, 0]], dtype=torch.float64)
    assert spec.margins(graph, x, Y, 1.0)[0, 1].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("norm", "expected"), [("linf", -0.7), ("l2", -0.5), ("l1", -0.4)])
@pytest.mark.parametrize("spec", [Dual, CROWN])
def test_dual_norms_on_a_linear_map(spec, norm, expected):
    graph = trace(stack([[[3, -4], [0, 0]], None]), (2,))
    margins = spec(norm=norm, input_box=False).margins(graph, torch.zeros(1, 2).double(), Y, 0.1)
    assert margins[0, 1].item() == pytest.approx(expected)


@pytest.mark.parametrize("name", VECTORS)
def test_optimized_slopes_reach_the_lp(name):
    graph, x = subject(name)
    ball = ball_of(Dual(**BOTH), x, 0.5)
    bounds = LayerBounds(("parallel",)).of(graph, ball)
    best = AlphaCROWN(steps=300, decay=0.99).on_layers(graph, Y, ball, bounds)
    exact = LP().on_layers(graph, Y, ball, bounds)
    assert (best <= exact + 1e-9).all()
    assert (best >= exact - 3e-4).all()
