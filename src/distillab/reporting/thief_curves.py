"""The curve over labels: what labels alone, pseudo-labels and answers are worth, as rows and as a figure of a page."""

from html import escape
from typing import TYPE_CHECKING, Any

from distillab.reporting.display import Html, folded, percent
from distillab.reporting.drawing import show, style
from distillab.reporting.knockoff_rows import sample
from distillab.reporting.names import marked
from distillab.reporting.selection import unprotected
from distillab.reporting.summaries import over_seeds, seeds_range, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_figures import ALONE, KNOCKOFF, PROBABILITIES, PSEUDO, label_curves
from distillab.reporting.thief_names import answers_shown, images_asked, label_count, label_phrase
from distillab.reporting.thief_rows import strongest
from distillab.reporting.verdict_notes import margin_phrase

if TYPE_CHECKING:
    import pandas as pd

_ROLES = {"ls_student": ALONE, "pseudo_student": PSEUDO}

_DATA = ("what", "thief", "row", "attack", "labels", "queries", "answers", "accuracy", "accuracy_low", "accuracy_high",
         "agreement", "agreement_low", "agreement_high", "seeds", "test_n")  # fmt: skip


def curve_figure(tables: Tables) -> Html:
    """Accuracy and agreement against labels and against answers bought; a figure per pair, all but the first folded.

    Nothing where all thieves have as many labels.
    """
    if tables["labels"]["labels"].nunique() < 2:
        return Html("")
    pairs = dict.fromkeys(zip(strongest(tables)["pair"], strongest(tables)["student"], strict=True))
    drawn = {pair: _curve(tables, pair, student, place) for place, (pair, student) in enumerate(pairs)}
    shown = [folded(pair, figure) if place else figure for place, (pair, figure) in enumerate(drawn.items())]
    return Html("".join(part.text for part in shown))


def curve_rows(tables: Tables, pair: str, student: str) -> "pd.DataFrame":
    """The rows of `label_curves` for a pair of networks: of each control, and of each verdict's strongest knockoff.

    Controls of one kind with as many labels differ in their seeds alone: those with most seeds stand for all. Of the
    defended teachers those are left out that one of several thieves alone robs: they make no curve.
    """
    import pandas as pd

    controls = tables["labels"][tables["labels"]["student"] == student]
    controls = controls.sort_values("seeds", ascending=False, kind="stable")
    alone = controls[controls["role"] == "ls_student"].drop_duplicates("labels")
    kept = pd.concat([alone, controls[controls["role"] == "pseudo_student"]])
    students = kept.assign(what=kept["role"].map(_ROLES), accuracy_low=kept["low"], accuracy_high=kept["high"])
    knockoffs = strongest(tables)
    knockoffs = knockoffs[knockoffs["pair"] == pair].assign(what=KNOCKOFF)
    robbed_by = knockoffs.groupby("row")["thief"].transform("nunique")
    knockoffs = knockoffs[knockoffs["unprotected"] | (robbed_by >= min(2, knockoffs["thief"].nunique()))].copy()
    knockoffs["labels"] = [label_count(tables.facts, thief) for thief in knockoffs["thief"]]
    knockoffs["answers"] = [answers_shown(tables.facts, thief) for thief in knockoffs["thief"]]
    knockoffs["images"] = [images_asked(tables.facts, thief) for thief in knockoffs["thief"]]
    for end in ("accuracy", "low", "high"):
        knockoffs[end if end == "accuracy" else f"accuracy_{end}"] = knockoffs[f"knockoff_{end}"]
    columns = list(dict.fromkeys([*_DATA, "defense", "images", "unprotected", "best_delta"]))
    frames = [frame.reindex(columns=columns) for frame in (students, knockoffs)]
    return pd.concat([frame for frame in frames if len(frame)], ignore_index=True)


def _curve(tables: Tables, pair: str, student: str, place: int) -> Html:
    rows = curve_rows(tables, pair, student)
    margin = float(tables.facts["margin"])
    knockoffs = rows[rows["what"] == KNOCKOFF]
    few = (knockoffs["answers"] != PROBABILITIES).any()
    with style():
        return show(
            label_curves(rows, _teacher(tables, pair), margin),
            name=f"labels-{place}" if place else "labels",
            alt=f"Accuracy and agreement against the number of labels. {_told(rows)}",
            caption=f"<b>{escape(_finding(tables, rows))}</b> Line with band: LS students, mean and 95 % over training "
            f"seeds on these test images; dotted: {margin_phrase(tables)} above them, the margin; squares: students of "
            "their pseudo-labels on the same images; other markers: knockoffs by the attack that gains most on each "
            "teacher, intervals likewise, not corrected for taking the best of several; those of one place stand side "
            f"by side.{' Open markers: answers show less than probabilities.' if few else ''}"
            f"{_left_out(tables, rows, pair)} {sample(tables)}, "
            f"{seeds_range(int(n) for n in rows['seeds'])}.",
            data=rows[list(_DATA)],
        )


def _left_out(tables: Tables, rows: "pd.DataFrame", pair: str) -> str:
    """How many teachers are not drawn."""
    cells = strongest(tables)
    left = cells.loc[cells["pair"] == pair, "row"].nunique() - rows["row"].nunique()
    return f" Not drawn: {left} teacher{'s' * (left > 1)} that one thief alone robs." if left else ""


def _teacher(tables: Tables, pair: str) -> tuple[str, float] | None:
    """The unprotected teacher of a pair of networks, with its accuracy."""
    network = pair.partition(" → ")[0]
    model = unprotected(tables).get(network)
    means = over_seeds(teachers_of(tables), ["model", "defense"], "test_accuracy")
    found = records(means[means["model"] == model])
    return (f"teacher, {marked(tables, found[0].defense)}", float(found[0].value)) if found else None


def _finding(tables: Tables, rows: "pd.DataFrame") -> str:
    """What answers add to the labels of the thief to whom the unprotected teacher loses most."""
    plain = rows[rows["unprotected"].eq(other=True)]
    if plain.empty:
        return "What labels alone are worth."
    most = records(plain.sort_values("best_delta", ascending=False, kind="stable"))[0]
    alone = _at(rows, ALONE, int(most.labels))
    with_answers = f"with answers of {most.row} {percent(most.accuracy)} %"
    return f"With {label_phrase(tables.facts, most.thief)} alone a student reaches {percent(alone)} %, {with_answers}."


def _told(rows: "pd.DataFrame") -> str:
    """The curve of the labels alone, and the knockoffs of the unprotected teacher, in words."""
    alone = [f"{percent(row.accuracy)} % at {int(row.labels):,}"
             for row in records(rows[rows["what"] == ALONE].sort_values("labels"))]  # fmt: skip
    plain = rows[rows["unprotected"].eq(other=True)].sort_values("labels")
    knockoffs = [f"{percent(row.accuracy)} % at {int(row.labels):,}, {int(row.queries):,} answers"
                 for row in records(plain)]  # fmt: skip
    said = f" Knockoffs of the unprotected teacher: {'; '.join(knockoffs)}." if knockoffs else ""
    return f"Labels alone: {'; '.join(alone)}.{said}"


def _at(rows: "pd.DataFrame", what: str, labels: int) -> float | None:
    found: Any = rows.loc[(rows["what"] == what) & (rows["labels"] == labels), "accuracy"]
    return float(found.iloc[0]) if len(found) else None
