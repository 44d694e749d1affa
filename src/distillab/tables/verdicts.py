"""Whether each teacher can be distilled by each thief: verdicts over the knockoff matrix."""

from typing import Any

from distillab.core.identity import PAPER
from distillab.tables.columns import shared
from distillab.tables.looks import answer_at_all_looks, questions
from distillab.tables.margins import margin
from distillab.tables.question import Question
from distillab.tables.results import Results
from distillab.tables.shielding import NOTHING, shielding
from distillab.tables.table import Column, Table

Row = dict[str, Any]

VERDICT = (
    "verdict", "literal", "best_attack", "best_delta", "lower", "upper", "seeds", "attacks", "reason", "price_seeds",
    "price_runs", "missing",
)  # fmt: skip
"""What a row says of one verdict."""


def rows(results: Results) -> list[Row]:
    """The table ``verdicts``: one row per thief, teacher and student network, and one over all students if several.

    Columns without prefix are over all attacks; those with ``paper_`` are of the papers' thief over the attacks of the
    paper alone. Where networks are ``missing``, a proven leak stands, nothing is undistillable, and the literal rule
    says nothing (None) unless it says distillable.
    """
    found = questions(results)
    papers, shields = _over_papers_attacks(found), shielding(found)
    return [_row(question, papers.get(question)) | shields.get(question, NOTHING) for question in found]


def _over_papers_attacks(found: list[Question]) -> dict[Question, Question]:
    """The questions about the papers' thief, asked over the attacks of the paper alone."""
    asked = {each: alone for each in found if each.thief == PAPER and (alone := each.only_papers())}
    answer_at_all_looks([*asked.values()])
    return asked


def _row(question: Question, papers: Question | None) -> Row:
    decision, results = question.decision, question.results
    value, low, high = (decision and decision.headroom) or (None, None, None)
    return {
        "thief": question.thief,
        "defense": question.defense,
        "defense_label": results.workspace.plan.facts["defenses"][question.defense]["label"],
        "teacher": question.teacher,
        "student": question.student,
        "margin": margin(results),
        "headroom": value,
        "headroom_low": low,
        "headroom_high": high,
        "teacher_seeds": len(question.parts[0].teachers[question.teacher]),
        "control_seeds": min(len(part.controls.get("ls", {})) for part in question.parts),
        **_verdict(question),
        **{f"paper_{name}": value for name, value in _verdict(papers).items()},
    }


def _verdict(question: Question | None) -> Row:
    gone = question.gone if question else 0
    if question is None or question.decision is None:
        return dict.fromkeys(VERDICT) | {"missing": gone}
    found = question.decision
    verdict, reason = found.answer, found.reason
    if gone and verdict == "undistillable":
        networks = "network is" if gone == 1 else "networks are"
        verdict, reason = "undecided", f"{gone} {networks} missing; of what is there, {reason}"
    values = (
        verdict,
        question.has_better_mean or (None if gone else False),
        found.attack,
        found.gain,
        found.lower,
        found.upper,
        min(gain.n for over in question.gains.values() for gain in over.values()),
        len(question.gains),
        reason,
        found.price.seeds if found.price else None,
        question.price_runs,
        gone,
    )
    return dict(zip(VERDICT, values, strict=True))


def _verdict_columns(prefix: str, attacks: str, *, optional: bool) -> tuple[Column, ...]:
    """The columns of one verdict, in the order of `VERDICT`."""
    answers = "distillable, nothing to steal, no control, undistillable or undecided"
    return (
        Column(f"{prefix}verdict", "text", f"{answers}, over {attacks}", optional),
        Column(f"{prefix}literal", "flag", "the papers' rule: the best mean lies above that of the LS students", True),
        Column(f"{prefix}best_attack", "text", "the attack with the largest mean gain", optional),
        Column(f"{prefix}best_delta", "signed share", "its mean gain, over several controls the smallest", optional),
        Column(f"{prefix}lower", "signed share", "largest lower bound of a gain, at the level of distillable", True),
        Column(f"{prefix}upper", "signed share", "largest upper bound, at the level of undistillable", True),
        Column(f"{prefix}seeds", "seeds", "runs of the attack that has the fewest", optional),
        Column(f"{prefix}attacks", "count", "attacks that the verdict is over", optional),
        Column(f"{prefix}reason", "text", "what decided, or why nothing did", optional),
        Column(f"{prefix}price_seeds", "seeds", "seeds of each open attack that would probably decide", True),
        Column(f"{prefix}price_runs", "count", "trainings of knockoffs that these are", True),
        Column(f"{prefix}missing", "count", "networks that the verdict was to rest on and that are not there"),
    )


TABLE = Table(
    "verdicts",
    (
        *shared("thief", "defense", "defense_label", "teacher"),
        Column("student", "text", "key of the student's architecture, or 'every student'"),
        Column("margin", "share", "gain that is too small to matter, stated beforehand"),
        Column("headroom", "signed share", "the teacher's mean accuracy less that of the LS students", True),
        Column("headroom_low", "signed share", "its lower bound, at the level of undistillable", True),
        Column("headroom_high", "signed share", "its upper bound, at the level of undistillable", True),
        Column("teacher_seeds", "seeds", "teachers whose mean accuracy the headroom is of"),
        Column("control_seeds", "seeds", "LS students with the thief's labels"),
        *_verdict_columns("", "all attacks", optional=False),
        *_verdict_columns("paper_", "the paper's attacks", optional=True),
        Column("share_removed", "part", "smallest share of the unprotected teacher's leak that any attack lacks", True),
        *shared("share_low", "share_high"),
        *shared("protects", "protection_reason"),
        Column("cost", "signed share", "accuracy of the unprotected teacher less this one's, of common seeds", True),
        Column("cost_low", "signed share", "lower end of its simultaneous 95 % interval", True),
        Column("cost_high", "signed share", "upper end of its simultaneous 95 % interval", True),
    ),
    (),
    rows,
)
