"""What could stand between a teacher and a thief: what each answer form and wrapper costs the user and takes away."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import nan, sqrt
from typing import Any

import numpy as np
from scipy.special import stdtrit

from distillab.metrics.dunnett import Difference
from distillab.metrics.intervals import LEVEL
from distillab.metrics.protection import Shield, protections, removed_share
from distillab.tables.answers_seen import AnswersSeen
from distillab.tables.columns import interval, shared
from distillab.tables.looks import questions
from distillab.tables.margins import margin, one_image
from distillab.tables.model_run import ModelRun
from distillab.tables.question import EVERY_STUDENT, Question
from distillab.tables.results import Results
from distillab.tables.shielding import FIXED_BEFOREHAND
from distillab.tables.table import Column, Table
from distillab.tables.thefts import thieves_of

Row = dict[str, Any]

EVERYTHING = "probabilities"
"""What an answer shows that hides nothing."""

WRAPPER = "perturbed"
"""The kind of a defense of the outputs alone."""


def rows(results: Results) -> list[Row]:
    """The table ``protections``: one row per thief, teacher, student network and protection.

    A protection is the form of an answer that another thief with the same labels and questions is given, or a defense
    of the teacher's outputs. The gain that is left is over the controls of its own thief, who has the same labels.
    """
    asked = [question for question in questions(results) if question.student != EVERY_STUDENT]
    plain = [question for question in asked if _answers(question) == EVERYTHING and not _base_of(question)]
    groups = [group for question in plain if (group := _Group(question, _protected(question, asked))).protections]
    return [row for group in groups for row in group.rows(len(groups))]


@dataclass(frozen=True, eq=False)
class _Protection:
    """One protection of a teacher, and the theft that it is to prevent."""

    name: str
    question: Question
    plain: Question

    @property
    def is_form(self) -> bool:
        """Whether it is the form of the answers; else it is a defense around the teacher."""
        return self.question.teacher == self.plain.teacher

    @cached_property
    def pairs(self) -> list[tuple[ModelRun, ModelRun]]:
        """The teachers as they are, and as they are protected, seed by seed."""
        own, bare = (_runs(question) for question in (self.question, self.plain))
        return [(bare[seed], own[seed]) for seed in bare if seed in own]

    @cached_property
    def answers(self) -> list[AnswersSeen]:
        """What honest users see of each."""
        return [AnswersSeen(self.plain.results, bare, own, _answers(self.question)) for bare, own in self.pairs]

    @cached_property
    def accuracy(self) -> Difference:
        """Accuracy less that of the bare teacher: the mean over teachers, its error that over test images."""
        resolution = one_image(self.plain.results)
        changes = np.mean([each.change for each in self.answers], axis=0) if self.answers else np.array([nan])
        n, value = len(changes), float(changes.mean())
        error = max(float(changes.std(ddof=1)) / sqrt(n), resolution) if n > 1 else nan
        half = error * float(stdtrit(n - 1, 1 - (1 - LEVEL) / 2)) if n > 1 else nan
        known = bool(np.isfinite(half))
        low, high = (max(-1.0, value - half), min(1.0, value + half)) if known else (None, None)
        return Difference(value, error, float(n - 1) if known else 0.0, n, low, high, None)

    def mean(self, name: str) -> float:
        """The mean over teachers of something that users see."""
        return float(np.mean([getattr(each, name) for each in self.answers])) if self.answers else nan


@dataclass
class _Group:
    """One thief and one teacher, and all that could stand between them."""

    plain: Question
    protections: list[_Protection]

    def rows(self, groups: int) -> Iterator[Row]:
        """A row for each; the error rate of ``protects`` is shared by so many groups."""
        cells = self.plain.cells
        theft, cell = cells.get(FIXED_BEFOREHAND) or next(iter(cells.values()))
        leak = theft.gain(cell)
        alpha, n_test = self.plain.levels.alpha / groups, len(self.plain.results.labels["test"])
        options = {"looks": self.plain.levels.looks, "margin": margin(self.plain.results), "n_test": n_test}
        shields = {each.name: _shield(each) for each in self.protections}
        judged = {name: shield for name, shield in shields.items() if shield.gains} if leak else {}
        found = protections(judged, leak, alpha=alpha, **options) if judged else {}  # type: ignore[arg-type]
        for each in self.protections:
            protects = found.get(each.name)
            yield _row(each) | {
                "protects": protects.protects if protects else None,
                "protection_reason": protects.reason if protects else None,
                **_share(each, leak, shields[each.name]),
            }


def _protected(plain: Question, asked: list[Question]) -> list[_Protection]:
    """What stands between the teacher of a question and its thief, elsewhere in the run."""
    thieves = thieves_of(plain.results)
    alike = [
        thief
        for thief, means in thieves.items()
        if all(means[name] == thieves[plain.thief][name] for name in ("labels", "queries", "data"))
    ]
    found = []
    for other in asked:
        if other.student != plain.student or other is plain:
            continue
        if other.teacher == plain.teacher and other.thief in alike and _answers(other) != EVERYTHING:
            found.append(_Protection(other.thief, other, plain))
        elif other.thief == plain.thief and _base_of(other) == plain.teacher:
            found.append(_Protection(other.defense, other, plain))
    return found


def _answers(question: Question) -> Any:  # noqa: ANN401 - as the plan tells it
    return thieves_of(question.results)[question.thief]["answers"]


def _form(answers: Any) -> str:  # noqa: ANN401 - as the plan tells it
    """``label``, ``top 3``, ``rounded 1``."""
    return answers if isinstance(answers, str) else " ".join(f"{name} {value}" for name, value in answers.items())


def _base_of(question: Question) -> str:
    """The teacher whose outputs a defense changes; empty where the question is about no such defense."""
    facts = question.results.workspace.plan.facts["defenses"][question.defense]
    if facts["kind"] != WRAPPER:
        return ""
    (run, *_) = (run for run in question.results.planned if run.role == "teacher" and run.model == question.teacher)
    known = {each.member.id: each.model for each in question.results.planned if each.role == "teacher"}
    return next((known[parent] for parent in run.member.parents.values() if parent in known), "")


def _runs(question: Question) -> dict[int, ModelRun]:
    """The teachers of a question that are there, by seed."""
    found = (run for run in question.results.runs if run.role == "teacher" and run.model == question.teacher)
    return {run.seed: run for run in found}


def _shield(each: _Protection) -> Shield:
    question = each.question
    gains = {name: gain for name, (theft, cell) in question.cells.items() if (gain := theft.gain(cell))}
    missing = [name for name in question.cells if name not in gains]
    return Shield(gains, each.accuracy, missing or (["some networks"] if question.gone else []))


def _share(each: _Protection, leak: Any, shield: Shield) -> Row:  # noqa: ANN401 - gains over each control
    found = None
    if leak and shield.gains and not shield.missing:
        results, tail = each.plain.results, (1 - LEVEL) / 2
        found = removed_share(shield.gains, leak, alpha=tail, attacks=len(shield.gains), margin=margin(results))
    if found is None:
        return dict.fromkeys(("share_removed", "share_low", "share_high", "share_attack"))
    return {
        "share_removed": found.value,
        "share_low": found.lower,
        "share_high": found.upper,
        "share_attack": found.attack,
    }


def _row(each: _Protection) -> Row:
    plain, decision = each.plain, each.question.decision
    low, high = (None if bound is None else 0 - bound for bound in (each.accuracy.high, each.accuracy.low))
    facts = plain.results.workspace.plan.facts["defenses"]
    return {
        "thief": plain.thief,
        "teacher": plain.teacher,
        "defense": plain.defense,
        "student": plain.student,
        "protection": each.name,
        "is_form": each.is_form,
        "protection_label": _form(_answers(each.question)) if each.is_form else facts[each.question.defense]["label"],
        "n": each.accuracy.n,
        "teachers": len(each.pairs),
        "accuracy": each.mean("accuracy"),
        "cost": 0 - each.accuracy.value,
        "cost_low": low,
        "cost_high": high,
        **{name: each.mean(name) for name in ("flip_rate", "change_l1", "ece", "bare_ece")},
        "best_attack": decision.attack if decision else None,
        "gain": decision.gain if decision else None,
        "gain_lower": decision.lower if decision else None,
        "gain_upper": decision.upper if decision else None,
        "seeds": min((gain.n for over in _shield(each).gains.values() for gain in over.values()), default=0),
        "missing": each.question.gone,
    }


TABLE = Table(
    "protections",
    (
        *shared("thief", "teacher", "defense"),
        Column("student", "text", "key of the student's architecture"),
        Column("protection", "text", "key of the defense around the teacher, or of the thief who is answered so"),
        Column("is_form", "flag", "whether it is the form of the answers"),
        Column(
            "protection_label", "text", "what an answer shows, as the plan tells it, or what pages call the defense"
        ),
        Column("n", "images", "test images"),
        Column("teachers", "seeds", "teachers that the means are over"),
        Column("accuracy", "share", "mean accuracy of the protected answers", True),
        Column("cost", "signed share", "accuracy of the bare teacher less this one's", True),
        *interval("cost_low", "cost_high", "signed share", of="this cost over test images", optional=True),
        Column("flip_rate", "share", "test images on which the largest class is another", True),
        Column("change_l1", "probability distance", "mean L1 distance from the bare answers", True),
        Column("ece", "share", "expected calibration error of the protected answers, 15 bins", True),
        Column("bare_ece", "share", "the same of the bare ones", True),
        Column("best_attack", "text", "the attack that gains most in spite of it", True),
        Column("gain", "signed share", "its mean gain, over several controls the smallest", True),
        Column("gain_lower", "signed share", "largest lower bound of a gain, at the level of distillable", True),
        Column("gain_upper", "signed share", "largest upper bound, at the level of undistillable", True),
        *shared("seeds"),
        Column("missing", "count", "networks that the row was to rest on and that are not there"),
        *shared("protects", "protection_reason"),
        Column("share_removed", "part", "smallest share of the bare teacher's leak that any attack lacks", True),
        *shared("share_low", "share_high"),
        Column("share_attack", "text", "the attack that loses least", True),
    ),
    (),
    rows,
)
