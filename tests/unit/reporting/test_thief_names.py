"""Means in words: every kind of question and of answer."""

import pytest

from distillab.reporting.thief_names import (
    answers_shown,
    images_asked,
    label_count,
    means_lines,
    means_phrase,
    own_labels,
    thief_title,
)


def facts(**thieves):
    given = {"labels": 60, "queries": "all", "answers": "probabilities", "data": "", "seeds": [0]}
    return {"train_n": 1293, "val_n": 144, "thieves": {key: given | means for key, means in thieves.items()}}


ALL = "answers to all 1,293 training images"


@pytest.mark.parametrize(
    ("means", "lines"),
    [
        ({}, ["60 labels", ALL, "every probability"]),
        (
            {"labels": "all", "queries": "labeled"},
            ["all 1,437 labels", "answers to the same images", "every probability"],
        ),
        ({"labels": 1, "queries": "none"}, ["1 label", "no answers"]),
        ({"answers": "label"}, ["60 labels", ALL, "the class alone"]),
        ({"answers": {"top": 3}}, ["60 labels", ALL, "the 3 largest probabilities"]),
        ({"answers": {"rounded": 2}}, ["60 labels", ALL, "probabilities to 2 digits"]),
        ({"queries": "other_data", "data": "MNIST"}, ["60 labels", "answers to images of MNIST", "every probability"]),
        (
            {"queries": {"share": 0.25}},
            ["60 labels", "answers to these images and 25 % of all training images", "every probability"],
        ),
    ],
)
def test_means_are_labels_questions_and_what_is_seen(means, lines):
    said = facts(thief=means)
    assert means_lines(said, "thief") == lines
    assert means_phrase(said, "thief") == ", ".join(line for line in lines if line != "every probability")


def test_only_the_papers_thief_has_a_title_of_its_own():
    assert [thief_title(key) for key in ("paper", "poor")] == ["the papers' thief", "poor"]


def test_all_labels_are_those_of_training_and_validation_images():
    said = facts(paper={"labels": "all"}, poor={})
    assert [label_count(said, key) for key in ("paper", "poor")] == [1437, 60]


def test_thieves_with_as_many_labels_are_told_apart_by_their_keys():
    said = facts(paper={"labels": "all"}, poor={}, told={"answers": "label"}, few={"labels": 15})
    assert own_labels(said) == {
        "paper": "all 1,437 labels", "poor": "60 labels (poor)", "told": "60 labels (told)", "few": "15 labels",
    }  # fmt: skip


@pytest.mark.parametrize(("queries", "asked"), [("labeled", "all"), ({"share": 0.5}, "all"), ("none", "none")])
def test_with_all_labels_every_question_is_about_all_images(queries, asked):
    assert images_asked(facts(thief={"labels": "all", "queries": queries}), "thief") == asked


def test_with_few_labels_questions_differ():
    said = facts(a={"queries": "labeled"}, b={"queries": {"share": 0.5}}, c={"queries": "other_data", "data": "MNIST"})
    assert [images_asked(said, key) for key in "abc"] == ["labeled", "share 0.5", "other_data MNIST"]


def test_answers_are_written_as_in_the_plan():
    said = facts(a={}, b={"answers": "label"}, c={"answers": {"top": 3}})
    assert [answers_shown(said, key) for key in "abc"] == ["probabilities", "label", "top 3"]
