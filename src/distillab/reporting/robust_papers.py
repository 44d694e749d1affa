"""What the papers on adversarial training print, beside ours where data, method, eps and weight are the same."""

from math import isclose, isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting.cells import Content, Measured, beside, lines
from distillab.reporting.columns import Heading, printed, rows_of
from distillab.reporting.display import percent
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.reported import Reported, on_our_data
from distillab.reporting.selection import method_of, settings_of
from distillab.reporting.summaries import counts, over_seeds, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.text import dataset_text
from distillab.reporting.titles import text_titles
from distillab.reporting.worst_rows import at, attacks_of

if TYPE_CHECKING:
    import pandas as pd

_PAPERS = {"madry": "Madry et al. 2018", "trades": "Zhang et al. 2019"}
_KINDS = {"natural": "clean", "robust": "under attack"}
PRINTED = {
    "paper": Heading("Paper"), "dataset": Heading("Data set"), "model": Heading("Model"), "kind": Heading("Accuracy"),
    "setting": Heading("Attack"), "value": Heading("Printed", "%", printed),
    "ours": Heading("Ours", "%, worst case of all attacks", percent, absent="no such teacher at this eps here"),
    "source": Heading("Where"),
}  # fmt: skip


def printed_tables(tables: Tables, papers: Reported) -> Folded:
    """The numbers of our data set with ours beside them, and folded those of the others."""
    frame = printed_rows(papers)
    own = on_our_data(frame, tables.facts)
    others = [_printed(tables, frame[~own], "papers")] if (~own).any() else []
    return Folded(_printed(tables, frame[own], "papers-own"), "The papers' own numbers", others)


def comparable(tables: Tables, papers: Reported) -> bool:
    """Whether the papers print a number of our data set."""
    return bool(on_our_data(printed_rows(papers), tables.facts).any())


def printed_rows(papers: Reported) -> "pd.DataFrame":
    """Printed accuracies of both papers, their authors' pages and the survey; those quoted from memory are left out."""
    import pandas as pd

    frames = [papers[f"{key}_reported"].assign(paper=name) for key, name in _PAPERS.items()]
    frame = pd.concat(frames, ignore_index=True)
    frame = frame[frame["kind"].isin(_KINDS)]
    return frame.assign(value=frame["value"].astype("float64"), setting=frame["setting"].fillna("")).sort_values(
        ["dataset", "paper", "kind"]
    )


def _printed(tables: Tables, frame: "pd.DataFrame", name: str) -> PageTable:
    beside = name == "papers-own"
    columns = {key: column for key, column in PRINTED.items() if key != "ours" or beside}
    ours = [_alike(tables, row) if beside else [] for row in records(frame)]
    shown = frame.assign(
        kind=frame["kind"].map(_KINDS),
        setting=frame["setting"].where(frame["kind"] == "robust", ""),
        ours=[lines(*found) if found else None for found in ours],
    )
    return PageTable(
        name,
        "What the papers print about adversarial training.",
        columns,
        rows_of(shown, columns),
        sample=" Numbers known from memory are left out",
        notes=[
            "Ours beside it: the teachers of the same method (and, for TRADES, of the same β) on the same data; under "
            "attack, the worst case over all of our attacks at the same eps, which is never above what one of "
            "them leaves."
            if beside
            else "",
            _attacks(tables, frame) if beside else "",
        ],
        otherwise=f"The papers print no number for {dataset_text(tables)}.",
    )


def _attacks(tables: Tables, printed: "pd.DataFrame") -> str:
    """Which attacks ours are over, with what they are called where they are behind; empty where none is compared."""
    ours = [_at_eps(tables, float(eps)) for eps in printed.loc[printed["kind"] == "robust", "eps"].dropna().unique()]
    found = [frame for frame in ours if len(frame)]
    return f"These attacks: {attacks_of(tables, found[0])}; n = {counts(found[0]['n'])} images." if found else ""


def _alike(tables: Tables, printed: Any) -> list[Content]:  # noqa: ANN401 - a row
    """Accuracy and title of every teacher of ours that the printed number is about."""
    same = [key for key in teachers_of(tables)["defense"].unique() if _is_same(tables, key, printed)]
    if printed.kind == "natural":
        frame, value = teachers_of(tables), "test_accuracy"
    else:
        frame, value = _at_eps(tables, float(printed.eps)), "robust_accuracy"
    frame = frame[frame["defense"].isin(same)]
    if frame.empty:
        return []
    titles = text_titles(tables)
    return [
        beside(Measured(row.value, row.low, row.high, row.kind), titles[row.model])
        for row in records(over_seeds(frame, ["model"], value))
    ]


def _is_same(tables: Tables, key: str, printed: Any) -> bool:  # noqa: ANN401 - a row
    """Whether a teacher is of the printed method and weight; training in a single step is another method."""
    spec, wanted = settings_of(tables, key), isfinite(printed.beta)
    beta, single = spec.get("beta"), spec.get("mode") == "fast"
    same_weight = not wanted or beta is None or isclose(beta, printed.beta)
    return method_of(tables, key) == printed.method and same_weight and not single


def _at_eps(tables: Tables, eps: float) -> "pd.DataFrame":
    """Teachers in the worst case at the eps; it must be the same number, as 8/255 and 0.031 are not."""
    worst = tables["worst"]
    worst = worst[worst["role"] == "teacher"]
    found = [known for known in worst["eps"].unique() if isclose(known, eps, rel_tol=1e-3)]
    return at(worst, ("linf", found[0])) if found else worst.iloc[:0]
