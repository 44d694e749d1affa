"""A data card: terms, splits, classes and hashes of a run's images."""

import pytest
import yaml

from distillab.core.sidecar import Payload, Sidecar
from distillab.reporting.data_card import data_card

FACTS = {
    "title": "Digits", "license": "CC BY 4.0", "source": "A <b>person</b>", "standin": "", "split_rule": "Every fifth.",
    "train_n": 4_000, "val_n": 60, "test_n": 1_000, "shape": [1, 8, 8], "classes": 3, "class_names": ["a", "b|c", "d"],
    "params": {"data": {"name": "digits"}},
}  # fmt: skip


def sidecar(part, **results):
    return Sidecar(
        stage="prepare", id=part, key=f"key-{part}", spec={"data": {"name": "digits", "root": "a`b|c"}, "part": part},
        code="c", parents={}, payload=Payload(bytes=1234, blake2b=f"hash-{part}"), environment={}, results=results,
    )  # fmt: skip


def card_of(**facts):
    return data_card(sidecar("images", intake={"passed over <x>": 3}), sidecar("split"), FACTS | facts)


def test_terms_source_splits_and_hashes_are_told():
    card = card_of()
    head = yaml.safe_load(card.split("---\n")[1])
    assert head == {
        "license": "cc-by-4.0", "pretty_name": "Digits", "task_categories": ["image-classification"],
        "size_categories": ["1K<n<10K"], "tags": ["distillab", "digits"],
    }  # fmt: skip
    assert "Source: A \\<b\\>person\\</b\\>. License: CC BY 4.0." in card
    assert "| train | 4,000 |\n| val | 60 |\n| test | 1,000 |" in card
    assert "Every fifth." in card
    assert "1x8x8 (channels, height, width), pixels in [0, 1]; 3 classes: a, b\\|c, d." in card
    assert "| prepared images | 1,234 bytes, BLAKE2b-256 `hash-images`, identity `key-images` |" in card
    assert "| index of the splits | 1,234 bytes, BLAKE2b-256 `hash-split`, identity `key-split` |" in card
    assert '| parameters | `{"name": "digits", "root": "a\'b\\|c"}` |' in card
    assert "| files: passed over \\<x\\> | 3 |" in card
    assert "stands in" not in card


@pytest.mark.parametrize(
    ("said", "license_", "name"),
    [("MIT", "mit", None), ("non-commercial use only", "other", "non-commercial-use-only")],
)
def test_a_license_that_hubs_do_not_know_is_named(said, license_, name):
    head = yaml.safe_load(card_of(license=said).split("---\n")[1])
    assert (head["license"], head.get("license_name")) == (license_, name)


def test_a_standin_and_many_classes_are_told():
    card = card_of(standin="JPEG for PNG", class_names=[f"c{i}" for i in range(30)])
    assert "It stands in for other data: JPEG for PNG." in card
    assert "c19 and others." in card
    assert "c20" not in card
