"""Sentences about adversarial sparse teachers: whether they are harder to steal from than those they build on."""

from collections.abc import Callable, Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from distillab.reporting.display import Html, paragraph, percent, points
from distillab.reporting.knockoff_rows import attack_name, of_teachers, ranked
from distillab.reporting.palette import ordered
from distillab.reporting.selection import kind_of, only, unprotected
from distillab.reporting.summaries import over_seeds, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.text import dataset
from distillab.reporting.thief_text import bounds_phrase
from distillab.tables.thefts import UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd

KIND = "adversarial_sparse"

KINDS = (UNPROTECTED, "smoothed", "nasty", "sparse", KIND)
"""What the study is about, and what its paper builds on or what needs no protection."""


def sparse_answer(tables: Tables, *, short: bool = False) -> Html:
    """Whether AST is harder to steal from than the others with its network, by bounds that do not overlap.

    Args:
        tables: The run.
        short: Only how much its strongest attack gains.
    """
    verdicts = of_teachers(ranked(only(tables, *KINDS)))
    own = verdicts[[kind_of(tables, key) == KIND for key in verdicts["defense"]]]
    if own.empty:
        return paragraph("No adversarial sparse teacher was attacked in this preset.", kind="lead")
    first = ordered(list(own["defense"]))[0]
    said = [_compared(tables, row, verdicts) for row in records(own[own["defense"] == first])]
    if short:
        return paragraph(_head(tables, records(own[own["defense"] == first])[0]), kind="lead")
    variants = own["defense"].nunique() - 1
    also = f"The table below has {variants} more variant{'s' * (variants > 1)} of AST." if variants else ""
    return Html("".join(paragraph(text, kind="lead").text for text in said) + (paragraph(also).text if also else ""))


def _compared(tables: Tables, own: Any, verdicts: "pd.DataFrame") -> str:  # noqa: ANN401 - a row
    network = tables.networks.get(own.teacher)
    same = [tables.networks.get(teacher) == network for teacher in verdicts["teacher"]]
    others = [row for row in records(verdicts[same]) if kind_of(tables, row.defense) != KIND]
    return f"{_head(tables, own)}{_ranking(own, others)}{_cost(tables, own)}"


def _head(tables: Tables, own: Any) -> str:  # noqa: ANN401 - a row
    attack = escape(attack_name(tables, own.best_attack))
    return (
        f"On {dataset(tables)}, the verdict on {escape(own.row)} is <strong>{escape(own.verdict)}</strong> for the "
        f"papers' thief: its strongest attack, {attack}, moves the knockoff {points(own.best_delta)} points"
        f"{bounds_phrase(own)} from the LS students."
    )


def _ranking(own: Any, others: list[Any]) -> str:  # noqa: ANN401 - rows
    if not others:
        return " There is no other teacher of its network here to compare it with."
    gains = "; ".join(f"{escape(row.row)} {points(row.best_delta)}{bounds_phrase(row)}" for row in others)
    if not bounds_phrase(own):
        return f" On the others it is: {gains}. Too few seeds for bounds, so none is called harder to steal from."
    said = "; ".join(f"{words} {names}" for words, names in _decisions(own, others))
    return f" By these bounds AST {said}. The strongest attack on each of them: {gains}."


def _decisions(own: Any, others: list[Any]) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - rows
    """What AST is, and against which others."""
    rules: dict[str, Callable[[Any], bool]] = {
        "is harder to steal from than": lambda row: own.upper < row.lower,
        "is easier to steal from than": lambda row: own.lower > row.upper,
    }
    decided = {words: [row for row in others if rule(row)] for words, rule in rules.items()}
    known = [row for rows in decided.values() for row in rows]
    decided["cannot be told apart from"] = [row for row in others if row not in known]
    for words, rows in decided.items():
        if rows:
            yield words, ", ".join(escape(row.row) for row in rows)


def _cost(tables: Tables, own: Any) -> str:  # noqa: ANN401 - a row
    """Accuracy of the protected and of the unprotected teacher of its network."""
    teachers = teachers_of(tables)
    means = over_seeds(teachers, ["model"], "test_accuracy").set_index("model")["value"]
    network = tables.networks.get(own.teacher)
    plain = unprotected(tables).get(network or "")
    if own.teacher not in means.index or plain not in means.index:
        return ""
    ours, theirs = percent(means[own.teacher]), percent(means[plain])
    return f" {escape(own.row)} classifies {ours} % of the test images correctly, CE {theirs} %."
