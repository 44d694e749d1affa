"""Steal any model that can be asked: a student of its answers."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from distillab.api.asking import AskedFunction, OnceAsked, Query
from distillab.api.checks import require_classes, require_float32, require_pairs, require_tensor
from distillab.api.given import Student, method_of
from distillab.api.settings import own_settings
from distillab.api.training import Pupils, predicted, recipe_of, small_student
from distillab.blackbox.forms import Form
from distillab.core.shapes import Flags, Images, Labels, Probs
from distillab.knockoff import KNOCKOFFS
from distillab.knockoff.teacher import Answers, LiveAnswers
from distillab.metrics.intervals import Estimate, wilson
from distillab.specs.augment import AugmentSpec
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.thief import AnswerForm
from distillab.training.checkpoint import History
from distillab.training.objective import Objective, Task


@dataclass(frozen=True)
class Knockoff:
    """A student that learned from answers, and what it cost."""

    student: nn.Module
    """Images (n, c, h, w) in [0, 1] to logits (n, k); in evaluation mode, on the images' device."""
    answers: Probs
    """What the thief saw of each image, (n, k), rows summing to 1; zeros where it did not ask, or kept no answer."""
    asked: Flags
    """Of which images an answer was kept."""
    queries: int
    """Images asked about, each as often as it was."""
    history: History
    """A record of each epoch: the mean of each term of the loss in nats, their sum, the learning rate."""
    spec: KnockoffSpec
    """The attack with every parameter."""

    @own_settings()
    def accuracy(self, images: Images, labels: Labels) -> Estimate:
        """Share of images that the student classifies correctly, in [0, 1], with its 95 % interval over images.

        Raises:
            ContractError: these are no images or labels.
        """
        require_pairs(images, labels, "test images")
        right = predicted(self.student, images) == labels.cpu()
        return wilson(int(right.sum()), len(right))


@own_settings()
def steal_model(  # noqa: PLR0913 - a theft is this many things
    query: Query,
    images: Images,
    labels: Labels | None = None,
    attack: str | KnockoffSpec = "kd",
    *,
    student: Student | None = None,
    classes: int | None = None,
    answers: Form = "probabilities",
    shows: AnswerForm = "probabilities",
    recipe: Mapping[str, object] | None = None,
    seed: int = 0,
    **parameters: object,
) -> Knockoff:
    """A student of the answers that a model gives to images, trained as the workflow trains knockoffs.

    Nothing of the model is used but ``query``. Each image is asked about once, unaugmented, unless the attack's
    ``responses`` are ``live``. The global generators stay as they were; equal seeds give equal bytes on one machine,
    with one number of threads.

    Args:
        query: images (m, c, h, w) in [0, 1], some hundreds at a time, to one answer each.
        images: those to ask about and to learn from, float32 (n, c, h, w) in [0, 1].
        labels: int64 (n,), classes from 0, -1 where the thief has none; if absent it has none at all. An attack that
            reads labels takes the class that the answer names instead.
        attack: name of one of `distillab.knockoff.KNOCKOFFS`, e.g. ``kd``, ``mkd``, ``dkd``, or its spec.
        student: name of a network of `distillab.models.MODELS`, with parameters as ``{"name": ...}``, or a function
            that makes one; a small one that fits the images if absent.
        classes: their number k; that of the first answer if absent.
        answers: what ``query`` returns: ``probabilities`` or ``logits`` (m, k), or ``labels`` (m,).
        shows: how much of an answer the thief sees: ``probabilities``, ``label``, `TopClasses` or
            `RoundedProbabilities` of `distillab.specs.thief`.
        recipe: keys of `distillab.specs.train.TrainSpec` in place of those of `distillab.api.training.RECIPE`, e.g.
            ``{"epochs": 5}``; an attack that has a recipe of its own keeps it.
        seed: of initialization, batch order and dropout.
        parameters: of the attack, e.g. ``temperature``.

    Raises:
        SpecError: there is no such attack, network or parameter, or the images do not fit the network.
        ContractError: these are no images, labels or answers, or the training diverged.

    Reference: each attack's class names its paper.
    """
    spec = method_of(KNOCKOFFS, attack, parameters, where="steal_model")
    require_tensor(images, "images")
    y = images.new_full((len(images),), -1, dtype=torch.int64) if labels is None else labels
    require_pairs(images, y, "images", unknown=True)
    require_float32(images, "images")
    asked = AskedFunction(query, classes, answers=answers, shows=shows)
    once = OnceAsked(asked, images)
    if classes is None:
        once.ask(torch.arange(1))
    recipe_used = spec.train or recipe_of(recipe or {}, where="steal_model")
    pupils = Pupils(images, asked.classes, student or small_student(images), recipe_used, spec.augment or AugmentSpec())
    model, history = knockoff_of(spec, once, y, pupils, seed=seed)
    probs = once.probs if len(once.probs) else images.new_zeros(len(images), asked.classes)
    return Knockoff(model, probs, once.asked, asked.queries, history, spec)


def knockoff_of(
    spec: KnockoffSpec, once: OnceAsked, y: Labels, pupils: Pupils, *, seed: int
) -> tuple[nn.Module, History]:
    """A student of answers, and its history.

    Args:
        spec: the attack.
        once: the model, and what it answered before.
        y: labels, -1 where the thief has none.
        pupils: images, network and recipe.
        seed: of the training.

    Raises:
        ContractError: a label is no class of the answers, or the training diverged.
    """
    require_classes(y, pupils.classes, "images")
    answers: Answers = once if spec.responses == "cached" else LiveAnswers(once.teacher)
    unknown = (y.cpu() < 0).nonzero().flatten()
    if spec.reads_labels and len(unknown):
        y = y.clone()
        y[unknown.to(y.device)] = once.ask(unknown).argmax(dim=1).to(y.device)

    def objective(task: Task) -> Objective:
        made = spec.objective(task, answers)
        if answers is once:
            once.ask(made.positions(task.train).cpu())
        return made

    return pupils.train(y, torch.arange(len(pupils.images)), objective, seed=seed)
