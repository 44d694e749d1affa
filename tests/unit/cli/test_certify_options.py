"""``distillab certify --weights``: what it prints, and one clear error for all that is wrong, before any work."""

import pandas as pd
import pytest
import torch

from distillab.cli import certified, certify, main
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.model import Domain

ARCH = "wong_small"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder without params.yaml, and the threads of the process as they were."""
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def weights(tmp_path):
    """Write the weights of a network for 8x8 digits, changed; return the path."""

    def write(change=lambda state: state):
        network = build_model(MODELS.parse({"name": ARCH}), Domain((1, 8, 8), 10, (0.0,), (1.0,)), seed=0).network
        torch.save(change(network.state_dict()), tmp_path / "net.pth")
        return str(tmp_path / "net.pth")

    return write


def run(*arguments):
    return main(["certify", *arguments])


def usual(path, **options):
    chosen = {"weights": path, "arch": ARCH, "eps": "0.01", "data": "digits", "images": "12"}
    chosen |= {} if {"mean", "std", "normalization"} & options.keys() else {"normalization": "none"}
    chosen |= options
    return [word for name, value in chosen.items() if value is not None for word in (f"--{name}", str(value))]


def test_it_prints_a_table_and_writes_rows(weights, capsys, tmp_path):
    code = run(*usual(weights()), "--eps", "1/1000", "--certifier", "dual", "--output", str(tmp_path / "rows.parquet"))
    assert code == 0
    title, head, near, far, *within = capsys.readouterr().out.splitlines()
    assert title == "wong_small on Digits (8x8), linf, WK dual, 12 test images"
    assert head.split()[:3] == ["eps", "clean", "certified"]
    assert (near.split()[0], far.split()[0]) == ("0.001", "0.01")
    frame = pd.read_parquet(tmp_path / "rows.parquet")
    assert len(frame) == 2 * 12
    assert set(frame["id"]) == set(range(12))
    shares = [f"{frame.loc[frame['eps'] == eps, 'certified'].mean():.2%}" for eps in (0.001, 0.01)]
    assert [near.split()[2], far.split()[2]] == shares
    counts = [int(frame.loc[frame["eps"] == eps, "slack"].sum()) for eps in (0.001, 0.01)]
    assert within == [
        f"{count} of 12 images undecided within rounding (float32) at eps {eps:g}: counted as not certified"
        for count, eps in zip(counts, (0.001, 0.01), strict=True)
    ]


def test_norm_box_and_normalization_reach_the_bound(weights, monkeypatch):
    seen = []
    monkeypatch.setattr(certified, "lines", lambda *_arguments: ())
    images = torch.rand(3, 1, 8, 8), torch.tensor([0, 1, 2])
    monkeypatch.setattr(certify, "_images", lambda data, _most: seen.append(data) or images)
    made = certify._certifier
    monkeypatch.setattr(certify, "_certifier", lambda *a, **more: seen.append(made(*a, **more)) or seen[-1])
    run(*usual(weights(), norm="l2", certifier="ibp", root="somewhere", mean="0.5", std="0.25"), "--no-input-box")
    (spec, data) = seen
    assert (spec.name, spec.norm, spec.input_box, data.root) == ("ibp", "l2", False, "somewhere")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"eps": "8/0"}, "--eps: not a radius; expected a positive number or a fraction like 8/255; got 8/0"),
        ({"eps": "a few"}, "--eps: not a radius"),
        ({"eps": "-0.1"}, "--eps: not a radius; expected a positive number or a fraction like 8/255; got -0.1"),
        ({"eps": "0"}, "--eps: not a radius"),
        ({"eps": "inf"}, "--eps: not a radius"),
        ({"eps": "nan"}, "--eps: not a radius"),
        ({"eps": None}, "--eps: missing; expected --weights FILE --arch NAME --eps E"),
        ({"arch": None}, "--arch: missing"),
        ({"weights": None}, "--weights: missing"),
        ({"arch": "wong_smal"}, "unknown model; expected one of "),
        ({"arch": "squeezenet"}, "the file holds another network; expected "),
        ({"certifier": "duall"}, "unknown certifier; expected one of ibp, dual"),
        ({"certifier": "lp", "norm": "l2"}, "--norm: not covered; expected linf or l1; got l2"),
        ({"norm": "l3"}, "--norm: not covered; expected linf or l2 or l1; got l3"),
        ({"data": "minst"}, "unknown data set; expected one of "),
        (
            {"data": "imagenet"},
            "--data: needs more than a folder, or does not fit in memory; expected one of digits, mnist",
        ),
        ({"data": "image_folder"}, "--data: needs more than a folder"),
        ({"data": "fashion_mnist"}, "the file holds another network; expected (100, 1568)"),
        ({"images": "0"}, "--images: too small; expected at least 1; got 0"),
        ({"threads": "0"}, "--threads: too small"),
        ({"radius-steps": "-1"}, "--radius-steps: too small; expected at least 0; got -1"),
        (
            {"normalization": None},
            "--normalization: nothing says how the network sees pixels; expected --mean and --std",
        ),
        ({"normalization": "none", "std": "1"}, "--normalization: excludes --mean and --std"),
        (
            {"mean": "123.7"},
            "--mean: not in units of pixels from 0 to 1; expected a number like 0.5; got 123.7; divide",
        ),
        ({"mean": "nan"}, "--mean: not in units of pixels from 0 to 1; expected a number like 0.5; got nan"),
        ({"std": "58.4"}, "--std: not in units of pixels from 0 to 1"),
        ({"arch": "cnn_digits"}, "--normalization: the architecture says how the network sees pixels; leave"),
        ({"data": "cifar10"}, "expected 3 input channels; got 1 input channels: (16, 1, 4, 4) in 0.weight"),
        ({"entry": "ema"}, "the file has no such entry; expected entries 0.weight (Tensor), 0.bias (Tensor)"),
        ({"mean": "0.5"}, "--mean: is half of a normalization; expected --std of its training beside it"),
        ({"std": "0.5"}, "--std: is half of a normalization; expected --mean of its training beside it"),
        ({"mean": "0", "std": "0"}, "normalization: statistics do not normalize images"),
        ({"network": "1"}, "the file has no such network; expected --network 0 to 0; got 1"),
        (
            {"as-published": "scaling", "certifier": "best"},
            "--as-published: is the paper's dual; got --certifier best; leave --certifier out",
        ),
    ],
)
def test_a_wrong_option_is_one_line(weights, capsys, monkeypatch, options, says):
    monkeypatch.setattr(certify, "_images", lambda *_arguments: pytest.fail("images were read"))
    assert run(*usual(weights(), **options)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("distillab: ")
    assert says in line


def nan_in(name):
    def change(state):
        state[name][0] = torch.nan
        return state

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (nan_in("5.weight"), "network.5.weight: weights are not finite"),
        (lambda _state: {"epoch": 3}, "is no file of weights; expected a state_dict"),
        (lambda _state: torch.nn.Linear(1, 1), "holds more than tensors"),
    ],
    ids=["NaN", "no weights", "a pickle"],
)
def test_a_wrong_file_is_one_line(weights, capsys, monkeypatch, change, says):
    monkeypatch.setattr(certify, "_images", lambda *_arguments: pytest.fail("images were read"))
    assert run(*usual(weights(change))) in (2, 3)
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


def test_a_network_with_unknown_layers_is_one_line(tmp_path, capsys):
    network = build_model(MODELS.parse({"name": "squeezenet"}), Domain((1, 8, 8), 10, (0.0,), (1.0,)), seed=0).network
    torch.save(network.state_dict(), tmp_path / "net.pth")
    assert run(*usual(str(tmp_path / "net.pth"), arch="squeezenet")) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "certifiers do not know" in line


def test_what_went_where_is_said_beside_the_table(weights, caplog):
    caplog.set_level("INFO")

    def change(state):
        return {"epoch": 3, "model": {f"module.{2 * int(name[0])}{name[1:]}": t for name, t in state.items()}}

    assert run(*usual(weights(change), certifier="ibp")) == 0
    said = [line.removeprefix("weights: ") for line in caplog.messages if line.startswith("weights: ")]
    assert said == [
        "8 tensors by place and shape; taken away: model, module.",
        *(f"layer {number} has the weights of {2 * number}" for number in (0, 2, 5, 7)),
    ]


def test_a_payload_of_this_project_tells_its_normalization(tmp_path, capsys):
    model = build_model(MODELS.parse({"name": ARCH}), Domain((1, 8, 8), 10, (0.3,), (0.2,)), seed=0)
    torch.save(model.state_dict(), tmp_path / "s0.pth")
    assert run(*usual(str(tmp_path / "s0.pth"), normalization=None, certifier="ibp")) == 0
    assert run(*usual(str(tmp_path / "s0.pth"), mean="0.3", certifier="ibp")) == 2
    assert "--mean: the file says how the network sees pixels; leave --mean out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("--as-published", "wong-kolter", "--no-input-box"),
            "--as-published: says itself whether there is a box; leave --no-input-box out",
        ),
        (("--cascade", "--network", "0"), "--cascade: takes every network; leave --network out, or --cascade"),
    ],
)
def test_options_that_contradict_each_other_are_one_line(weights, capsys, words, says):
    assert run(*usual(weights()), *words) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"distillab: {says}\n")


def test_a_file_and_a_job_exclude_each_other(weights, capsys):
    assert run("all", *usual(weights())) == 2
    assert "exclude each other; got all" in capsys.readouterr().err


def test_progress_is_for_people(monkeypatch):
    said, now = [], [0.0]
    monkeypatch.setattr(certify.time, "monotonic", lambda: now[0])
    progress = certify._patient(said.append)
    for second in range(13):
        now[0] = float(second)
        progress(str(second))
    assert said == ["5", "10"]


def test_where_rows_cannot_go_is_told_before_any_is_computed(weights, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(certify, "_images", lambda *_arguments: pytest.fail("images were read"))
    assert run(*usual(weights(), output=tmp_path)) == 3
    assert "is a folder; expected a name for a file" in capsys.readouterr().err
