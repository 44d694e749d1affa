"""The curve over labels: what labels alone, pseudo-labels and answers are worth, as rows and as a figure of a page."""

from html import escape
from typing import TYPE_CHECKING, Any

from distillab.reporting.charts import Axis, Chart, Reference, by_defense
from distillab.reporting.display import Html, Piece, folded, percent
from distillab.reporting.drawing import Drawing, show
from distillab.reporting.knockoff_rows import sample
from distillab.reporting.names import marked
from distillab.reporting.selection import kind_of, unprotected
from distillab.reporting.summaries import over_seeds, seeds_range, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import answers_shown, images_asked, label_count, label_phrase
from distillab.reporting.thief_rows import strongest
from distillab.reporting.verdict_notes import margin_phrase
from distillab.tables.thefts import BROUGHT

if TYPE_CHECKING:
    import pandas as pd

ALONE, PSEUDO, MARGIN = "labels alone", "pseudo-labels", "plus margin"
"""The controls among the lines of the curve; every other line is of a defended teacher's knockoffs."""
PROBABILITIES = "probabilities"
"""The answers that are drawn as a full marker."""

_ROLES = {"ls_student": (ALONE, "control"), "pseudo_student": (PSEUDO, "second control")}
_BOUNDED = ("accuracy", "accuracy_low", "accuracy_high", "agreement", "agreement_low", "agreement_high")
_DATA = ("line", "thief", "attack", "labels", "queries", "answers", *_BOUNDED, "seeds", "test_n")
_OWN = ("pair", "row", "defense", "look", "images", "unprotected", "best_delta", "teacher_accuracy", "teacher_label")


def curves(tables: Tables) -> "pd.DataFrame":
    """The lines of the curve by ``pair`` of networks: of each control, and of each verdict's strongest knockoff.

    Controls of one kind with as many labels differ in their seeds alone: those with most seeds stand for all. Of the
    defended teachers those are left out that one of several thieves alone robs: they make no curve. No row where all
    thieves have as many labels.
    """
    import pandas as pd

    cells = strongest(tables)
    if cells.empty or tables["labels"]["labels"].nunique() < 2:
        return pd.DataFrame(columns=[*_DATA, *_OWN])
    later = cells["defense"].map(lambda key: kind_of(tables, key) != BROUGHT)  # whom a run is about comes first
    cells = cells.iloc[later.argsort(kind="stable")]
    pairs = dict.fromkeys(zip(cells["pair"], cells["student"], strict=True))
    return pd.concat([_curve(tables, cells, *pair) for pair in pairs], ignore_index=True)


def curve_figure(tables: Tables, frame: "pd.DataFrame") -> Piece:
    """The rows of `curves` drawn; a figure per pair of networks, all but the first folded."""
    shown: list[Piece] = []
    for place, (pair, rows) in enumerate(frame.groupby("pair", sort=False)):
        main, more = _figure(tables, rows, place), folded("Agreement, and answers bought", _more(rows, place))
        shown += [folded(str(pair), main, more)] if place else [main, more]
    first = [piece for piece in shown if isinstance(piece, Drawing)]
    return Drawing("".join(part.text for part in shown), first[0].charts) if first else Html("")


def _curve(tables: Tables, cells: "pd.DataFrame", pair: str, student: str) -> "pd.DataFrame":
    import pandas as pd

    controls = tables["labels"][tables["labels"]["student"] == student]
    controls = controls.sort_values("seeds", ascending=False, kind="stable")
    alone = controls[controls["role"] == "ls_student"].drop_duplicates("labels")
    kept = pd.concat([alone, controls[controls["role"] == "pseudo_student"]])
    named = {column: [_ROLES[role][place] for role in kept["role"]] for place, column in enumerate(("line", "look"))}
    students = kept.assign(accuracy_low=kept["low"], accuracy_high=kept["high"], **named).sort_values("labels")
    above = students[students["line"] == ALONE].assign(line=MARGIN, look="margin", accuracy_low=None, seeds=None,
                                                       accuracy_high=None, test_n=None)  # fmt: skip
    above["accuracy"] += float(tables.facts["margin"])
    knockoffs = _knockoffs(tables, cells[cells["pair"] == pair])
    frames = [part.reindex(columns=[*_DATA, *_OWN]) for part in (students, above, knockoffs)]
    found = pd.concat([part.astype(object) for part in frames if len(part)], ignore_index=True).infer_objects()
    teacher, accuracy = _teacher(tables, pair) or ("", None)
    return found.assign(pair=pair, teacher_label=teacher, teacher_accuracy=accuracy)


def _knockoffs(tables: Tables, cells: "pd.DataFrame") -> "pd.DataFrame":
    """The strongest knockoffs of the teachers that make a curve, named by the teacher and by what answers show."""
    robbed_by = cells.groupby("row")["thief"].transform("nunique")
    kept = cells[cells["unprotected"] | (robbed_by >= min(2, cells["thief"].nunique()))]
    answers = [answers_shown(tables.facts, thief) for thief in kept["thief"]]
    made = kept.assign(
        labels=[label_count(tables.facts, thief) for thief in kept["thief"]],
        images=[images_asked(tables.facts, thief) for thief in kept["thief"]],
        answers=answers,
        line=[marked(tables, key) + ("" if shown == PROBABILITIES else f", {shown}")
              for key, shown in zip(kept["defense"], answers, strict=True)],
        look=kept["defense"],
        **{f"accuracy{end}": kept[f"knockoff{end or '_accuracy'}"] for end in ("", "_low", "_high")},
    )  # fmt: skip
    return by_defense(made.sort_values("labels", kind="stable"))


def _chart(rows: "pd.DataFrame", x: str, y: str, xlabel: str) -> Chart:
    """Lines against labels or answers bought, the controls and the unprotected teacher in every panel."""
    plain = rows.loc[rows["unprotected"].eq(other=True), "line"]
    teacher = rows["teacher_label"].iloc[0]
    return Chart(
        rows.assign(hollow=rows["answers"].notna() & (rows["answers"] != PROBABILITIES), title=f"{y} against {xlabel}"),
        x=Axis(x, f"{xlabel} (log scale)", "log", ticks="values"),
        y=Axis(y, f"{y}, %", low=f"{y}_low", high=f"{y}_high", factor=100),
        panel="title",
        line="line",
        look="look",
        path="images" if x == "labels" else "labels",
        hollow="hollow",
        always=(ALONE, PSEUDO, MARGIN, *plain),
        references=(Reference("y", 100 * float(rows["teacher_accuracy"].iloc[0]), teacher),)
        if teacher and y == "accuracy" else (),
    )  # fmt: skip


def _figure(tables: Tables, rows: "pd.DataFrame", place: int) -> Drawing:
    few = (rows["answers"].notna() & (rows["answers"] != PROBABILITIES)).any()
    return show(
        _chart(rows, "labels", "accuracy", "labels"),
        name=f"labels-{place}" if place else "labels",
        alt=f"Accuracy and agreement against the number of labels. {_told(tables, rows)}",
        caption=f"<b>{escape(_finding(tables, rows))}</b> Labels alone: LS students; plus margin: "
        f"{margin_phrase(tables)} above them; other lines: knockoffs by the attack that gains most on each "
        "teacher, joined where thieves ask about the same images, not corrected for taking the best of several. "
        "Bars: 95 % over training seeds on these test images."
        f"{' Open markers: answers show less than probabilities.' if few else ''}"
        f"{_left_out(tables, rows)} {sample(tables)}, "
        f"{seeds_range(int(n) for n in rows['seeds'].dropna())}.",
        data=rows[list(_DATA)],
    )


def _more(rows: "pd.DataFrame", place: int) -> Drawing:
    """Agreement with the teacher, and accuracy against answers bought where these alone differ."""
    knockoffs = rows[rows["queries"].notna()]
    bought = knockoffs[knockoffs.groupby(["line", "labels"])["queries"].transform("nunique") > 1]
    charts = [_chart(knockoffs, "labels", "agreement", "labels")]
    charts += (
        [_chart(bought.sort_values("queries", kind="stable"), "queries", "accuracy", "answers bought")]
        if len(bought)
        else []
    )
    return show(
        *charts,
        name=f"agreement-{place}" if place else "agreement",
        alt="Agreement of the knockoffs with their teachers against the number of labels, and against answers bought.",
        caption="<b>How often knockoffs answer as their teachers do.</b> Same knockoffs, seeds and images as above.",
    )


def _left_out(tables: Tables, rows: "pd.DataFrame") -> str:
    """How many teachers are not drawn."""
    cells = strongest(tables)
    left = cells.loc[cells["pair"] == rows["pair"].iloc[0], "row"].nunique() - rows["row"].nunique()
    return f" Not drawn: {left} teacher{'s' * (left > 1)} that one thief alone robs." if left else ""


def _teacher(tables: Tables, pair: str) -> tuple[str, float] | None:
    """The model from elsewhere or the unprotected teacher of a pair of networks, with its accuracy."""
    network = pair.partition(" → ")[0]
    model = unprotected(tables).get(network)
    means = over_seeds(teachers_of(tables), ["model", "defense", "arch"], "test_accuracy")
    brought = (means["arch"] == network) & (means["defense"].map(lambda key: kind_of(tables, key)) == BROUGHT)
    found = records(means[brought if brought.any() else means["model"] == model])
    return (f"teacher, {marked(tables, found[0].defense)}", float(found[0].value)) if found else None


def _finding(tables: Tables, rows: "pd.DataFrame") -> str:
    """What answers add to the labels of the thief to whom the model that is judged loses most."""
    plain = _judged(tables, rows)
    if plain.empty:
        return "What labels alone are worth."
    most = records(plain.sort_values("best_delta", ascending=False, kind="stable"))[0]
    alone = _at(rows, ALONE, int(most.labels))
    with_answers = f"with answers of {most.row} {percent(most.accuracy)} %"
    return f"With {label_phrase(tables.facts, most.thief)} alone a student reaches {percent(alone)} %, {with_answers}."


def _judged(tables: Tables, rows: "pd.DataFrame") -> "pd.DataFrame":
    """The knockoffs that the figure is about: of a model from elsewhere, else of the unprotected teacher."""
    brought = rows["defense"].map(lambda key: kind_of(tables, str(key)) == BROUGHT)
    return rows[brought] if brought.any() else rows[rows["unprotected"].eq(other=True)]


def _told(tables: Tables, rows: "pd.DataFrame") -> str:
    """The curve of the labels alone, and the knockoffs that the figure is about, in words."""
    alone = [f"{percent(row.accuracy)} % at {int(row.labels):,}"
             for row in records(rows[rows["line"] == ALONE].sort_values("labels"))]  # fmt: skip
    plain = _judged(tables, rows).sort_values("labels")
    knockoffs = [f"{percent(row.accuracy)} % at {int(row.labels):,}, {int(row.queries):,} answers"
                 for row in records(plain)]  # fmt: skip
    whose = "the unprotected teacher" if plain["unprotected"].any() else ", ".join(plain["row"].unique())
    said = f" Knockoffs of {whose}: {'; '.join(knockoffs)}." if knockoffs else ""
    return f"Labels alone: {'; '.join(alone)}.{said}"


def _at(rows: "pd.DataFrame", what: str, labels: int) -> float | None:
    found: Any = rows.loc[(rows["line"] == what) & (rows["labels"] == labels), "accuracy"]
    return float(found.iloc[0]) if len(found) else None
