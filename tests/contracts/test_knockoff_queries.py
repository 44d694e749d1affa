"""What a knockoff attack says it takes of the teacher's answers is what the teacher is asked."""

import pytest
import torch
from torch import nn

from distillab.core.generators import forked
from distillab.core.registry import name_of
from distillab.data.dataset import ResidentImages
from distillab.data.label_sets import recycled
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.avg import AVG
from distillab.knockoff.teacher import Answers, CachedAnswers, LiveAnswers, Teacher
from distillab.specs.augment import AugmentSpec
from distillab.specs.model import Domain
from distillab.specs.train import SGDSpec, TrainSpec
from distillab.training.fit import fit
from distillab.training.objective import Task

CLASSES, IMAGES, EPOCHS, BUDGET, ROUND = 4, 23, 3, 8, 3
TRAIN = torch.arange(IMAGES).flip(0)[:19]
EVERY = [*((attack, {}) for attack in KNOCKOFFS), (AVG, {"means": "batch"})]
BUDGETED = [attack for attack in KNOCKOFFS if "budget" in attack.model_fields]
both = pytest.mark.parametrize("responses", ["cached", "live"])


class BoughtOnce(Answers):
    """Answers to unaugmented images, each bought when it is first needed: what a cache must hold."""

    def __init__(self, teacher, source):
        self.teacher, self.source = teacher, source
        self.bought = torch.zeros(IMAGES, dtype=torch.bool)
        self.probs = torch.zeros(IMAGES, CLASSES)

    def __call__(self, batch):
        new = batch.index[~self.bought[batch.index]].unique()
        self.probs[new] = self.teacher.query(self.source.images(new))
        self.bought[new] = True
        return CachedAnswers(self.probs)(batch)


def network(seed):
    with forked(seed, "init"):
        return nn.Sequential(nn.Flatten(), nn.Linear(16, CLASSES))


def asked(spec, train=TRAIN, again=1):
    """Queries that the teacher has counted once a whole training is over, and the number that was announced.

    An epoch goes through each image ``again`` times, as where a thief has few.
    """
    pixels = torch.randint(0, 256, (IMAGES, 1, 4, 4), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    source = ResidentImages(pixels, torch.arange(IMAGES) % CLASSES, levels=255)
    teacher = Teacher(network(1), lambda log_probs, _images: log_probs)
    answers = LiveAnswers(teacher) if spec.responses == "live" else BoughtOnce(teacher, source)
    task = Task(source, train, Domain((1, 4, 4), CLASSES, (0.5,), (0.3,)), epochs=EPOCHS, seed=5, network=network)
    objective = spec.objective(task, answers)
    chosen = objective.positions(train)
    positions = recycled(chosen, again * len(chosen))
    recipe = TrainSpec(epochs=EPOCHS, batch_size=5, optimizer=SGDSpec(lr=0.05))
    fit(network(2), source, positions, objective, spec=recipe, augment=AugmentSpec(flip=True), seed=3)
    return teacher.queries, spec.queries(len(chosen), len(positions) * EPOCHS)


@both
@pytest.mark.parametrize(("attack", "options"), EVERY, ids=[f"{name_of(a)}{'-batch' * bool(o)}" for a, o in EVERY])
def test_it_announces_what_it_asks(attack, options, responses):
    counted, announced = asked(attack(responses=responses, **options))
    assert announced == counted > 0


@both
@pytest.mark.parametrize("attack", BUDGETED, ids=name_of)
@pytest.mark.parametrize("budget", [BUDGET, 2 * ROUND, 1])
def test_with_a_budget_it_announces_what_it_asks(attack, responses, budget):
    rounds = {"round_size": ROUND} if "round_size" in attack.model_fields else {}
    counted, announced = asked(attack(responses=responses, budget=budget, **rounds))
    assert announced == counted
    assert counted == budget if responses == "cached" else counted >= budget * EPOCHS


@both
@pytest.mark.parametrize("attack", [*KNOCKOFFS], ids=name_of)
def test_who_has_few_images_goes_through_them_again_and_announces_what_it_asks(attack, responses):
    """A stored answer is bought once; a view each time it is seen."""
    counted, announced = asked(attack(responses=responses), train=TRAIN[:7], again=3)
    assert announced == counted > 0
    once, _ = asked(attack(responses=responses), train=TRAIN[:7])
    assert (counted == once) == (responses == "cached" or attack is AVG)


def test_some_attacks_have_a_budget():
    assert {name_of(attack) for attack in BUDGETED} == {"knockoff_random", "knockoff_adaptive"}


@pytest.mark.parametrize(
    ("name", "options", "cached", "live"),
    [
        ("kd", {}, 19, 19 * 3),
        ("mkd", {}, 19, 19 + 19 * 3),
        ("avg", {}, 19, 19),
        ("avg", {"means": "batch"}, 19, 19 * 3),
        ("knockoff_random", {"budget": 8}, 8, 8 * 3),
        ("knockoff_adaptive", {"budget": 8, "round_size": 3}, 8, 8 * 3 + 6),
        ("knockoff_adaptive", {"budget": 6, "round_size": 3}, 6, 6 * 3 + 3),
    ],
)
def test_answers_by_hand(name, options, cached, live):
    """Of 19 training images in 3 epochs; a survey, or a policy's rounds but the last, are asked before."""
    for responses, expected in (("cached", cached), ("live", live)):
        spec = KNOCKOFFS.parse({"name": name, "responses": responses, **options})
        assert asked(spec) == (expected, expected)
