"""Audit any model that can be asked: can a thief with few labels steal it through its answers?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from distillab.api.asking import AskedFunction, OnceAsked, Query
from distillab.api.checks import require_classes, require_float32, require_pairs, require_same_kind
from distillab.api.given import Student, fresh_student, method_of
from distillab.api.settings import own_settings
from distillab.api.thefts import AuditEvidence, Thefts
from distillab.api.training import Pupils, recipe_of, small_student
from distillab.blackbox.forms import Form
from distillab.core.errors import SpecError
from distillab.core.shapes import Images, Labels
from distillab.knockoff import KNOCKOFFS
from distillab.metrics.decisions import Answer, TeacherDecision
from distillab.metrics.gains import Accuracies
from distillab.metrics.intervals import MIN_SEEDS, Estimate, wilson
from distillab.metrics.levels import Levels
from distillab.params.audit_plan import ATTACKS, EACH
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.thief import AnswerForm

MODEL, CONTROL = "model", "control"


@dataclass(frozen=True)
class AuditedModel:
    """Whether a model can be stolen, and what that rests on; accuracies and gains in [0, 1]."""

    decision: TeacherDecision
    """The verdict, the attack with the largest gain over the controls, and the bounds of that gain."""
    control: TeacherDecision
    """The same of a model that was trained here on all labels, without protection: the positive control."""
    accuracy: Estimate
    """Of the model on the test images, with its 95 % interval."""
    knockoffs: Mapping[str, Accuracies]
    """Attack to test accuracy by seed."""
    controls: Mapping[str, Accuracies]
    """The same of students without answers: ``ls`` has the thief's labels, ``pseudo`` its images too."""
    labels: int
    """Labels that the thief had."""
    queries: int
    """Images that the model was asked about, those to judge with included."""

    @property
    def verdict(self) -> Answer:
        """distillable, nothing to steal, no control, undistillable or undecided."""
        return self.decision.answer

    @property
    def reason(self) -> str:
        """What decided, or why nothing did."""
        return self.decision.reason


@own_settings()
def audit_model(  # noqa: PLR0913 - an audit is this many things
    query: Query,
    images: Images,
    labels: Labels,
    test_images: Images,
    test_labels: Labels,
    *,
    held: int | None = None,
    attacks: Sequence[str | KnockoffSpec] = ATTACKS,
    seeds: int = 5,
    student: Student | None = None,
    classes: int | None = None,
    answers: Form = "probabilities",
    shows: AnswerForm = "probabilities",
    recipe: Mapping[str, object] | None = None,
    margin: float = 0.01,
    alpha: float = 0.05,
) -> AuditedModel:
    """Whether a thief with few labels who asks about all images gains over students that had no answers.

    The rules are those of ``distillab audit``, at one look and with one thief: each attack is repeated over ``seeds``,
    the students without answers twice as often, and a model that is trained here on all labels is stolen in the same
    way, because nothing is called undistillable where that is not shown to leak. What could protect the model, and the
    page, are the command's alone. With S seeds and K attacks ``S (5 + 2 K)`` networks are trained, one after the other.

    Args:
        query: images (m, c, h, w) in [0, 1], some hundreds at a time, to one answer each; each is asked about once.
        images: those that the thief asks about, float32 (n, c, h, w) in [0, 1].
        labels: int64 (n,) of all of them; the thief has ``held``.
        test_images: those to judge with.
        test_labels: theirs.
        held: labels of the thief, drawn by the seed; 10 of each class, at most half of the images, if absent.
        attacks: names of knockoff attacks, or their specs.
        seeds: how often each theft is repeated, at least 3.
        student: network of thieves and controls, as of `steal_model`.
        classes: their number; that of the first answer if absent.
        answers: what ``query`` returns, as of `steal_model`.
        shows: how much of an answer the thief sees, as of `steal_model`.
        recipe: of students, as of `steal_model`; the control has twice the epochs.
        margin: gain in accuracy too small to matter.
        alpha: probability that the verdict is wrong.

    Raises:
        SpecError: a number does not fit the others, or there is no such attack, network or parameter.
        ContractError: these are no images, labels or answers, or a training diverged.

    Reference: methods, thieves 2, 4 and 5.
    """
    specs = _specs(attacks, seeds)
    _require(images, labels, test_images, test_labels, margin)
    levels, trained = Levels(alpha, teachers=2, attacks=len(specs)), recipe_of(recipe or {}, where="audit_model")
    asked = AskedFunction(query, classes, answers=answers, shows=shows)
    judging = OnceAsked(asked, test_images)
    judging.ask(torch.arange(1))
    require_classes(torch.cat([labels.cpu(), test_labels.cpu()]), asked.classes, "images")
    pupils = Pupils(images, asked.classes, student or small_student(images), trained)
    fresh_student(pupils.student, pupils.domain, seed=0)
    thefts = Thefts(pupils, labels.cpu(), test_images, test_labels.cpu(), _held(held, asked.classes, len(images)))
    accuracy = _accuracy(judging, test_labels)
    return _audited(thefts, specs, OnceAsked(asked, images), seeds, accuracy=accuracy, margin=margin, levels=levels)


def _require(images: Images, labels: Labels, test_images: Images, test_labels: Labels, margin: float) -> None:
    """Refuse what no audit can be of, before anything is asked."""
    require_pairs(images, labels, "images")
    require_pairs(test_images, test_labels, "test images")
    require_float32(images, "images")
    require_float32(test_images, "test images")
    require_same_kind(test_images, images, "test images")
    if not 0 < margin < 1:
        raise SpecError("no share of test images", where="margin", expected="a number between 0 and 1", got=str(margin))


def _accuracy(judging: OnceAsked, labels: Labels) -> Estimate:
    """Of the model, from its answers to all images to judge with."""
    said = judging.ask(torch.arange(len(labels))).argmax(dim=1).cpu()
    return wilson(int((said == labels.cpu()).sum()), len(said))


def _audited(
    thefts: Thefts,
    specs: Sequence[KnockoffSpec],
    once: OnceAsked,
    seeds: int,
    *,
    accuracy: Estimate,
    margin: float,
    levels: Levels,
) -> AuditedModel:
    plain = [thefts.plain_teacher(seed) for seed in range(seeds)]
    knockoffs, controls = thefts.knockoffs(specs, [once] * seeds), thefts.controls(2 * seeds)
    of_plain = thefts.knockoffs(specs, [OnceAsked(once.teacher.instead(model), once.images) for model in plain])
    evidence = AuditEvidence({MODEL: knockoffs, CONTROL: of_plain}, controls, accuracy.n, margin, levels)
    control = evidence.decision(CONTROL, {seed: thefts.accuracy(model) for seed, model in enumerate(plain)}, leaks=None)
    decision = evidence.decision(MODEL, {0: accuracy.value}, leaks=control.answer == "distillable")
    return AuditedModel(decision, control, accuracy, knockoffs, controls, thefts.held, once.teacher.queries)


def _held(held: int | None, classes: int, images: int) -> int:
    """How many labels the thief has."""
    found = min(EACH * classes, images // 2) if held is None else held
    if not classes <= found <= images:
        expected = f"{classes}, one of each class, to {images}"
        raise SpecError("labels do not fit the images", where="held", expected=expected, got=str(found))
    return found


def _specs(attacks: Sequence[str | KnockoffSpec], seeds: int) -> list[KnockoffSpec]:
    """The attacks, told apart by their names, and repeated often enough."""
    specs = [method_of(KNOCKOFFS, attack, {}, where="audit_model") for attack in attacks]
    if seeds < MIN_SEEDS:
        raise SpecError("too few to decide anything", where="seeds", expected=f"at least {MIN_SEEDS}", got=str(seeds))
    if not specs or len({spec.name for spec in specs}) < len(specs):
        got = ", ".join(spec.name for spec in specs) or "none"
        raise SpecError("attacks are told apart by name", where="attacks", expected="one of a name", got=got)
    return specs
