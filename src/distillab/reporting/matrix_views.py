"""The knockoff matrix: every teacher against every attack, as a table and as gains over the LS student."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from distillab.reporting import figures
from distillab.reporting.absent import Gap, gap_note, gaps, reason
from distillab.reporting.display import DASH, Html, arrow, folded, header, missing, percent, table, table_cell
from distillab.reporting.drawing import show, style
from distillab.reporting.knockoff_rows import knockoff_cells, sample, seeds_of
from distillab.reporting.names import grade_note, marked
from distillab.reporting.reported import Matrix, Reported
from distillab.reporting.summaries import OVER_SEEDS, not_separable, seeds_range
from distillab.reporting.tables import Tables, records
from distillab.reporting.verdict_notes import margin_phrase

if TYPE_CHECKING:
    import pandas as pd

TUNED = "_tuned"
"""After the key of an attack whose settings validation images chose."""

_LS = "LS"
"""What the paper's tables call the LS student."""


def knockoff_table(tables: Tables, reported: Reported) -> Html:
    """Every cell of the matrix: accuracy, an arrow against the LS student, the interval, the paper's number."""
    import pandas as pd

    frame, printed = knockoff_cells(tables), reported.matrix(reported.dataset(tables.facts))
    attacks = {a.attack: header(a.attack_label, f"grade {a.attack_grade}") for a in _attacks(frame)}
    rows = []
    for _, group in frame.groupby("row", sort=False):
        best = not_separable(group["knockoff_accuracy"], group["knockoff_low"], group["knockoff_high"], largest=True)
        ls, made = records(group)[0], {c.attack: c for c in records(group)}
        paper = _printed(tables, printed, ls, _LS)
        shown = {"row": ls.html, "ls": _cell((ls.ls_accuracy, ls.ls_low, ls.ls_high), paper=paper)}
        absent = {key: _absent(tables, ls, key) for key in attacks if key not in made}
        rows.append(shown | absent | {key: _attacked(tables, c, best, printed) for key, c in made.items()})
    controls = seeds_range(int(n) for n in frame["control_seeds"])
    labels = {"row": header("Teacher", "grade"), "ls": header("LS student", f"no teacher, {controls}"), **attacks}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="knockoff",
        caption=f"<b>Accuracy of the knockoff student, %</b>, {sample(tables)}, {seeds_of(frame)}.",
        labels=labels,
        spanners=_spanners(frame),
        notes=[
            "↑ the mean is above that of the LS students, all of their seeds (by the paper's literal rule this makes "
            "the teacher distillable), ↓ it is not.",
            _bold(frame),
            _queries(frame),
            f"{DASH} no number; point at the dash for the reason.",
            _fewer(frame),
            gap_note(_gone(tables, frame)),
            grade_note(tables, [*frame["defense"], *frame["attack"]]),
        ],
    )


def delta_figure(tables: Tables) -> Html:
    """Gain over the LS student, one panel per attack; a figure per pair of networks, all but the first folded."""
    frame = knockoff_cells(tables).dropna(subset=["delta"])
    frame = frame.assign(attack_label=[marked(tables, key) for key in frame["attack"]])
    pairs = list(frame["pair"].unique())
    drawn = {pair: _deltas(tables, frame[frame["pair"] == pair], place) for place, pair in enumerate(pairs)}
    shown = [folded(pair, figure) if place else figure for place, (pair, figure) in enumerate(drawn.items())]
    return Html("".join(part.text for part in shown))


def _deltas(tables: Tables, frame: "pd.DataFrame", index: int) -> Html:
    above, certain = int((frame["delta"] > 0).sum()), int((frame["delta_low"] > 0).sum())
    margin = float(tables.facts["margin"])
    finding = f"{above} of {len(frame)} knockoffs are above the LS students, {certain} with an interval above zero."
    with style():
        return show(
            figures.deltas(frame, margin),
            name=f"deltas-{index}" if index else "deltas",
            alt=f"Panels by attack, teachers as rows, gain over the LS student as points with intervals. {finding}",
            caption=f"<b>{finding}</b> Line: mean of all LS students; band: margin of "
            f"{margin_phrase(tables)}; intervals: 95 % over training seeds on these test images, not "
            f"corrected for the number of attacks. {seeds_of(frame)}, {sample(tables)}.",
            data=frame[["row", "attack", "delta", "delta_low", "delta_high", "seeds"]],
        )


def _attacks(frame: "pd.DataFrame") -> list[Any]:
    return records(frame.drop_duplicates("attack").sort_values("column"))


def _attacked(tables: Tables, c: Any, best: "pd.Series[bool]", printed: Matrix) -> str:  # noqa: ANN401 - a row
    if not isfinite(c.knockoff_accuracy):
        return missing("run, but no finite result")
    mark = arrow(c.knockoff_accuracy > c.ls_accuracy)
    value = (c.knockoff_accuracy, c.knockoff_low, c.knockoff_high)
    return _cell(value, best=bool(best[c.Index]), mark=mark, paper=_printed(tables, printed, c, c.attack_label))


def _absent(tables: Tables, beside: Any, attack: str) -> str:  # noqa: ANN401 - a row
    """The dash of an attack on the teacher and with the student of another cell."""
    cell_of = {"thief": beside.thief, "teacher": beside.teacher, "arch": beside.student}
    cell_of |= {"attack": attack.removesuffix(TUNED)}
    found = gaps(tables, "knockoff", "measure", **cell_of)
    return missing(reason(found, "not run in this preset"))


def _gone(tables: Tables, frame: "pd.DataFrame") -> list[Gap]:
    """What is not there of the knockoffs and the LS students of the thief whose cells these are."""
    found = [*gaps(tables, "knockoff"), *gaps(tables, role="ls_student")]
    return [gap for gap in found if gap["thief"] in set(frame["thief"])]


def _cell(value: tuple[float, float, float], *, best: bool = False, mark: str = "", paper: float | None = None) -> str:
    """Accuracy and arrow, beneath it the interval, beneath that the paper's number: narrow enough for many columns."""
    mean, low, high = map(percent, value)
    shown = f"<strong>{mean}</strong>" if best else mean
    beneath = f'<br><span class="interval">[{low}, {high}]</span>' if isfinite(value[1] + value[2]) else ""
    beside = f'<br><span class="interval">paper {percent(paper)}</span>' if paper is not None else ""
    return table_cell(f"{shown}{mark}{beneath}{beside}")


def _printed(tables: Tables, printed: Matrix, c: Any, attack: str) -> float | None:  # noqa: ANN401 - a row
    return printed.get((tables.printed_label(c.defense), tables.networks.get(c.teacher, ""), c.student, attack))


def _spanners(frame: "pd.DataFrame") -> dict[str, list[str]]:
    groups = {"The paper's attacks": True, "Further attacks": False}
    columns = {
        title: [a.attack for a in _attacks(frame) if bool(a.in_paper) == paper] for title, paper in groups.items()
    }
    return {title: keys for title, keys in columns.items() if keys}


def _bold(frame: "pd.DataFrame") -> str:
    if frame["knockoff_low"].isna().all():
        return "Nothing is bold: without intervals nothing is best."
    return (
        "Bold: the row's best knockoff and every one whose interval overlaps its interval. "
        f"Intervals: {OVER_SEEDS}; their spread counts as one image at least."
    )


def _fewer(frame: "pd.DataFrame") -> str:
    """How many cells rest on fewer networks than planned."""
    fewer = int((frame["missing"] > 0).sum())
    return f"{fewer:,} of {len(frame):,} cells rest on fewer networks than planned." if fewer else ""


def _queries(frame: "pd.DataFrame") -> str:
    """How often each attack asked its teacher, and whether about every view anew."""
    kinds = {"live": "asked about every view that the student sees", "cached": "asked once an image, answers kept"}
    said = []
    for (responses, queries), group in frame.groupby(["responses", "queries"], sort=False):
        names = ", ".join(escape(str(label)) for label in group["attack_label"].unique())
        said.append(f"{int(queries):,} {kinds.get(str(responses), escape(str(responses)))} ({names})")
    return f"Queries to the teacher: {'; '.join(said)}." if said else ""
