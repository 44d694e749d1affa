"""A model card: its head as hubs read it, every measured number with its n, and code that loads the weights."""

import re

import pytest
import yaml
from safetensors.torch import save_file

from distillab.core.identity import ModelIdentity
from distillab.core.sidecar import Parent, Payload, Sidecar
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.reporting.model_card import model_card
from distillab.specs.model import Domain

IDENTITY = ModelIdentity(role="teacher", arch="cnn_digits", seed=1, defense="ce")
SIDECAR = Sidecar(
    stage="teach", id=IDENTITY.member_id, key="k" * 32, spec={"model": {"name": "cnn_digits"}}, code="c" * 16,
    parents={"images": Parent(key="p", blake2b="i" * 64)}, payload=Payload(bytes=1234, blake2b="w" * 64),
    environment={"torch": "2.13.0"},
)  # fmt: skip
FACTS = {
    "params": {"data": {"name": "digits"}}, "shape": [1, 8, 8], "classes": 10, "commit": "abc1234", "preset": "tiny",
    "methods": {"defenses": {"ce": {"label": "CE", "grade": "V", "paper": "base_line"}}, "knockoffs": {}},
}  # fmt: skip


@pytest.fixture
def row():
    """A function that makes a row of the network, or of another seed of it."""

    def make(seed=1, **more):
        return {"model": IDENTITY.name, "seed": seed} | more

    return make


@pytest.fixture
def tables(tables_of, row):
    attack = {"attack_label": "PGD", "norm": "linf", "logits": "raw", "n": 50, "robust_low": 0.2, "robust_high": 0.4}
    proof = {"certifier_label": "IBP", "norm": "linf", "n": 12, "low": 0.5, "high": 0.9, "certified_accuracy": 0.75}
    return tables_of(
        FACTS,
        models=[row(test_accuracy=0.9, test_n=100), row(seed=0, test_accuracy=0.1, test_n=100)],
        robustness=[
            row(robust_accuracy=0.3, eps=0.1, **attack), row(seed=0, robust_accuracy=0.6, eps=0.1, **attack),
            row(robust_accuracy=0.7, eps=0.1, **attack | {"logits": "rescaled"}),
            row(robust_accuracy=float("nan"), eps=float("nan"), **attack),
        ],
        certificates=[row(eps=0.01, **proof)],
        verdicts=[{"teacher": IDENTITY.name, "thief": "paper", "student": "small", "verdict": "undecided",
                   "reason": "a | b"}],
    )  # fmt: skip


@pytest.fixture
def card(tables):
    return model_card(SIDECAR, IDENTITY, "s1.safetensors", tables)


def head_of(card):
    return yaml.safe_load(card.split("---\n")[1])


def test_the_head_holds_what_hubs_read(card):
    head = head_of(card)
    assert head["license"] == "other"
    assert head["datasets"] == ["digits"]
    assert head["tags"] == ["image-classification", "distillab", "teacher", "cnn_digits", "ce"]
    (model,) = head["model-index"]
    (result,) = model["results"]
    assert model["name"] == "ce-cnn_digits-s1"
    assert result["dataset"] == {"name": "Digits", "type": "digits", "split": "test"}
    assert [(metric["name"], metric["value"]) for metric in result["metrics"]] == [
        ("accuracy", 0.9), ("accuracy under PGD, L∞, eps 0.1", 0.3), ("certified accuracy by IBP, L∞, eps 0.01", 0.75)
    ]  # fmt: skip


def test_every_number_has_its_interval_and_its_n(card):
    assert "| accuracy | 90.0 % [82.6, 94.5] | 100 |" in card
    assert "| accuracy under PGD, L∞, eps 0.1 | 30.0 % [20.0, 40.0] | 50 |" in card
    assert "| certified accuracy by IBP, L∞, eps 0.01 | 75.0 % [50.0, 90.0] | 12 |" in card
    assert card.count(" % ") == 3  # none of another seed or of rescaled logits


def test_words_of_others_are_no_markup(card):
    assert "defense CE (base\\_line; our code: verified against the authors' code or text)" in card
    assert "| paper | small | undecided | a \\| b |" in card


def test_it_says_where_it_comes_from_and_what_it_does_not_show(card):
    assert f"| weights | 1,234 bytes, BLAKE2b-256 `{'w' * 64}` |" in card
    assert f"| made from images | BLAKE2b-256 `{'i' * 64}` |" in card
    assert "No number here is a guarantee of security" in card
    assert "commit abc1234" in card


def test_its_code_loads_the_weights(card, tmp_path, monkeypatch):
    spec = MODELS.parse({"name": "cnn_digits"})
    made = build_model(spec, Domain((1, 8, 8), 10, (0.2,), (0.4,)), seed=7)
    save_file(made.state_dict(), tmp_path / "s1.safetensors")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(re.search(r"```python\n(.*?)```", card, flags=re.DOTALL)[1], names)
    assert all(value.equal(made.state_dict()[name]) for name, value in names["model"].state_dict().items())
    assert not names["model"].training


def test_a_network_from_elsewhere_is_not_loaded_by_us(tables):
    sidecar = SIDECAR.model_copy(update={"spec": {"brought": {"name": "onnx"}}})
    assert "load_file" not in model_card(sidecar, IDENTITY, "s1.safetensors", tables)


def test_a_standin_and_a_run_that_is_not_whole_are_told(tables):
    tables.facts |= {"standin": "JPEG for PNG", "missing": ["x"]}
    card = model_card(SIDECAR, IDENTITY, "s1.safetensors", tables)
    assert "- The data stand in for others: JPEG for PNG." in card
    assert "- The run is not whole" in card
    assert head_of(card)["model-index"][0]["results"][0]["dataset"]["name"] == "Digits (stand-in)"
