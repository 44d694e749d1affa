"""Toy networks: the specification's numbers, theorems of tightness, and exact images inside every enclosure."""

import json
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from distillab.certify.crown import CROWN
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.lp import LP
from distillab.core.errors import ArtifactError
from distillab.reporting import certified_pictures

RESULTS = Path(__file__).parents[3] / "benchmarks" / "certify" / "results"
toys = SimpleNamespace(**run_path(str(RESULTS.parent / "toys.py")))
PLANE, RUNGS, VECTORS = toys.PLANE, toys.RUNGS, toys.VECTORS

SPECIFIED = {
    "exact (MILP)": (-5.3125, -0.9375, 0), "LP, layers by LPs": (-7.897163, -1.15625, 0),
    "CROWN": (-8.366071, -1.25, -2.5), "WK dual": (-8.523607, -2.219940, -0.710052), "IBP": (-14, -1.25, -2.5),
}  # fmt: skip


@pytest.fixture(scope="module")
def ladder():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield pd.DataFrame(toys.ladder())
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def bounds(ladder):
    return ladder.pivot_table(index="certifier", columns="network", values="bound")


def logits(toy, x):
    for weight, bias in toy.layers[:-1]:
        x = np.maximum(x @ np.array(weight).T + bias, 0)
    weight, bias = toy.layers[-1]
    return x @ np.array(weight).T + bias


def samples(toy, n=2000):
    noise = np.random.default_rng(0).uniform(-1, 1, (n, 2))
    return np.array(toy.x) + toy.eps * noise


@pytest.mark.parametrize("certifier", SPECIFIED)
def test_the_ladder_has_the_numbers_of_the_specification(bounds, certifier):
    assert bounds.loc[certifier, list(VECTORS)].tolist() == pytest.approx(SPECIFIED[certifier], abs=1e-5)


def test_the_theorems_hold_and_the_caption_names_the_counterexamples(bounds, ladder):
    rungs = list(RUNGS)[: list(RUNGS).index("CROWN") + 1]
    falls = bounds.loc[rungs].diff().dropna()
    assert (falls <= 2e-5).all(axis=None)
    said = certified_pictures._counterexamples(ladder)
    assert "IBP beats WK dual on B" in said
    assert "WK dual beats CROWN on C" in said
    assert "IBP beats CROWN" not in said


def test_clipping_a_square_by_hand():
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    assert toys.clipped(square, np.array([1.0, 0]), 0.25).tolist() == [[0.25, 0], [1, 0], [1, 1], [0.25, 1]]
    assert toys.clipped(square, np.array([1.0, 0]), -1.0).tolist() == square.tolist()
    assert len(toys.clipped(square, np.array([1.0, 0]), 2.0)) == 0


@pytest.mark.parametrize("toy", [PLANE, VECTORS["A"], VECTORS["C"]])
def test_pieces_cover_the_ball_once_and_carry_the_network_itself(toy):
    parts = toys.pieces(toy)
    assert sum(toys._area(part) for part, _ in parts) == pytest.approx((2 * toy.eps) ** 2)
    for part, image in parts:
        inner = np.random.default_rng(1).dirichlet(np.ones(len(part)), 5)
        assert logits(toy, inner @ part) == pytest.approx(inner @ image)


@pytest.mark.parametrize("certifier", [IBP(), Dual(), CROWN(), LP()])
def test_no_logits_leave_an_enclosure(certifier):
    outline = toys.enclosure(PLANE, certifier, 24)
    edges = np.roll(outline, -1, axis=0) - outline
    offset = logits(PLANE, samples(PLANE))[:, None] - outline
    side = edges[:, 0] * offset[..., 1] - edges[:, 1] * offset[..., 0]
    assert side.min() >= -1e-9
    assert toys._area(outline) > sum(toys._area(image) for _, image in toys.pieces(PLANE))


def test_the_toy_is_robust_and_only_some_certifiers_can_prove_it():
    exact = logits(PLANE, samples(PLANE)) @ np.array([1, -1])
    found = {name: toys.margin_bound(PLANE, certifier) for name, certifier in
             (("ibp", IBP()), ("dual", Dual()), ("crown", CROWN()), ("lp", LP()))}  # fmt: skip
    assert found["ibp"] < found["dual"] < 0 < found["crown"] < found["lp"] < exact.min()


def test_the_record_is_what_the_script_computes(ladder):
    record = json.loads((RESULTS / "toys.json").read_text())
    for kept, computed in zip(record["ladder"], ladder.to_dict("records"), strict=True):
        assert kept == computed | {"bound": pytest.approx(computed["bound"], abs=2e-6)}
    plane = toys.plane()
    assert record["plane"]["bounds"] == pytest.approx(plane["bounds"], abs=2e-6)
    assert record["plane"]["exact"] == pytest.approx(plane["exact"], abs=2e-6)
    for name, outline in plane["outlines"].items():
        assert toys._area(np.array(record["plane"]["outlines"][name])) == pytest.approx(
            toys._area(np.array(outline)), rel=1e-4
        )


def test_without_a_record_the_page_says_how_to_make_it(tmp_path):
    nothing, none = certified_pictures.ladder(tmp_path), certified_pictures.outlines(tmp_path)
    assert "toys.py</code> computes them" in certified_pictures.ladder_figure(nothing).text
    assert certified_pictures.polytope_figure(tmp_path, none).text == ""
    (tmp_path / "toys.json").write_text('{"ladder": []}')
    with pytest.raises(ArtifactError, match="lacks keys; expected plane"):
        certified_pictures.ladder(tmp_path)
