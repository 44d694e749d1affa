"""The data set as a thief has it: which images, which labels, how long an epoch is; and no label beyond that."""

from dataclasses import replace

import pytest
import torch
from small_project import CLASSES, DATA, LABELS, OTHER, TRAIN

from distillab.core.errors import SpecError
from distillab.core.job import Member
from distillab.data.label_sets import label_set, query_set
from distillab.data.synthetic import SyntheticSpec
from distillab.specs.thief import Means
from distillab.stages import means
from distillab.stages.inputs import prepared_data

CPU = torch.device("cpu")
FILE, THERE = DATA.train_images, OTHER.train_images
"""Images of the run's own training file, and of the other one."""


def knockoff(thief, seed=0, attack="kd", teacher="ce"):
    return f"{teacher}-cnn_digits--{attack}-cnn_digits{f'--{thief}' if thief else ''}-s{seed}"


def held(robbed, member):
    """What a member's thief holds."""
    if isinstance(member, str):
        member = robbed.member(member)
    for parent in member.parents.values():
        if robbed.member(parent).stage == "prepare":
            robbed.produce(parent)
    return means.held_data(member, robbed.workspace, CPU)


def labels_for(robbed, seed):
    return label_set(DATA.read().train_y, robbed.index("train"), LABELS, seed=seed)


def told(data):
    """Positions of the images whose label is held."""
    return (data.train.y >= 0).nonzero()[:, 0]


@pytest.mark.parametrize("thief", ["", "same"])
def test_the_papers_thief_holds_the_data_set_itself(robbed, thief):
    data = held(robbed, knockoff(thief))
    assert torch.equal(data.train.y, DATA.read().train_y)
    assert torch.equal(data.split.train, robbed.index("train"))
    assert data.epoch_images == 0


@pytest.mark.parametrize("seed", [0, 1])
def test_images_and_labels_by_thief(robbed, seed):
    split, own = robbed.index("train"), labels_for(robbed, seed)
    some = torch.cat([own, query_set(split, 20, seed=seed)]).unique()
    other = torch.arange(FILE, FILE + THERE)
    limited = query_set(other, 9, seed=seed)
    expected = {
        "whole": (split, split, TRAIN),
        "poor": (own, own, TRAIN),
        "asks_all": (split, own, TRAIN),
        "asks_some": (some, own, TRAIN),
        "told_labels": (split, split, TRAIN),
        "stranger": (torch.cat([own, other]), own, TRAIN + THERE),
        "guest": (torch.cat([own, limited]), own, TRAIN + 9),
    }
    true = DATA.read().train_y
    for thief, (images, labeled, epoch) in expected.items():
        data = held(robbed, knockoff(thief, seed))
        assert torch.equal(data.split.train, images), thief
        assert torch.equal(told(data), labeled), thief
        assert torch.equal(data.train.y[labeled], true[labeled]), thief
        assert data.epoch_images == epoch, thief


def test_all_who_share_means_and_seed_hold_the_same(robbed):
    """Attacks, teachers, and the controls without a teacher."""
    ids = [
        knockoff("poor", 1, attack, teacher) for attack in ("kd", "dkd", "knockoff_random") for teacher in ("ce", "st")
    ]
    held_by = [held(robbed, i) for i in (*ids, "ls0.1-cnn_digits--poor-s1", "ls0.1-cnn_digits--asks_all-s1")]
    for data in held_by:
        assert torch.equal(told(data), labels_for(robbed, 1))
        assert torch.equal(data.split.train, told(data))
    pseudo, robber = held(robbed, "pseudo0.1-cnn_digits--asks_some-s1"), held(robbed, knockoff("asks_some", 1))
    assert torch.equal(pseudo.train.y, robber.train.y)
    assert torch.equal(pseudo.split.train, robber.split.train)


def test_seeds_hold_different_labels_and_ask_about_different_images(robbed):
    first, second = (held(robbed, knockoff("asks_some", seed)) for seed in (0, 1))
    assert not torch.equal(told(first), told(second))
    assert not torch.equal(first.split.train, second.split.train)


def test_the_curve_over_labels_is_nested_and_around_the_thieves(robbed):
    sets = [
        set(told(held(robbed, f"ls0.1-cnn_digits--{thief}-s1")).tolist()) for thief in ("labels_6", "poor", "labels_24")
    ]
    assert sets[0] < sets[1] < sets[2]
    assert [len(found) for found in sets] == [6, LABELS, 24]


def test_the_other_images_stand_behind_the_own_ones_and_have_no_label(robbed):
    data = held(robbed, knockoff("stranger"))
    assert torch.equal(data.train.x, torch.cat([DATA.read().train_x, OTHER.read().train_x]))
    assert set(data.train.y[FILE:].tolist()) == {-1}


@pytest.mark.parametrize("thief", ["", "poor", "told_labels"])
def test_who_asks_about_labeled_images_has_no_others(robbed, thief):
    assert len(means.unlabeled(held(robbed, knockoff(thief)))) == 0


def test_the_unlabeled_are_all_that_is_held_beside_labels(robbed):
    data = held(robbed, knockoff("asks_some"))
    both = torch.cat([means.unlabeled(data), told(data)])
    assert len(means.unlabeled(data)) > 0
    assert torch.equal(both.sort().values, data.split.train)


def test_names_are_given_to_the_unlabeled_alone(robbed, monkeypatch):
    """Each by what is said of its own image; images that are not held stay without."""
    monkeypatch.setattr(means, "TOGETHER", 7)
    data = held(robbed, knockoff("asks_some"))
    seen = []

    def name(batch):
        seen.append(batch.index)
        assert torch.equal(batch.x, data.train.images(batch.index))
        return batch.index % CLASSES

    found, unknown = means.named(data, name).train.y, means.unlabeled(data)
    assert torch.equal(torch.cat(seen), unknown)
    assert torch.equal(found[unknown], unknown % CLASSES)
    assert torch.equal(found[told(data)], data.train.y[told(data)])
    left = torch.ones(FILE, dtype=torch.bool)
    left[data.split.train] = False
    assert set(found[left].tolist()) == {-1}
    assert set(data.train.y[unknown].tolist()) == {-1}, "and the thief's own data are what they were"


def test_where_all_have_labels_nobody_is_asked(robbed):
    data = held(robbed, knockoff("poor"))
    assert means.named(data, None) is data


def test_means_are_the_papers_where_nothing_else_is_said(robbed):
    assert means.means_of(robbed.member(knockoff(""))) == Means()
    assert means.means_of(robbed.member(knockoff("told_top"))).answers.top == 2
    assert means.means_of(robbed.member(knockoff("poor"))) == Means(labels=LABELS)


@pytest.mark.parametrize(
    ("other", "got"),
    [
        ({"size": 10}, "shape (1, 10, 10) with 255 levels"),
        ({"channels": 3}, "shape (3, 8, 8) with 255 levels"),
    ],
    ids=str,
)
def test_images_of_another_shape_are_refused(robbed, other, got):
    data = held(robbed, knockoff(""))
    x = SyntheticSpec(**other).read().train_x
    with pytest.raises(SpecError) as error:
        means._joined(data.train, {"train_x": x, "levels": torch.tensor(255)})
    assert str(error.value) == (
        "params: thieves, data: the images of the other data set do not fit; expected images in memory of shape "
        f"(1, 8, 8) with 255 levels; got {got}; choose another data set"
    )


def test_images_of_other_levels_or_on_disk_are_refused(robbed):
    data, x = held(robbed, knockoff("")), OTHER.read().train_x
    with pytest.raises(SpecError, match=r"got shape \(1, 8, 8\) with 16 levels"):
        means._joined(data.train, {"train_x": x, "levels": torch.tensor(16)})
    with pytest.raises(SpecError, match="got images on disk"):
        means._joined(data.train, {"train_names": x})
    with pytest.raises(SpecError, match="expected images in memory; got shape"):
        means._joined(None, {"train_x": x, "levels": torch.tensor(255)})


def test_more_labels_than_images_are_refused(robbed):
    member = robbed.member(knockoff("poor"))
    greedy = member.model_copy(update={"spec": member.spec | {"means": {"labels": TRAIN + 1}}})
    assert isinstance(greedy, Member)
    with pytest.raises(Exception, match=f"at most {TRAIN}; got {TRAIN + 1}; lower labels, or say all"):
        held(robbed, greedy)


@pytest.fixture
def forged(robbed, monkeypatch):
    """Every label that the thief does not hold is replaced by a wrong one; the sets stay as they were drawn."""

    def forge(seed):
        own = labels_for(robbed, seed)

        def prepared(*arguments):
            data = prepared_data(*arguments)
            y = (data.train.y + 1) % CLASSES
            y[own] = data.train.y[own]
            assert int((y != data.train.y).sum()) == FILE - LABELS
            return replace(data, train=data.train.with_labels(y))

        monkeypatch.setattr(means, "prepared_data", prepared)
        monkeypatch.setattr(means, "label_set", lambda *_arguments, **_options: own)

    return forge


REACHED = [
    knockoff("poor"),
    knockoff("asks_all"),
    knockoff("asks_all", 1, "dkd"),
    knockoff("asks_all", 0, "knockoff_random"),
    knockoff("asks_some", 1, "dkd", "st"),
    knockoff("stranger"),
    "ls0.1-cnn_digits--poor-s0",
    "pseudo0.1-cnn_digits--asks_all-s1",
    "pseudo0.1-cnn_digits--guest-s0",
]


@pytest.mark.parametrize("member", REACHED)
def test_no_true_label_beyond_the_thiefs_reaches_the_weights(robbed, forged, tmp_path, member):
    before = robbed.made(member).entry.payload.read_bytes()
    forged(robbed.member(member).seed)
    again = robbed.remade(robbed.member(member), tmp_path)
    assert again.entry.payload.read_bytes() == before


def test_a_label_of_its_own_does_reach_them(robbed, monkeypatch, tmp_path):
    """Else the test above could not fail."""
    before = robbed.made(knockoff("asks_all")).entry.payload.read_bytes()
    own = labels_for(robbed, 0)

    def prepared(*arguments):
        data = prepared_data(*arguments)
        y = data.train.y.clone()
        y[own[:1]] = (y[own[:1]] + 1) % CLASSES
        return replace(data, train=data.train.with_labels(y))

    monkeypatch.setattr(means, "prepared_data", prepared)
    monkeypatch.setattr(means, "label_set", lambda *_arguments, **_options: own)
    assert robbed.remade(robbed.member(knockoff("asks_all")), tmp_path).entry.payload.read_bytes() != before
