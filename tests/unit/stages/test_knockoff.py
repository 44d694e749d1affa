"""What a knockoff learns from: the answers of its own teacher, stored or live, counted as they are given."""

import pytest
import torch
from small_project import EPOCHS, TRAIN, images

from distillab.core.registry import name_of
from distillab.data.dataset import Batch
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.dkd import DKD
from distillab.knockoff.kd import KD
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
