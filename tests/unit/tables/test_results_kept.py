"""What is read from files when tables ask for it, under which name, and how much of it is kept."""

from dataclasses import astuple, fields

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from distillab.core.job import Member, Plan
from distillab.core.recent import Recent
from distillab.core.workspace import Product, Workspace
from distillab.metrics.class_statistics import ClassStatistics
from distillab.metrics.scores import Scores
from distillab.tables import results as module
from distillab.tables.results import Results

PAIR = 8
"""Bytes of an array of answers here: two numbers of four."""


def measured(first):
    """What every measurement holds, numbered from ``first``."""
    numbers = {f"test.{field.name}": np.array(100.0 * first + at) for at, field in enumerate(fields(Scores))}
    return numbers | {
        "val": np.float32([[first, first + 1]]), "test": np.float32([[first + 2, first + 3]]),
        "val.predicted": np.int32([first]), "test.predicted": np.int32([first + 1]),
    }  # fmt: skip


def of_classes(split, first):
    """What a teacher's holds beside, one number a field."""
    return {f"{split}.{field.name}": np.array([[first + at]]) for at, field in enumerate(fields(ClassStatistics))}


FRAME = pd.DataFrame({
    "id": [4, 9, 2], "correct": [True, False, True], "distance": [0.25, 0.5, np.inf], "x": [b"a", None, None],
    "x_adv": [b"b", None, None],
})  # fmt: skip
FILES = {
    "ce-s7-measure": measured(1) | of_classes("train", 30) | of_classes("test", 40),
    "ls-s7-measure": measured(5) | of_classes("test", 60),
    "ce-s7-pgd": FRAME,
}


def make(member, _workspace, entry):
    content = FILES[member.id]
    if isinstance(content, pd.DataFrame):
        content.to_parquet(entry.payload)
    else:
        save_file(content, entry.payload)
    return Product("cpu")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    members = {
        name: Member(
            stage="attack" if "pgd" in name else "measure", id=name, axes={}, spec={}, seed=7, parents={}, code="c",
            key=name, path=f"results/t/{name}.{'parquet' if 'pgd' in name else 'safetensors'}",
        )
        for name in FILES
    }  # fmt: skip
    plan = Plan(preset="t", params={}, members=members, jobs=(), studies={}, facts={})
    workspace = Workspace(tmp_path_factory.mktemp("project"), plan)
    for member in members.values():
        workspace.produce(member, make)
    return workspace


@pytest.fixture
def results(workspace):
    return Results(workspace)


def test_summaries_are_the_models_own_and_each_under_its_name(results):
    assert [results.predicted("ce-s7", split).item() for split in ("val", "test")] == [1, 2]
    assert results.predicted("ls-s7", "test").item() == 6
    assert astuple(results.scores("ce-s7")) == (100, 101, 102, 103, 104, 105)
    assert results.scores("ls-s7").confidence == 505
    for model, split, first in (("ce-s7", "train", 30), ("ce-s7", "test", 40), ("ls-s7", "test", 60)):
        found = [array.item() for array in vars(results.statistics(model, split)).values()]
        assert found == list(range(first, first + 5))


def test_of_a_measurement_no_more_is_held_than_was_asked_for(results):
    assert results.log_probs("ce-s7", "val").nbytes == PAIR
    assert results.recent.bytes == PAIR


def test_no_more_is_held_than_there_is_room_for(workspace, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 2 * PAIR)
    results = Results(workspace)
    first = results.log_probs("ce-s7", "test")
    results.log_probs("ls-s7", "test")
    assert results.log_probs("ce-s7", "test") is first
    results.log_probs("ls-s7", "val")
    assert results.log_probs("ce-s7", "test") is first
    assert results.recent.bytes == 2 * PAIR
    results.attacked(results.workspace.member("ce-s7-pgd"))
    assert results.log_probs("ce-s7", "test") is not first


def test_there_is_room_for_two_models_of_imagenet():
    assert 2 * 50_000 * 1000 * 4 < module.KEPT < 600e6


def test_a_file_is_verified_once(results, monkeypatch):
    seen = []
    verified = results.workspace.verified_path
    monkeypatch.setattr(results.workspace, "verified_path", lambda name: seen.append(name) or verified(name))
    for _ in range(2):
        results.scores("ce-s7")
        results.predicted("ce-s7", "val")
        results.pictured(results.workspace.member("ce-s7-pgd"))
    assert seen == ["ce-s7-measure", "ce-s7-pgd"]


def test_pixels_are_read_for_pictures_alone(results):
    attack = results.workspace.member("ce-s7-pgd")
    assert list(results.attacked(attack).columns) == ["id", "correct", "distance"]
    assert results.attacked(attack) is results.attacked(attack)
    pictured = results.pictured(attack)
    assert pictured[["x", "x_adv"]].loc[0].tolist() == [b"a", b"b"]
    for frame in (pictured, results.attacked(attack)):
        assert frame["distance"].tolist() == [0.25, np.inf, np.inf]


def test_rows_are_computed_once_for_all_who_ask_about_the_same_members(workspace):
    asked, shared = [], Recent(module.KEPT)

    def rows(results):
        asked.append(results.scope)
        return [{"n": len(results.members("attack"))}]

    members = frozenset(workspace.plan.members)
    scopes = [members, members - {"ls-s7-measure"}, members - {"ce-s7-pgd"}, members]
    found = [Results(workspace, scope, shared).rows_of("attack", rows)[0]["n"] for scope in scopes]
    assert found == [1, 1, 0, 1]
    assert asked == [scopes[0], scopes[2]]
