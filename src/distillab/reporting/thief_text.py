"""The answer first: who can distill the unprotected teacher, and what the others' verdicts are."""

from html import escape
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any

from distillab.core.identity import PAPER
from distillab.reporting.absent import gaps
from distillab.reporting.display import Html, paragraph, points
from distillab.reporting.knockoff_rows import attack_name, of_teachers, ranked
from distillab.reporting.selection import robbed_by
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import listed, means_phrase, thief_title
from distillab.reporting.thief_rows import asking_thieves, hardest_first, price_phrase

if TYPE_CHECKING:
    import pandas as pd

_SAID = {
    "distillable": ("leaks", "leak"),
    "undistillable": ("is undistillable by these attacks", "are undistillable by these attacks"),
    "undecided": ("is undecided", "are undecided"),
    "no control": ("has no control", "have no control"),
    "nothing to steal": ("has nothing to steal", "have nothing to steal"),
}
"""Verdict to what is said of one teacher and of several."""

NAMED = 3
"""Teachers of one verdict that a sentence names; more are counted."""


def knockoff_answer(tables: Tables) -> Html:
    """Two sentences: what the unprotected teacher loses to whom, and the verdicts on the defended ones by thief."""
    return paragraph(" ".join(f"{escape(clause)}." for clause in knockoff_clauses(tables)), kind="lead")


def knockoff_clauses(tables: Tables) -> list[str]:
    """The answer as plain clauses without a full stop: the unprotected teacher, then the defended ones."""
    verdicts = of_teachers(hardest_first(tables)).sort_values("most", kind="stable")
    if verdicts.empty:
        return [f"No knockoff verdict: {_why_none(tables)}"]
    defended = verdicts[~verdicts["unprotected"]]
    return [_unprotected(tables, verdicts[verdicts["unprotected"]]), *_defended(tables, defended)]


def papers_rule(tables: Tables) -> Html:
    """What the papers' attacks alone and their literal rule say of their thief; nothing where it took no part."""
    verdicts = of_teachers(ranked(robbed_by(tables, PAPER)))
    if verdicts.empty:
        return Html("")
    literal = int(verdicts["literal"].eq(other=True).sum())
    return paragraph(
        f"By the paper's literal rule, means compared without an interval, {literal} of {_teachers(len(verdicts))} "
        f"{'is' if literal == 1 else 'are'} distillable by the papers' thief.{_papers(verdicts)}"
    )


def _unprotected(tables: Tables, plain: "pd.DataFrame") -> str:
    """Whether, by whom and by how much the unprotected teacher is distilled."""
    where = f"On {tables.dataset},"
    if plain.empty:
        return f"{where} no unprotected teacher was attacked, so there is nothing to judge a defense by"
    leaks = plain[plain["verdict"] == "distillable"]
    v = max(records(leaks if len(leaks) else plain), key=lambda v: v.lower if len(leaks) else v.best_delta)
    who, gain = f"{v.row}, the unprotected teacher,", f"{points(v.best_delta)} points{bounds_phrase(v)}"
    attack = attack_name(tables, v.best_attack)
    if leaks.empty:
        said = f"{attack}, {thief_title(v.thief)}; {', '.join(filter(None, (v.verdict, price_phrase(tables, v))))}"
        return f"{where} {who} is not shown to leak, so no defense can be judged: the largest gain is {gain} ({said})"
    also = [thief_title(other) for other in leaks.loc[leaks["row"] == v.row, "thief"] if other != v.thief]
    too = f", and it leaks to {listed(also)} too" if also else ""
    means = means_phrase(tables.facts, v.thief)
    to = f"{thief_title(v.thief)} ({means})"
    return f"{where} {who} leaks to {to}: {attack} gains {gain} over students without answers{too}"


def _defended(tables: Tables, defended: "pd.DataFrame") -> list[str]:
    """The verdicts on the other teachers, thieves of whom the same is said together."""
    if defended.empty:
        return []
    said: dict[str, list[str]] = {}
    for thief in asking_thieves(tables):
        rows = defended[defended["thief"] == thief]
        if len(rows):
            said.setdefault(_groups(tables, rows), []).append(thief_title(thief))
    teachers = defended["row"].nunique()
    head = f"Of {teachers} defended teacher{'s' * (teachers > 1)}"
    return [f"{head}, " + "; ".join(f"against {listed(thieves)} {groups}" for groups, thieves in said.items())]


def _groups(tables: Tables, rows: "pd.DataFrame") -> str:
    """``"9 leak, 2 are undistillable (CMIM, label only), 1 is undecided (CE; 16 seeds, 40 knockoffs, 2 h)"``."""
    parts = []
    for kind, (one, several) in _SAID.items():
        found = records(rows[rows["verdict"] == kind])
        if found:
            said = several if len(found) > 1 else one
            more = "; ".join(filter(None, (_names([str(v.row) for v in found]), _price(tables, found))))
            parts.append(f"{len(found)} {said}{f' ({more})' if more else ''}")
    return ", ".join(parts)


def _price(tables: Tables, found: list[Any]) -> str:
    """What the cheapest of the undecided would take."""
    prices = [v for v in found if v.verdict == "undecided"]
    if not prices:
        return ""
    cheapest = min(prices, key=lambda v: v.price_seeds if isfinite(v.price_seeds or nan) else inf)
    phrase = price_phrase(tables, cheapest)
    return f"{cheapest.row} by {phrase}" if len(prices) > 1 and isfinite(cheapest.price_seeds or nan) else phrase


def _papers(verdicts: "pd.DataFrame") -> str:
    """The verdicts over the paper's attacks, where these differ from those over all."""
    known = verdicts[verdicts["paper_verdict"].isin(_SAID)]
    if known.empty or (known["attacks"] == known["paper_attacks"]).all():
        return ""
    if (known["verdict"] == known["paper_verdict"]).all():
        return " Over the paper's attacks alone the verdicts are the same."
    counted = {kind: int((known["paper_verdict"] == kind).sum()) for kind in _SAID}
    said = ", ".join(f"{n} {kind}" for kind, n in counted.items() if n)
    return f" Over the paper's attacks alone: {said}."


def bounds_phrase(v: Any) -> str:  # noqa: ANN401 - a row
    """`` [+1.2, +3.4]`` of a verdict's largest gain; empty where a bound is missing."""
    found = isfinite(v.lower) and isfinite(v.upper)
    return f" [{points(v.lower)}, {points(v.upper)}]" if found else ""


def _why_none(tables: Tables) -> str:
    """Whether knockoffs were planned at all."""
    gone = gaps(tables, "knockoff")
    return f"{len(gone):,} planned knockoffs are missing" if gone else "this preset ran no knockoff attack"


def _teachers(n: int) -> str:
    return f"{n} teacher{'s' * (n != 1)}"


def _names(names: list[str]) -> str:
    """The names, where they are few."""
    return ", ".join(names) if len(names) <= NAMED else ""
