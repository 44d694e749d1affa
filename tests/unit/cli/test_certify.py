"""``distillab certify --weights``, part by part: defaults, radii, network, images, the printed lines, the file."""

from argparse import Namespace
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from distillab.cli import certify, certify_options, known
from distillab.cli.main import parser
from distillab.core.errors import SpecError
from distillab.data import DATASETS
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.model import Domain

DEFAULTS = {
    "job": None, "weights": None, "arch": None, "eps": None, "certifier": None, "norm": None,
    "as_published": None, "precision": "float32", "cascade": False, "no_input_box": False,
    "data": None, "root": "data", "images": None, "mean": None, "std": None,
    "normalization": None, "entry": None, "network": None, "radius_steps": 0, "threads": 1, "output": None,
}  # fmt: skip

GIVEN = (
    "--weights net.pth --arch wong_small --eps 0.1 --eps 8/255 --certifier ibp --norm l2 --no-input-box --data digits "
    "--root elsewhere --images 7 --mean 0.5 0.25 --std 1 2 --normalization none --entry ema --network 3 "
    "--radius-steps 4 --threads 2 --output rows.parquet --as-published scaling --precision float64 --cascade"
)


def chosen(text=""):
    options = vars(parser().parse_args(["certify", *text.split()]))
    return {name: options[name] for name in DEFAULTS}


def weights_of(name, shape, classes, path):
    """A file with the first weights of a network; the network."""
    channels = shape[0]
    domain = Domain(shape, classes, (0.0,) * channels, (1.0,) * channels)
    model = build_model(MODELS.parse({"name": name}), domain, seed=5)
    torch.save(model.network.state_dict(), path)
    return model


def test_defaults_are_those_that_the_help_says():
    assert chosen() == DEFAULTS
    filled = known.filled(Namespace(**DEFAULTS), None)
    assert vars(filled) == DEFAULTS | {"certifier": "best", "norm": "linf", "data": "mnist"}


def test_every_option_has_its_type():
    assert chosen(GIVEN) == DEFAULTS | {
        "weights": "net.pth", "arch": "wong_small", "eps": ["0.1", "8/255"], "certifier": "ibp", "norm": "l2",
        "no_input_box": True, "data": "digits", "root": "elsewhere", "images": 7, "mean": [0.5, 0.25],
        "std": [1.0, 2.0], "normalization": "none", "entry": "ema", "network": 3,
        "radius_steps": 4, "threads": 2, "output": "rows.parquet",
        "as_published": "scaling", "precision": "float64", "cascade": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "wanted"), [("weights", True), ("arch", True), ("eps", True), ("images", False), ("job", False)]
)
def test_one_of_three_options_says_that_it_is_about_weights(given, wanted):
    assert certify.wants_weights(Namespace(**DEFAULTS | {given: "0"})) is wanted


def test_radii_are_exact_distinct_and_increasing():
    options = Namespace(**DEFAULTS | {"weights": "w", "arch": "a", "eps": ["0.5", "8/255", "1/8", "0.3", "0.125"]})
    assert certify_options.radii(options) == [8 / 255, 0.125, 0.3, 0.5]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weights": None}, "--weights: missing; expected --weights FILE --arch NAME --eps E"),
        ({"job": "all"}, "--weights: a job and published weights exclude each other; got all"),
        ({"eps": ["1", "x"]}, "--eps: not a radius; expected a positive number or a fraction like 8/255; got x"),
    ],
)
def test_wrong_radii_are_told_in_full(change, says):
    with pytest.raises(SpecError) as error:
        certify_options.radii(Namespace(**DEFAULTS | {"weights": "w", "arch": "a", "eps": ["1"]} | change))
    assert str(error.value) == says


def test_a_number_may_be_the_least_and_not_less():
    certify_options.refuse_less(Namespace(radius_steps=0, images=None, threads=3), radius_steps=0, images=1, threads=3)
    with pytest.raises(SpecError) as error:
        certify_options.refuse_less(Namespace(radius_steps=1), radius_steps=2)
    assert str(error.value) == "--radius-steps: too small; expected at least 2; got 1"


def test_data_sets_that_need_more_than_a_folder_are_named_with_the_others():
    plain = [
        spec.model_fields["name"].default
        for spec in DATASETS
        if not spec.streaming and not any(field.is_required() for field in spec.model_fields.values())
    ]
    assert {"digits", "mnist", "cifar10"} <= set(plain)
    for wrong in ("imagenet", "image_folder"):
        assert wrong not in plain
        with pytest.raises(SpecError) as error:
            certify._data(Namespace(data=wrong, root="data"))
        assert str(error.value) == (
            "--data: needs more than a folder, or does not fit in memory; "
            f"expected one of {', '.join(plain)}; got {wrong}"
        )


def certifier_of(*, normalized=False, **options):
    return certify._certifier(
        Namespace(**DEFAULTS | {"certifier": "dual", "norm": "linf"} | options), normalized=normalized
    )


def test_a_certifier_has_the_norm_and_the_box_that_were_asked_for():
    for box in (True, False):
        spec = certifier_of(norm="l1", no_input_box=not box)
        assert (spec.name, spec.norm, spec.input_box, spec.intersect) == ("dual", "l1", box, True)
    with pytest.raises(SpecError) as error:
        certifier_of(certifier="lp", norm="l2")
    assert str(error.value) == "--norm: not covered; expected linf or l1; got l2"


@pytest.mark.parametrize(
    ("paper", "normalized", "box"),
    [("wong-kolter", False, False), ("wong-kolter", True, False), ("scaling", False, True), ("scaling", True, False)],
)
def test_a_published_bound_does_not_intersect_and_has_the_box_of_its_code(paper, normalized, box):
    spec = certifier_of(certifier="best", as_published=paper, normalized=normalized)
    assert (spec.name, spec.input_box, spec.intersect, spec.as_published) == ("dual", box, False, paper)


@pytest.mark.parametrize(
    ("data", "statistics"),
    [("digits", ((0.0,), (1.0,))), ("cifar10", ((0.0,) * 3, (1.0,) * 3)), ("digits", ((0.5,), (0.25,)))],
)
def test_the_network_is_built_for_the_data_and_its_normalization(tmp_path, monkeypatch, data, statistics):
    spec = DATASETS.parse({"name": data})
    weights_of("wong_small", spec.facts.shape, spec.facts.classes, tmp_path / "net.pth")
    built, traced = [], []
    monkeypatch.setattr(
        "distillab.models.load.build_model",
        lambda *arguments, seed: built.append(arguments) or build_model(*arguments, seed=seed),
    )
    monkeypatch.setattr("distillab.certify.trace.trace", lambda model, shape: traced.append((model, shape)))
    given = {"normalization": "none"} if statistics[1][0] == 1 else {"mean": [0.5], "std": [0.25]}
    options = {"arch": "wong_small", "weights": str(tmp_path / "net.pth")} | given
    graphs, normalized = certify._graphs(Namespace(**DEFAULTS | options), spec)
    assert len(graphs) == 1
    assert normalized is ("mean" in given)
    assert built == [(MODELS.parse({"name": "wong_small"}), Domain(spec.facts.shape, 10, *statistics))]
    ((model, shape),) = traced
    assert shape == spec.facts.shape
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    saved = torch.load(tmp_path / "net.pth")
    assert all(torch.equal(tensor, saved[name]) for name, tensor in model.network.state_dict().items())


def test_images_are_the_first_test_images_as_shares_of_their_levels():
    pixels = torch.arange(20, dtype=torch.uint8).reshape(5, 1, 2, 2)
    data = SimpleNamespace(read=lambda: SimpleNamespace(test_x=pixels, levels=40, test_y=torch.arange(5) + 3))
    x, y = certify._images(data, 2)
    assert y.tolist() == [3, 4]
    assert x.flatten().tolist() == pytest.approx([value / 40 for value in range(8)])
    assert [len(part) for part in certify._images(data, None)] == [5, 5]


ROWS = pd.DataFrame({"eps": [0.05, 0.5], "by": ["ibp", ""]})


def test_a_file_of_rows_has_no_index(tmp_path):
    certify._write(ROWS, tmp_path / "rows.parquet")
    assert pq.read_schema(tmp_path / "rows.parquet").pandas_metadata["index_columns"] == []
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_rows_of_several_networks_say_which():
    one = certify._numbered([ROWS])
    assert one["id"].tolist() == [0, 0]
    assert "network" not in one
    two = certify._numbered([ROWS, ROWS])
    assert two["network"].tolist() == [0, 0, 1, 1]


def test_threads_progress_and_radius_steps_reach_the_work(tmp_path, monkeypatch, capsys):
    weights_of("wong_small", (1, 8, 8), 10, tmp_path / "net.pth")
    said, threads = [], torch.get_num_threads()
    monkeypatch.setattr(certify, "_patient", lambda _say: said.append)
    text = f"--weights {tmp_path}/net.pth --arch wong_small --eps 0.01 --data digits --images 40 --certifier ibp"
    text += " --normalization none"
    options = parser().parse_args(["certify", *f"{text} --radius-steps 2 --threads 2 --output {tmp_path}/r".split()])
    try:
        assert certify.certify_weights(options) == 0
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert said[-1] == "radii up to 0.01 in 2 halvings"
    assert capsys.readouterr().out.splitlines()[0] == "wong_small on Digits (8x8), linf, IBP, 40 test images"
    rows = pd.read_parquet(tmp_path / "r")
    assert rows["id"].tolist() == list(range(40))
    assert rows["radius"].between(0, 0.01).all()
