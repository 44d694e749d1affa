"""What a knockoff learns from: the answers of its own teacher, stored or live, counted as they are given."""

import pytest
import torch
from small_project import EPOCHS, TRAIN, images

from distillab.core.registry import name_of
from distillab.data.dataset import Batch
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.dkd import DKD
from distillab.knockoff.kd import KD
from distillab.knockoff.knockoff_adaptive import KnockoffAdaptive
from distillab.knockoff.knockoff_nets import KnockoffRandom
from distillab.knockoff.teacher import CachedAnswers, LiveAnswers, Teacher

BUDGET = 20
TEACHERS = ("ce-cnn_digits", "nt-cnn_digits", "st-cnn_digits")


@pytest.fixture
def learned_from(small, monkeypatch, tmp_path):
    """Train a knockoff anew; the spec, the task and the answers that its attack was given."""

    def run(member_id, attack):
        calls, asked = [], attack.objective

        def record(self, task, answers):
            calls.append((self, task, answers))
            return asked(self, task, answers)

        monkeypatch.setattr(attack, "objective", record)
        small.remade(small.member(member_id), tmp_path / member_id)
        (call,) = calls
        return call

    return run


def answered(small, teacher, x):
    """Released probabilities of a teacher, ``st`` being ``ce`` with its two largest."""
    probs = small.logits(teacher.replace("st-", "ce-"), x).softmax(1)
    if not teacher.startswith("st-"):
        return probs
    kept = torch.where(probs >= probs.topk(2).values[:, 1:], probs, 0)
    return kept / kept.sum(1, keepdim=True)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("teacher", TEACHERS)
def test_stored_answers_are_those_of_its_teacher_to_the_unaugmented_image(small, learned_from, teacher, seed):
    _, task, answers = learned_from(f"{teacher}--kd-cnn_digits-s{seed}", KD)
    assert isinstance(answers, CachedAnswers)
    assert torch.equal(task.train, small.index("train"))
    x, y = images("train")
    index = small.index("train")[[3, 30, 11]]
    batch = Batch(torch.zeros(3, 1, 8, 8), y[index], index)
    torch.testing.assert_close(
        answers(batch).exp().double(), answered(small, f"{teacher}-s{seed}", x[index]), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("teacher", TEACHERS)
def test_live_answers_are_those_of_its_teacher_to_the_view(small, learned_from, teacher, seed):
    _, _, answers = learned_from(f"{teacher}--dkd-cnn_digits-s{seed}", DKD)
    assert isinstance(answers, LiveAnswers)
    view = images("train")[0][:4].flip(3)
    batch = Batch(view.float(), torch.zeros(4, dtype=torch.long), small.index("train")[:4])
    torch.testing.assert_close(
        answers(batch).exp().double(), answered(small, f"{teacher}-s{seed}", view), atol=1e-6, rtol=0
    )


def test_the_teachers_above_answer_differently(small):
    """Else a wrong teacher or seed would go unseen."""
    x, _ = images("train")
    answers = [answered(small, f"{teacher}-s{seed}", x[:4]) for teacher in TEACHERS for seed in (0, 1)]
    assert min((a - b).abs().max() for i, a in enumerate(answers) for b in answers[:i]) > 1e-3


@pytest.mark.parametrize(
    ("attack", "responses", "queries"),
    [("kd", "cached", TRAIN), ("dkd", "live", TRAIN * EPOCHS), ("knockoff_random", "cached", BUDGET)],
)
def test_what_it_asked_is_recorded(small, attack, responses, queries):
    results = small.made(f"nt-cnn_digits--{attack}-cnn_digits-s1").product.results
    assert (results["responses"], results["queries"]) == (responses, queries)
    assert len(results["history"]) == EPOCHS
    assert results["parameters"] == 16 * 9 + 16 + 32 * 16 * 9 + 32 + 128 * 5 + 5


def test_a_budget_is_the_attacks_own(learned_from):
    spec, task, _ = learned_from("ce-cnn_digits--knockoff_random-cnn_digits-s0", KnockoffRandom)
    assert (spec.budget, len(task.train), task.epochs) == (BUDGET, TRAIN, EPOCHS)


def test_teachers_attacks_and_seeds_give_different_knockoffs(small):
    ids = [
        f"{teacher}--{attack}-cnn_digits-s{seed}"
        for teacher in TEACHERS
        for attack in ("kd", "dkd", "knockoff_random")
        for seed in (0, 1)
    ]
    weights = [small.weights(i)["network.7.weight"] for i in ids]
    assert min((a - b).abs().max() for i, a in enumerate(weights) for b in weights[:i]) > 1e-5


@pytest.fixture
def counted(monkeypatch):
    """How many images teachers were asked about."""
    asked, query = [], Teacher.query

    def count(self, x):
        asked.append(len(x))
        return query(self, x)

    monkeypatch.setattr(Teacher, "query", count)
    return asked


def variant(small, attack, responses, budget):
    """The member of an attack of the registry with small numbers, as the plan would make it."""
    like = small.member(f"nt-cnn_digits--{'kd' if responses == 'cached' else 'dkd'}-cnn_digits-s0")
    chosen = {"name": name_of(attack), "responses": responses} | ({} if budget is None else {"budget": budget})
    if "round_size" in attack.model_fields:
        chosen["round_size"] = 8
    return like.model_copy(update={"spec": like.spec | {"attack": chosen}})


BUDGETED = [attack for attack in KNOCKOFFS if "budget" in attack.model_fields]


@pytest.mark.parametrize(
    ("attack", "budget"),
    [*((attack, None) for attack in KNOCKOFFS), *((attack, BUDGET) for attack in BUDGETED)],
    ids=lambda given: given if not isinstance(given, type) else name_of(given),
)
def test_live_answers_are_counted_as_they_are_given(small, counted, tmp_path, attack, budget):
    made = small.remade(variant(small, attack, "live", budget), tmp_path)
    assert made.product.results["queries"] == sum(counted)


@pytest.mark.parametrize("attack", BUDGETED, ids=name_of)
def test_stored_answers_are_counted_once_an_image(small, tmp_path, attack):
    assert small.remade(variant(small, attack, "cached", BUDGET), tmp_path).product.results["queries"] == BUDGET


def by(thief, attack="kd", teacher="ce-cnn_digits", seed=0):
    return f"{teacher}--{attack}-cnn_digits{f'--{thief}' if thief else ''}-s{seed}"


ATTACKS = ("kd", "dkd", "knockoff_random")
"""With stored answers, with live ones, and with a budget and no labels."""


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_papers_means_under_another_name_give_the_papers_bytes(robbed, tmp_path, attack):
    """Under the same key; and made anew from it."""
    same, paper = robbed.member(by("same", attack, seed=1)), robbed.member(by("", attack, seed=1))
    assert same.key == paper.key
    again = robbed.remade(same, tmp_path / "same").entry.payload.read_bytes()
    assert again == robbed.made(paper.id).entry.payload.read_bytes()


@pytest.mark.parametrize("attack", ATTACKS)
def test_as_many_labels_as_there_are_images_give_the_papers_bytes(robbed, attack):
    """Under another key, as only the data know how many there are."""
    whole, paper = by("whole", attack, seed=1), by("", attack, seed=1)
    assert robbed.member(whole).key != robbed.member(paper).key
    assert robbed.made(whole).entry.payload.read_bytes() == robbed.made(paper).entry.payload.read_bytes()
    assert robbed.made(whole).product.results["queries"] == robbed.made(paper).product.results["queries"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_other_means_give_other_knockoffs(robbed, attack):
    thieves = ("", "poor", "asks_all", "asks_some", "told_labels", "told_top", "stranger", "guest")
    made = [robbed.made(by(thief, attack)).entry.payload.read_bytes() for thief in thieves]
    alike = {frozenset(t for t, m in zip(thieves, made, strict=True) if m == each) for each in made}
    blind = {frozenset({"", "asks_all"})} if attack == "knockoff_random" else set()
    assert {group for group in alike if len(group) > 1} == blind, "who reads no label has no use for one"


THIEVES = ("", "poor", "asks_all", "asks_some", "told_labels", "stranger", "guest")


@pytest.fixture
def read(monkeypatch):
    """Positions of the stored answers that were read."""
    positions, call = set(), CachedAnswers.__call__

    def note(self, batch):
        positions.update(batch.index.tolist())
        return call(self, batch)

    monkeypatch.setattr(CachedAnswers, "__call__", note)
    return positions


def robber(robbed, thief, responses, attack, budget):
    """The member of a thief with an attack of the registry, as the plan would make it."""
    like = robbed.member(by(thief, "kd" if responses == "cached" else "dkd"))
    chosen = {"name": name_of(attack), "responses": responses} | ({} if budget is None else {"budget": budget})
    if "round_size" in attack.model_fields:
        chosen["round_size"] = 3
    return like.model_copy(update={"spec": like.spec | {"attack": chosen}})


EVERY = [*((attack, None) for attack in (KD, KnockoffRandom, KnockoffAdaptive)), *((attack, 8) for attack in BUDGETED)]


@pytest.mark.parametrize("thief", THIEVES)
@pytest.mark.parametrize("case", EVERY, ids=lambda case: f"{name_of(case[0])}-{case[1]}")
def test_live_answers_are_counted_whoever_asks(robbed, counted, tmp_path, thief, case):
    made = robbed.remade(robber(robbed, thief, "live", *case), tmp_path)
    assert made.product.results["queries"] == sum(counted)


@pytest.mark.parametrize("thief", THIEVES)
@pytest.mark.parametrize("case", EVERY, ids=lambda case: f"{name_of(case[0])}-{case[1]}")
def test_stored_answers_are_counted_as_they_are_read(robbed, read, tmp_path, thief, case):
    member, (attack, budget) = robber(robbed, thief, "cached", *case), case
    results = robbed.remade(member, tmp_path).product.results
    assert results["queries"] == len(read) > 0
    stored = robbed.made(member.parents["answers"]).product.results["queries"]
    assert results["queries"] <= stored
    if attack is KD:
        assert results["queries"] == stored
    if attack is KnockoffRandom and budget:
        assert results["queries"] == budget, "a name that nobody reads is not bought"


@pytest.mark.parametrize("attack", [*KNOCKOFFS], ids=name_of)
@pytest.mark.parametrize("thief", ["told_labels", "told_top", "stranger"])
def test_every_attack_learns_from_what_an_answer_shows(robbed, tmp_path, attack, thief):
    """Certain answers too; a loss that is not finite would end the training."""
    history = robbed.remade(robber(robbed, thief, "cached", attack, None), tmp_path).product.results["history"]
    assert len(history) == EPOCHS
