"""Decisions look by look: what was decided or closed at an earlier look stands, and error rates hold over all looks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from distillab.core.identity import PAPER
from distillab.metrics.levels import Levels, shared_levels
from distillab.tables.cells import planned_cells
from distillab.tables.question import EVERY_STUDENT, Question
from distillab.tables.results import Results
from distillab.tables.thefts import EVERYTHING, Theft, further_looks, thefts_of, thieves_of

Asked = tuple[str, str]
"""Teacher and student network."""


def questions(results: Results) -> list[Question]:
    """Every question of the run with what all looks have found, by thief and teacher in the order of the plan."""
    thefts: dict[str, list[Theft]] = {}
    for theft in thefts_of(results):
        thefts.setdefault(theft.thief, []).append(theft)
    levels = thief_levels(results)
    asked = {thief: _questions(of_thief, levels[thief]) for thief, of_thief in thefts.items()}
    for family in families(results):
        fewer: dict[Asked, Question] = {}
        for thief in family:
            answer_at_all_looks(asked[thief], fewer)
            fewer |= {(question.teacher, question.student): question for question in asked[thief]}
    return [question for of_thief in asked.values() for question in of_thief if question.decision]


def answer_at_all_looks(asked: Sequence[Question], fewer: Mapping[Asked, Question] | None = None) -> None:
    """Take every look that was taken; unprotected teachers are looked at first, for others are judged by them.

    Args:
        asked: Questions about one thief.
        fewer: What is answered of the thief with the next fewer labels in the same sequence who asks the same.
    """
    plain = [question for question in asked if question.is_control]
    rest = [question for question in asked if not question.is_control]
    for look in _looks_taken(asked):
        for question in (*plain, *rest):
            before = (fewer or {}).get((question.teacher, question.student))
            tested = before is None or before.answer == "distillable"
            question.look(look, leaks=None if question.is_control else _leaks(plain, question), tested=tested)


def families(results: Results) -> list[list[str]]:
    """The thieves with cells: the papers' alone, those that differ in their labels alone together, the fewest first."""
    groups: dict[tuple[str, ...], list[str]] = {}
    known = thieves_of(results)
    for thief, facts in known.items():
        if planned_cells(results, thief):
            alike = (PAPER,) if thief == PAPER else tuple(str(facts[name]) for name in ("queries", "answers", "data"))
            groups.setdefault(alike, []).append(thief)
    return [
        sorted(group, key=lambda thief: inf if (n := known[thief]["labels"]) == "all" else n)
        for group in groups.values()
    ]


def thief_levels(results: Results) -> dict[str, Levels]:
    """How the thieves with cells share the error rate, before the teachers and attacks of each are counted.

    The papers' thief has it alone; the sequences of the others share one.

    Reference: methods, thieves 5.
    """
    own = Levels(alpha=results.workspace.plan.facts["decide"]["alpha"])
    shared = [family for family in families(results) if family != [PAPER]]
    levels = {PAPER: own} | dict(shared_levels(shared, own) if shared else {})
    return {
        thief: replace(levels[thief], looks=1 + len(further_looks(results, thief)))
        for thief in thieves_of(results)
        if planned_cells(results, thief)
    }


def _questions(thefts: list[Theft], levels: Levels) -> list[Question]:
    """Per teacher one for each student network, and one over all of them if there are several."""
    groups: list[tuple[str, list[Theft]]] = []
    for teacher in dict.fromkeys(name for theft in thefts for name in theft.robbed):
        parts = [theft for theft in thefts if teacher in theft.robbed]
        groups += [(teacher, [part]) for part in parts] + ([(teacher, parts)] if len(parts) > 1 else [])
    levels = replace(levels, teachers=len(groups))
    return [_question(teacher, parts, levels) for teacher, parts in groups]


def _question(teacher: str, parts: list[Theft], levels: Levels) -> Question:
    several, first = len(parts) > 1, parts[0]
    cells = {
        f"{cell.name} on {part.student}" if several else cell.name: (part, cell)
        for part in parts
        for cell in part.attacks(teacher)
    }
    return Question(
        thief=first.thief,
        teacher=teacher,
        defense=first.robbed[teacher],
        network=first.networks[teacher],
        student=EVERY_STUDENT if several else first.student,
        cells=cells,
        levels=replace(levels, attacks=len(cells)),
    )


def _looks_taken(asked: Sequence[Question]) -> list[int]:
    """The first look and those that some cell was to reach; the last one is at all seeds that are there."""
    if not asked:
        return []
    most = max(part.most_seeds for question in asked for part in question.parts)
    further = [look for look in further_looks(asked[0].results, asked[0].thief) if look <= most]
    return [*[0, *further][:-1], EVERYTHING]


def _leaks(plain: Sequence[Question], question: Question) -> bool:
    """Whether the unprotected teacher of the same network is shown to be distillable with the same student.

    Of a network from elsewhere nobody knows the unprotected one: any that was trained here shows what the thief can do.
    """
    students = {question.student}
    if question.brought:
        students.update(part.student for part in question.parts)
    alike = [each for each in plain if question.brought or each.network == question.network]
    return any(each.student in students and each.answer == "distillable" for each in alike)
