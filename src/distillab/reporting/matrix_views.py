"""The knockoff matrix: every teacher against every attack, as a table and as gains over the LS student."""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from distillab.reporting.absent import Gap, gap_note, gaps, reason
from distillab.reporting.cells import Absent, Content, Measured, arrow, beside, known, lines, quiet
from distillab.reporting.charts import Axis, Chart, Reference
from distillab.reporting.columns import Heading
from distillab.reporting.display import Html, Piece, folded, percent
from distillab.reporting.drawing import show
from distillab.reporting.grades import GRADE_NOTE
from distillab.reporting.kit import PageTable
from distillab.reporting.knockoff_rows import knockoff_cells, sample, seeds_of
from distillab.reporting.names import marked
from distillab.reporting.reported import Matrix, Reported
from distillab.reporting.summaries import BEST, NOT_BOLD, kinds_note, seeds_range, with_best
from distillab.reporting.tables import Tables, records
from distillab.reporting.verdict_notes import margin_phrase

if TYPE_CHECKING:
    import pandas as pd

TUNED = "_tuned"
"""After the key of an attack whose settings validation images chose."""

_FAR = 10.0
"""Points from which on gains are drawn on a scale that is logarithmic beyond one."""

_LS = "LS"
"""What the paper's tables call the LS student."""


def knockoff_table(tables: Tables, reported: Reported) -> PageTable:
    """Every cell of the matrix: accuracy, an arrow against the LS student, the interval, the paper's number."""
    frame, printed = knockoff_cells(tables), reported.matrix(reported.dataset(tables.facts))
    attacks = {a.attack: Heading(marked(tables, a.attack), "", percent) for a in _attacks(frame)}
    controls = seeds_range(int(n) for n in frame["control_seeds"])
    student = Heading("LS student", f"no teacher, {controls}", percent)
    return PageTable(
        "knockoff",
        "Accuracy of the knockoff student, %",
        {"row": Heading("Teacher"), "ls": student, **attacks},
        [_row(tables, records(group), attacks, printed) for _, group in frame.groupby("row", sort=False)],
        sample=f", {sample(tables)}, {seeds_of(frame)}",
        spanners=_spanners(frame),
        bold=f"{BEST}row{NOT_BOLD}",
        notes=[
            "↑ the mean is above that of the LS students, all of their seeds (by the paper's literal rule this makes "
            "the teacher distillable), ↓ it is not.",
            kinds_note(["seeds" if frame["knockoff_low"].notna().any() else "points"]),
            _queries(frame),
            _fewer(frame),
            gap_note(_gone(tables, frame)),
            GRADE_NOTE,
        ],
        otherwise="No knockoff was trained.",
        narrow=True,
    )


def gains(tables: Tables) -> "pd.DataFrame":
    """The knockoff cells that have a gain over the LS student, with what a panel calls each attack."""
    frame = knockoff_cells(tables).dropna(subset=["delta"])
    return frame.assign(
        attack_label=[marked(tables, key) for key in frame["attack"]],
        name=[marked(tables, key) for key in frame["defense"]],
    )


def delta_figure(tables: Tables, frame: "pd.DataFrame") -> Html:
    """The rows of `gains` drawn, one panel per attack; a figure per pair of networks, all but the first folded."""
    pairs = list(frame["pair"].unique())
    drawn = {pair: _deltas(tables, frame[frame["pair"] == pair], place) for place, pair in enumerate(pairs)}
    shown = [folded(pair, figure) if place else figure for place, (pair, figure) in enumerate(drawn.items())]
    return Html("".join(part.text for part in shown))


def _deltas(tables: Tables, frame: "pd.DataFrame", index: int) -> Piece:
    above, certain = int((frame["delta"] > 0).sum()), int((frame["delta_low"] > 0).sum())
    bounded = bool(frame["delta_low"].notna().any())
    sure = f", {certain} with an interval above zero" if bounded else ""
    finding = f"{above} of {len(frame)} knockoffs are above the LS students{sure}."
    intervals = (
        "intervals: 95 % over training seeds on these test images, not corrected for the number of attacks"
        if bounded
        else "too few seeds for intervals"
    )
    return show(
        gain_chart(frame, float(tables.facts["margin"]), panel="attack_label", row="name"),
        name=f"deltas-{index}" if index else "deltas",
        alt=f"Panels by attack, teachers as rows, gain over the LS student as points with intervals. {finding}",
        caption=f"<b>{finding}</b> Line: mean of all LS students; band: margin of "
        f"{margin_phrase(tables)}; {intervals}. {seeds_of(frame)}, {escape(sample(tables))}.",
        data=frame[["row", "attack", "delta", "delta_low", "delta_high", "seeds"]],
    )


def gain_chart(
    frame: "pd.DataFrame", margin: float, *, row: str = "row", panel: str = "", look: str = "defense"
) -> Chart:
    """Gains over the LS student in points as rows of intervals, the margin as a band.

    Args:
        frame: Columns delta, delta_low, delta_high, shares, and those named below.
        margin: Gain that is too small to matter, as a share.
        row: Column with names of rows.
        panel: Column with titles of panels.
        look: Column that says how a row is drawn.
    """
    far = 100 * frame["delta"].abs().max() > _FAR
    title = f"gain, points{' (logarithmic beyond ±1)' if far else ''}"
    return Chart(
        frame,
        x=Axis("delta", title, "symlog" if far else "linear", low="delta_low", high="delta_high", factor=100),
        y=Axis(row, scale="names"),
        kind="rows",
        panel=panel,
        look=look,
        references=(
            Reference("x", -100 * margin, until=100 * margin), Reference("x", 0, "LS student", broken=False)
        ),
    )  # fmt: skip


def _attacks(frame: "pd.DataFrame") -> list[Any]:
    return records(frame.drop_duplicates("attack").sort_values("column"))


def _row(tables: Tables, cells: list[Any], attacks: Iterable[str], printed: Matrix) -> dict[str, Content]:
    """The knockoffs of one teacher and student beside the LS student; dashes where an attack was not run."""
    ls = cells[0]
    made = with_best({c.attack: known(c.knockoff_accuracy, c.knockoff_low, c.knockoff_high,
                                      absent="run, but no finite result") for c in cells})  # fmt: skip
    above = {c.attack: c.knockoff_accuracy > c.ls_accuracy for c in cells}
    labels = {c.attack: c.attack_label for c in cells}
    control = lines(Measured(ls.ls_accuracy, ls.ls_low, ls.ls_high), _printed(tables, printed, ls, _LS))
    return {"row": ls.title, "ls": control} | {
        key: lines(beside(arrow(above[key]), made[key]), _printed(tables, printed, ls, labels[key]))
        if isinstance(made.get(key), Measured)
        else made.get(key) or _absent(tables, ls, key)
        for key in attacks
    }


def _absent(tables: Tables, beside: Any, attack: str) -> Absent:  # noqa: ANN401 - a row
    """The dash of an attack on the teacher and with the student of another cell."""
    cell_of = {"thief": beside.thief, "teacher": beside.teacher, "arch": beside.student}
    cell_of |= {"attack": attack.removesuffix(TUNED)}
    found = gaps(tables, "knockoff", "measure", **cell_of)
    return Absent(reason(found, "not run in this preset"))


def _gone(tables: Tables, frame: "pd.DataFrame") -> list[Gap]:
    """What is not there of the knockoffs and the LS students of the thief whose cells these are."""
    found = [*gaps(tables, "knockoff"), *gaps(tables, role="ls_student")]
    return [gap for gap in found if gap["thief"] in set(frame["thief"])]


def _printed(tables: Tables, printed: Matrix, c: Any, attack: str) -> Content:  # noqa: ANN401 - a row
    """The paper's number, as it stands beneath ours; nothing where it has none."""
    paper = printed.get((tables.printed_label(c.defense), tables.networks.get(c.teacher, ""), c.student, attack))
    return quiet("" if paper is None else f"paper {percent(paper)}")


def _spanners(frame: "pd.DataFrame") -> dict[str, list[str]]:
    groups = {"The paper's attacks": True, "Further attacks": False}
    columns = {
        title: [a.attack for a in _attacks(frame) if bool(a.in_paper) == paper] for title, paper in groups.items()
    }
    return {title: keys for title, keys in columns.items() if keys}


def _fewer(frame: "pd.DataFrame") -> str:
    """How many cells rest on fewer networks than planned."""
    fewer = int((frame["missing"] > 0).sum())
    return f"{fewer:,} of {len(frame):,} cells rest on fewer networks than planned." if fewer else ""


def _queries(frame: "pd.DataFrame") -> str:
    """How often each attack asked its teacher, and whether about every view anew."""
    kinds = {"live": "asked about every view that the student sees", "cached": "asked once an image, answers kept"}
    said = []
    for (responses, queries), group in frame.groupby(["responses", "queries"], sort=False):
        names = ", ".join(str(label) for label in group["attack_label"].unique())
        said.append(f"{int(queries):,} {kinds.get(str(responses), str(responses))} ({names})")
    return f"Queries to the teacher: {'; '.join(said)}." if said else ""
