"""Titles, class names, sources and licenses are words of others: text on a page and in a record, nothing else."""

import json

import pytest
from in_process import body
from variants import one_seed

HOSTILE = "<img src=x onerror=alert(1)> `id` (id) $\\foo$ | ../../x [a](javascript:b) \"'"
FACTS = ("title", "standin", "source", "license", "split_rule")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The tables of a run whose data set has such names."""
    tables = one_seed(tmp_path_factory.mktemp("hostile") / "tables")
    path = tables / "facts.json"
    facts = json.loads(path.read_text())
    facts |= {name: f"{name} {HOSTILE}" for name in FACTS}
    facts["class_names"] = [f"{name} {HOSTILE}" for name in facts["class_names"]]
    path.write_text(json.dumps(facts))
    return tables


@pytest.mark.parametrize("name", ["adversarial", "record"])
def test_others_words_are_shown_as_text(name, hostile):
    page = body(name, hostile)
    assert "onerror" in page, "nothing of them is shown"
    assert "<img src=x" not in page.replace("\\<", "")
    if name == "record":
        assert "`id`" not in page.replace("\\`", "")
        assert "[a](javascript:" not in page
