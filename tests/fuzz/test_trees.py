"""Every file of a tree is in the list that the grammar says, and what is proposed for a good tree reads it."""

import tempfile
from pathlib import Path

import pytest
from fuzzing import faults, unreadable
from trees_grammar import READ, REFUSED, RESIZED, built, case

from distillab.core.errors import ArtifactError
from distillab.data import ImageFolderSpec
from distillab.data.intake import read_images
from distillab.data.sorting import Rules
from distillab.data.survey import described, proposal, survey


def judge(tree):
    with tempfile.TemporaryDirectory() as folder:
        path = built(tree, Path(folder))
        judge_tree(tree, path)
        assert [each.name for each in Path(folder).iterdir()] == [path.name]


def spec(path):
    return ImageFolderSpec(title="t", root=str(path.parent), path=path.name, shape=(3, 8, 8), classes=2, resize=True)


def judge_tree(tree, path):
    if tree.damage:
        with pytest.raises(ArtifactError) as error:
            survey(path, Rules())
        assert unreadable(str(error.value)) == ""
        return
    inventory, shape = survey(path, Rules())
    assert sorted((item.name, item.state) for item in inventory.items) == tree.expected
    assert [line for line in described(inventory) if unreadable(line)] == []
    again = read_images(path, (3, 8, 8), Rules(), resize=True)[1]
    assert [(item.name, item.state) for item in again.items] == [(item.name, item.state) for item in inventory.items]
    states = {state for _, state in tree.expected}
    if shape is None or REFUSED in states or len(inventory.classes()) < 2:
        with pytest.raises(ArtifactError) as error:
            spec(path).read()
        assert unreadable(str(error.value)) == ""
        return
    raw = ImageFolderSpec.model_validate(proposal(inventory, shape, path, Rules())).read()
    assert len(raw.train_x) + len(raw.test_x) == sum(state in {READ, RESIZED} for _, state in tree.expected)


def test_every_file_is_accounted_for():
    assert faults(case, judge, 30) == {}


@pytest.mark.fuzz
def test_every_file_of_many_trees_is_accounted_for():
    assert faults(case, judge, 400) == {}
