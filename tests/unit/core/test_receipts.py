"""Receipts survive the disk, the same content in the same bytes; anything else is no receipt."""

import json

import pytest

from distillab.core.receipts import Receipt, read_receipt, receipt_path, write_receipt

MADE = {"ce-s1": "b" * 64, "ce-s0": "a" * 64}


def test_a_receipt_lies_beside_those_of_its_stage():
    assert receipt_path("tiny", "teach", "ce/0") == "results/tiny/receipts/teach/ce/0.json"


def test_a_receipt_survives_the_disk(tmp_path):
    path = tmp_path / "receipts" / "teach" / "ce" / "0.json"
    receipt = Receipt(digest="d", made=MADE, missing={"ls-s0": "ValueError: boom"})
    write_receipt(path, receipt)
    assert read_receipt(path) == receipt
    assert json.loads(path.read_text()) == {"digest": "d", "made": MADE, "missing": {"ls-s0": "ValueError: boom"}}
    assert [each.name for each in path.parent.iterdir()] == ["0.json"]


def test_equal_receipts_have_equal_bytes(tmp_path):
    """Snakemake compares them."""
    for name, made in {"one": MADE, "two": dict(sorted(MADE.items()))}.items():
        write_receipt(tmp_path / name, Receipt(digest="d", made=made))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    "text",
    [None, "", "{", "[]", '{"digest": "d"}', '{"digest": 1, "made": {}}', '{"digest": "d", "made": {}, "more": 1}'],
)
def test_anything_else_is_no_receipt(tmp_path, text):
    path = tmp_path / "receipt.json"
    if text is not None:
        path.write_text(text)
    assert read_receipt(path) is None
    assert read_receipt(tmp_path) is None, "a folder"
