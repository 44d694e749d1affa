"""Known published files: recognized by content or by name and shapes, filled in, and compared with what was printed."""

import hashlib
from argparse import Namespace

import numpy as np
import pytest
import torch

from distillab.cli import known, main
from distillab.data import DATASETS
from distillab.evaluate.cascade import run_cascade
from distillab.models import MODELS
from distillab.models.cards import PrintedErrors, WeightsCard, cards
from distillab.models.load import build_model
from distillab.specs.model import Domain

DIGITS = WeightsCard(
    repository="somebody/nets", file="models/digits.pth", arch="wong_small", data="digits", eps=0.01,
    as_published="wong-kolter", printed=(PrintedErrors(error="90.00", robust_error="100", where="table 1"),),
)  # fmt: skip
CASCADE = DIGITS.model_copy(update={"file": "models/cascade.pth", "networks": 2, "as_published": "scaling"})
COLORED = DIGITS.model_copy(update={"mean": (0.5,), "std": (0.2,)})

OPTIONS = {
    "weights": "w", "arch": None, "eps": None, "certifier": None, "norm": None, "data": None, "mean": None,
    "std": None, "normalization": None, "as_published": None, "cascade": False, "images": None, "entry": None,
}  # fmt: skip


def state(seed=0, shape=(1, 8, 8)):
    return build_model(
        MODELS.parse({"name": "wong_small"}), Domain(shape, 10, (0.0,), (1.0,)), seed=seed
    ).network.state_dict()


def options(card=None, **given):
    return known.filled(Namespace(**OPTIONS | given), card)


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.file)
def test_every_card_names_what_this_project_has(card):
    facts = DATASETS.parse({"name": card.data}).facts
    assert MODELS[card.arch]
    assert card.norm in ("linf", "l2")
    assert all(len(values) == facts.shape[0] for values in (card.mean, card.std) if values)
    assert card.eps is not None or not card.printed


def test_no_two_cards_are_of_one_file():
    assert len({(card.repository, card.file) for card in cards()}) == len(cards()) == 8


def test_a_file_is_known_by_its_name_and_its_shapes(tmp_path):
    torch.save({f"{2 * int(n[0])}{n[1:]}": t for n, t in state().items()}, tmp_path / "digits.pth")
    torch.save(state(), tmp_path / "other.pth")
    assert known.card_of(tmp_path / "digits.pth", (CASCADE, DIGITS)) is DIGITS
    assert known.card_of(tmp_path / "other.pth", (CASCADE, DIGITS)) is None
    torch.save(state(shape=(1, 12, 12)), tmp_path / "digits.pth")
    assert known.card_of(tmp_path / "digits.pth", (DIGITS,)) is None


def test_a_cascade_is_known_by_the_number_of_its_networks(tmp_path):
    for count in (1, 2, 3):
        torch.save({"state_dict": [state(seed) for seed in range(count)]}, tmp_path / "cascade.pth")
        assert known.card_of(tmp_path / "cascade.pth", (CASCADE,)) is (CASCADE if count == 2 else None)


def test_content_decides_where_it_is_known(tmp_path):
    torch.save(state(), tmp_path / "renamed.pth")
    content = hashlib.sha256((tmp_path / "renamed.pth").read_bytes()).hexdigest()
    hashed = DIGITS.model_copy(update={"sha256": content})
    assert known.card_of(tmp_path / "renamed.pth", (DIGITS, hashed)) is hashed
    assert hashed.known_by == "its content (SHA-256)"
    torch.save(state(1), tmp_path / "digits.pth")
    assert known.card_of(tmp_path / "digits.pth", (hashed,)) is None
    assert known.card_of(tmp_path / "absent.pth", (hashed,)) is None


def test_a_card_fills_in_what_was_not_said():
    found = options(DIGITS, norm="l2")
    assert (found.arch, found.data, found.norm, found.eps) == ("wong_small", "digits", "l2", ["0.01"])
    assert (found.normalization, found.mean, found.certifier) == ("none", None, "best")
    colored = options(COLORED)
    assert (colored.mean, colored.std, colored.normalization) == ((0.5,), (0.2,), None)
    assert options(DIGITS, mean=[0.1]).normalization is None
    assert options(DIGITS, arch="wong_large").eps is None


VERDICT = run_cascade(np.array([[0, 0, 0]]), np.array([[True, False, False]]), np.array([0, 0, 1]))
"""Of three images two are right, and one of these is certified: errors of 33.33 and 66.67 %."""


@pytest.mark.parametrize(
    ("printed", "says"),
    [
        ("66.67", "robust error 66.67 % printed (table 2), 66.67 % found"),
        ("66.7", "robust error 66.7 % printed (table 2), 66.67 % found"),
        ("67", "robust error 67 % printed (table 2), 66.67 % found"),
        ("66.66", "robust error 66.66 % printed (table 2), 66.67 % found: +0.01 points"),
        ("70.6", "robust error 70.6 % printed (table 2), 66.67 % found: -3.93 points"),
    ],
)
def test_a_printed_number_stands_beside_the_one_that_was_found(printed, says):
    card = DIGITS.model_copy(update={"printed": (PrintedErrors(robust_error=printed, where="table 2"),)})
    head, line = known.printed_and_found(card, options(card, as_published="wong-kolter"), {0.01: VERDICT})
    assert head.startswith("taken for models/digits.pth of somebody/nets, by its name and its tensors' shapes, not by")
    assert line == says


@pytest.mark.parametrize(
    ("card", "given", "says"),
    [
        (DIGITS, {}, "--as-published wong-kolter"),
        (DIGITS, {"as_published": "wong-kolter", "norm": "l2"}, "--norm linf"),
        (DIGITS, {"as_published": "wong-kolter", "images": 5}, "all test images"),
        (DIGITS, {"as_published": "wong-kolter", "mean": [0.5], "std": [0.5]}, "--normalization none"),
        (COLORED, {"as_published": "wong-kolter", "normalization": "none"}, "--mean 0.5 --std 0.2"),
        (CASCADE, {"as_published": "scaling"}, "--cascade"),
    ],
)
def test_what_was_printed_of_other_settings_is_not_compared(card, given, says):
    _, line = known.printed_and_found(card, options(card, **given), {0.01: VERDICT})
    assert line == f"its printed numbers are of {says}: not compared"


def test_without_a_number_on_record_it_says_so():
    card = DIGITS.model_copy(update={"printed": (), "eps": None})
    assert list(known.printed_and_found(card, options(card), {}))[1] == "no printed number of it is on record"


@pytest.fixture
def thread():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_known_cascade_needs_no_more_than_its_file(tmp_path, monkeypatch, capsys, thread, precision):
    """A file in the released format: legacy, a list of networks, and what the trainer kept beside them."""
    monkeypatch.setattr("distillab.models.cards.cards", lambda: (CASCADE,))
    monkeypatch.chdir(tmp_path)
    content = {"state_dict": [state(0), state(1)], "err": torch.tensor(0.9), "epoch": 7, "sampler_indices": [[3, 1]]}
    torch.save(content, "cascade.pth", _use_new_zipfile_serialization=False)
    asked = ["certify", "--weights", "cascade.pth", "--cascade", "--as-published", "scaling", "--precision", precision]
    assert main([*asked, "--output", "rows.parquet"]) == 0
    title, _, first, both, *rest = capsys.readouterr().out.splitlines()
    named = "" if precision == "float32" else ", float64"
    assert title == (
        f"cascade of 2 x wong_small on Digits (8x8), linf, WK dual of Wong et al. 2018{named}, 360 test images"
    )
    assert (first.split()[:2], both.split()[:2]) == (["0.01", "1"], ["0.01", "2"])
    assert rest[3].endswith(
        f"of 360 images undecided within rounding ({precision}) at eps 0.01: counted as not certified"
    )
    assert rest[4].startswith("as Wong et al. 2018 counts: error ")
    assert rest[5].startswith("taken for models/cascade.pth of somebody/nets, ")
    assert [line.split(" printed")[0] for line in rest[6:]] == ["error 90.00 %", "robust error 100 %"]
