"""What each defense takes from a thief: the share of the leak that is gone, whether it protects, and what it costs."""

from collections.abc import Iterator, Mapping
from typing import Any

from distillab.metrics.dunnett import Difference, differences_from
from distillab.metrics.gains import Gain
from distillab.metrics.protection import Shield, protections, removed_share
from distillab.tables.looks import EVERY_STUDENT, Question
from distillab.tables.margins import margin
from distillab.tables.results import Results
from distillab.tables.thefts import is_unprotected

Row = dict[str, Any]

FIXED_BEFOREHAND = "kd"
"""The attack by which the unprotected teacher's leak is measured; the first of the plan where it is not there."""

COLUMNS = ("share_removed", "share_low", "share_high", "protects", "protection_reason", "cost", "cost_low", "cost_high")
NOTHING: Row = dict.fromkeys(COLUMNS)


def shielding(results: Results, questions: list[Question]) -> dict[int, Row]:
    """By id of a question about a defended teacher, the columns `COLUMNS`; of others there is nothing to say."""
    found: dict[int, Row] = {}
    for plain in questions:
        if is_unprotected(results, plain.defense) and plain.student != EVERY_STUDENT:
            found |= dict(_beside(results, plain, questions))
    return found


def _beside(results: Results, plain: Question, questions: list[Question]) -> Iterator[tuple[int, Row]]:
    """The defended teachers of the same thief, student and network, beside the unprotected one."""
    alike = [
        each
        for each in questions
        if (each.thief, each.student, each.network) == (plain.thief, plain.student, plain.network)
        and not is_unprotected(results, each.defense)
    ]
    costs = _costs(results, plain, alike)
    leak = plain.gains.get(FIXED_BEFOREHAND) or next(iter(plain.gains.values()), None)
    shields = {each.teacher: _shield(each, costs[each.teacher]) for each in alike if each.teacher in costs}
    if leak is None or not shields:
        return
    n_test, alpha = len(results.labels["test"]), plain.levels.alpha / plain.levels.thieves
    verdicts = protections(shields, leak, alpha=alpha, looks=plain.levels.looks, margin=margin(results), n_test=n_test)
    for each in alike:
        if each.teacher in shields:
            verdict, cost = verdicts[each.teacher], costs[each.teacher]
            share = _share(results, each, leak, alpha)
            said = {"protects": verdict.protects, "protection_reason": verdict.reason}
            yield id(each), share | said | {"cost": -cost.value} | _bounds(cost)


def _shield(question: Question, cost: Difference) -> Shield:
    missing = [name for name in question.cells if name not in question.gains]
    return Shield(question.gains, cost, missing or (["some networks"] if question.gone else []))


def _share(results: Results, question: Question, leak: Mapping[str, Gain], alpha: float) -> Row:
    found = removed_share(question.gains, leak, alpha=alpha, attacks=len(question.cells), margin=margin(results))
    values = (found.value, found.lower, found.upper) if found else (None, None, None)
    return dict(zip(COLUMNS[:3], values, strict=True))


def _costs(results: Results, plain: Question, alike: list[Question]) -> dict[str, Difference]:
    """Accuracy of each defended teacher less that of the unprotected one, by Dunnett's rule."""
    accuracies = plain.parts[0].teachers
    reference = accuracies.get(plain.teacher, {})
    others = {each.teacher: accuracies.get(each.teacher, {}) for each in alike}
    others = {name: runs for name, runs in others.items() if runs.keys() & reference.keys()}
    return differences_from(reference, others, n_test=len(results.labels["test"]))


def _bounds(cost: Difference) -> Row:
    low, high = (None if bound is None else -bound for bound in (cost.high, cost.low))
    return {"cost_low": low, "cost_high": high}
