"""Thefts from a function alone: what is asked, what is learned from it, and what the thief never sees."""

from contextlib import nullcontext

import pytest
import torch
from torch import nn

from distillab import ContractError, SpecError, steal_model
from distillab.api.asking import AskedFunction
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.answer_forms import shown
from distillab.specs.thief import TopClasses

SHORT = {"epochs": 2, "batch_size": 32}


class Asked:
    """A model behind a function, and every image that it was asked about."""

    def __init__(self, model, form="probabilities"):
        self.model, self.form, self.seen = model, form, []

    def __call__(self, images):
        assert not images.requires_grad
        self.seen.append(images.clone())
        logits = self.model(images)
        return {"probabilities": logits.softmax(1), "logits": logits, "labels": logits.argmax(1)}[self.form]

    @property
    def count(self):
        return sum(map(len, self.seen))


@pytest.fixture
def few(digits):
    """120 images and their labels."""
    return digits[0][:120], digits[1][:120]


def weights(knockoff):
    return torch.cat([parameter.flatten() for parameter in knockoff.student.parameters()])


def test_a_thief_without_labels_comes_close_to_the_model(digits, victim):
    x, _, test_x, test_y = digits
    asked = Asked(victim)
    stolen = steal_model(asked, x, recipe={"epochs": 8})
    assert stolen.accuracy(test_x, test_y).low > 0.8
    assert stolen.queries == asked.count == len(torch.cat(asked.seen).flatten(1).unique(dim=0)) == 1200
    assert stolen.asked.all()
    with torch.no_grad():
        torch.testing.assert_close(stolen.answers, victim(x).softmax(1), rtol=1e-4, atol=1e-6)
        assert (stolen.student(test_x[:3]) > 1).any()  # logits
    assert not stolen.student.training
    assert len(stolen.history) == 8
    assert stolen.history[-1]["total"] < stolen.history[0]["total"]


@pytest.mark.parametrize("name", KNOCKOFFS.names)
def test_every_attack_asks_about_each_image_once_at_most(few, victim, name):
    x, y = few
    budget = {"budget": 50} if "budget" in KNOCKOFFS[name].model_fields else {}
    recipe = {"train": SHORT} if budget else {}
    asked = Asked(victim)
    stolen = steal_model(asked, x, y, name, classes=10, recipe=SHORT, **budget, **recipe)
    told = torch.cat(asked.seen).flatten(1)
    assert stolen.queries == len(told) == len(told.unique(dim=0)) == int(stolen.asked.sum())
    assert stolen.queries == (50 if budget else 120)
    assert (stolen.answers.sum(1) > 0).tolist() == stolen.asked.tolist()


def test_an_attack_that_reads_no_labels_asks_for_none(few, victim):
    asked = Asked(victim)
    stolen = steal_model(asked, few[0], None, "knockoff_random", budget=50, classes=10, train=SHORT)
    assert stolen.queries == asked.count == 50


def test_live_answers_are_counted_each_time(few, victim):
    asked = Asked(victim)
    stolen = steal_model(asked, *few, "kd", responses="live", classes=10, recipe=SHORT)
    assert stolen.queries == asked.count == 240
    assert not stolen.asked.any()
    assert stolen.answers.shape == (120, 10)


def test_equal_seeds_give_equal_students_and_the_global_generators_stay(few, victim):
    torch.manual_seed(3)
    state = torch.get_rng_state()
    first, again, other = (steal_model(Asked(victim), *few, recipe=SHORT, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def test_probabilities_and_logits_say_the_same(few, victim):
    said = [steal_model(Asked(victim, form), *few, answers=form, recipe=SHORT) for form in ("probabilities", "logits")]
    torch.testing.assert_close(said[0].answers, said[1].answers, rtol=1e-4, atol=1e-6)


def test_the_thief_sees_only_what_answers_show(few, victim):
    top = TopClasses(top=1)
    stolen = steal_model(Asked(victim), *few, shows=top, recipe=SHORT)
    with torch.no_grad():
        torch.testing.assert_close(stolen.answers, shown(victim(few[0]).log_softmax(1), top).exp())
    alone = steal_model(Asked(victim, "labels"), *few, "argmax", answers="labels", classes=10, recipe=SHORT)
    cut = steal_model(Asked(victim), *few, "argmax", shows="label", recipe=SHORT)
    assert torch.equal(alone.answers, cut.answers)
    assert torch.equal(weights(alone), weights(cut))


def test_what_answers_show_may_be_written_as_in_parameters(few, victim):
    one, other = (
        steal_model(Asked(victim), *few, shows=shows, recipe=SHORT) for shows in ({"top": 2}, TopClasses(top=2))
    )
    assert torch.equal(one.answers, other.answers)
    assert torch.equal(weights(one), weights(other))


def test_labels_that_are_not_known_are_the_answers_classes(few, victim):
    x, y = few
    with torch.no_grad():
        named = victim(x).argmax(1)
    half = y.clone()
    half[::2] = -1
    mixed = torch.where(half < 0, named, y)
    given = steal_model(Asked(victim), x, mixed, recipe=SHORT)
    assert torch.equal(weights(steal_model(Asked(victim), x, half, recipe=SHORT)), weights(given))
    assert torch.equal(
        weights(steal_model(Asked(victim), x, recipe=SHORT)),
        weights(steal_model(Asked(victim), x, named, recipe=SHORT)),
    )


def test_a_student_may_be_named_with_parameters_or_made_by_a_function(few, victim):
    def network():
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    first, again = (steal_model(Asked(victim), *few, student=network, recipe=SHORT) for _ in range(2))
    assert weights(first).shape == (650,)
    assert torch.equal(weights(first), weights(again))
    named = steal_model(Asked(victim), *few, student={"name": "mlp"}, recipe=SHORT)
    assert torch.equal(weights(named), weights(steal_model(Asked(victim), *few, student="mlp", recipe=SHORT)))


def test_own_recipes_of_attacks_are_kept(few, victim):
    kept = steal_model(Asked(victim), *few, "knockoff_random", train={"epochs": 3}, recipe={"epochs": 1})
    assert len(kept.history) == 3


def test_a_query_that_works_in_place_changes_no_image(few):
    def in_place(images):
        return images.mul_(0).flatten(1)[:, :10]

    before = few[0].clone()
    said = AskedFunction(in_place, None, answers="logits").query(few[0])
    torch.testing.assert_close(said, torch.full_like(said, 0.1))
    assert torch.equal(few[0], before)


class Subtracting(nn.Module):
    """A linear network that subtracts in place."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        return self.linear(x.sub_(0.5).flatten(1))


def test_a_student_that_writes_into_its_images_is_refused(few, victim):
    with pytest.raises(ContractError, match=r"student: the network writes into its images; .*x = x - mean"):
        steal_model(Asked(victim), *few, student=Subtracting, recipe=SHORT)


def test_answers_of_half_precision_are_answers(few, victim):
    def rounded(images):
        with torch.no_grad():
            return victim(images).bfloat16()

    def wide(images):
        return rounded(images).float()

    first, second = (steal_model(query, *few, answers="logits", recipe=SHORT) for query in (rounded, wide))
    assert torch.equal(first.answers, second.answers)


@pytest.mark.parametrize("setting", ["no_grad", "inference_mode", "float64"])
def test_what_the_caller_has_set_changes_nothing_and_stays(few, victim, setting):
    plain = weights(steal_model(Asked(victim), *few, recipe=SHORT))
    block = {"no_grad": torch.no_grad, "inference_mode": torch.inference_mode}.get(setting, nullcontext)
    torch.set_default_dtype(torch.float64 if setting == "float64" else torch.float32)
    try:
        with block():
            assert torch.equal(weights(steal_model(Asked(victim), *few, recipe=SHORT)), plain)
            assert torch.is_grad_enabled() == (setting == "float64")
            assert torch.is_inference_mode_enabled() == (setting == "inference_mode")
        assert torch.get_default_dtype() == (torch.float64 if setting == "float64" else torch.float32)
    finally:
        torch.set_default_dtype(torch.float32)


def say(values):
    return lambda images: values(len(images))


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"attack": "kdd"}, SpecError, "unknown knockoff attack; .*did you mean kd"),
        ({"temprature": 2}, SpecError, "steal_model: temprature: unknown key; .*did you mean temperature"),
        ({"student": "mlpp"}, SpecError, "unknown model; .*did you mean"),
        ({"student": {"epochs": 1}}, SpecError, "student: no network is named"),
        ({"recipe": {"epoch": 1}}, SpecError, "steal_model: recipe: epoch: unknown key; .*did you mean epochs"),
        ({"shows": "labels"}, SpecError, "shows: no such form of an answer; expected probabilities, label, .*'labels'"),
        ({"shows": {"bottom": 1}}, SpecError, "shows: no such form of an answer"),
        ({"shows": {"top": 0}}, SpecError, "shows: no such form of an answer"),
        (
            {"answers": "probs"},
            SpecError,
            "answers: no such form .*expected probabilities, logits or labels; got 'probs'",
        ),
        ({"answers": "labels"}, SpecError, "classes: labels do not tell how many"),
        ({"labels": torch.full((120,), 10)}, ContractError, "labels out of range; expected classes 0 to 9"),
        ({"labels": torch.full((120,), -2)}, ContractError, "labels out of range; expected -1"),
        ({"query": say(lambda n: torch.ones(n, 3))}, ContractError, "query: probabilities that do not sum to 1"),
        ({"query": say(lambda n: torch.full((n, 3), torch.nan))}, ContractError, "query: not a finite number"),
        ({"query": say(lambda n: torch.ones(n + 1, 1))}, ContractError, "query: not one answer for each image"),
        ({"query": say(str)}, ContractError, "query: answers are not numbers"),
        (
            {"images": torch.zeros(120, 1, 8, 8).double()},
            ContractError,
            "images: images of another precision; expected",
        ),
        ({"images": [1], "labels": None}, ContractError, "images: no tensor; expected a torch tensor; got list"),
        ({"query": say(lambda n: torch.ones(n, 1)), "labels": None}, ContractError, "query: answers of one class"),
        ({"classes": 3, "labels": None}, ContractError, "query: answers of another number of classes"),
    ],
)
def test_what_cannot_be_stolen_is_told_in_a_line(few, victim, arguments, error, says):
    given = {"query": Asked(victim), "images": few[0], "labels": few[1]} | arguments
    with pytest.raises(error, match=says) as told:
        steal_model(**given)
    assert "\n" not in str(told.value)
