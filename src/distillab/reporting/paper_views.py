"""The CMIM paper's own tables, as printed, with what our verdict makes of its five seeds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from distillab.metrics.decisions import Evidence, TeacherDecision, decide
from distillab.metrics.gains import CellKey, gains_over_controls
from distillab.metrics.levels import Levels
from distillab.reporting.cells import Absent, Content, lines, quiet
from distillab.reporting.columns import CellRow, Heading, declared, rows_of
from distillab.reporting.display import DASH, Html, number, points
from distillab.reporting.kit import PageTable
from distillab.reporting.reported import Reported
from distillab.reporting.tables import lookup, records

if TYPE_CHECKING:
    pass

_ROW = ["dataset", "defense", "teacher", "student"]
_LS = "LS"
_TESTED, _MARGIN = 10_000, 0.001
"""Test images of CIFAR-100, and the margin of our verdict on them."""


@dataclass(frozen=True)
class Pivot:
    """A printed table: a row per data set and network, a column per method."""

    name: str
    title: str
    files: tuple[str, ...]
    columns: str
    value: str
    decimals: int = 2


SHARED = (
    Pivot("paper-accuracy", "Tables 2 and 3: protected teachers, accuracy in %", ("cmim_table2", "cmim_table3"),
          "defense", "accuracy"),
    Pivot("paper-entropy", "Table 4: mean entropy, no unit", ("cmim_table4",), "method", "entropy_printed", 3),
)  # fmt: skip
"""Tables whose numbers may stand beside ours on the same page."""

OWN = (
    Pivot("paper-trained", "Tables 5 and 6: accuracy with and without CMIM, %, and the gain in points",
          ("cmim_table5_6",), "method", "accuracy"),
    Pivot("paper-times", "Table 9: training time in minutes", ("cmim_table9",), "method", "total_minutes", 0),
    Pivot("paper-omega", "Table 10: knockoff accuracy against ω, %", ("cmim_table10",), "omega", "knockoff_accuracy"),
)  # fmt: skip

BEST = {
    "row": Heading("Defense, teacher → student"),
    "dataset": Heading("Data set"),
    "ls_accuracy": Heading("LS student", show="{:.2f}".format),
    "best_printed": Heading("Best knockoff", "as printed", "{:.2f}".format),
    "best_attack": Heading("Best attack", "from the numbers"),
    "gain": declared("knockoff", "delta", "Gain"),
    "p_one_sided": Heading("p", "Welch, one-sided", absent="no spread is printed"),
}


def best_table(papers: Reported) -> PageTable:
    """The paper's best knockoff per row, with what the numbers themselves say."""
    frame, arrows = papers["cmim_table1_best"], papers["cmim_table1_arrows"]
    tests = papers["cmim_table1_significance"]
    shown = frame.merge(tests[[*_ROW, "p_one_sided"]], on=_ROW, how="left")
    shown = shown.assign(
        row=shown["defense"] + ", " + shown["teacher"] + " → " + shown["student"], gain=shown["margin"] / 100
    )
    wrong = int((~arrows["consistent"].astype(bool)).sum())
    off = int((frame["best_printed"] != frame["best_from_numbers"]).sum())
    return PageTable(
        "paper",
        "Knockoff accuracy as printed, %",
        BEST,
        rows_of(shown, BEST),
        sample=" (CMIM paper, table of knockoff students)",
        notes=[
            f"{wrong} of {len(arrows)} printed arrows and {off} of {len(frame)} printed bests disagree with the "
            "numbers beside them. p: our test of the best attack against the LS student from the printed spreads, "
            f"on the side that the gain is on, not corrected for taking the best; {DASH} where none is printed.",
        ],
    )


def paper_tables(papers: Reported, *, beside: bool) -> Html:
    """Every table of the paper; without those whose numbers stand ``beside`` ours on the same page."""
    shared = [] if beside else [_knockoffs(papers), *(_pivot(papers, table) for table in SHARED)]
    first, *rest = (_pivot(papers, table) for table in OWN)
    return Html("".join(table.text for table in (*shared, first, _seeds(papers), *rest)))


def five_seeds(papers: Reported) -> TeacherDecision:
    """Our verdict on the paper's five seeds of DIST against the LS student (its table 8); there is no other teacher."""
    arms = papers["cmim_table8"].assign(share=lambda frame: frame["accuracy"] / 100)
    runs = {str(arm): lookup(part, "seed", "share") for arm, part in arms.groupby("arm")}
    control, teacher = {"ls": runs.pop(_LS)}, str(arms["teacher"].iloc[0])
    gains = gains_over_controls({CellKey(teacher, arm): run for arm, run in runs.items()}, control, n_test=_TESTED)
    return decide(Evidence(gains.of_teacher(teacher)), levels=Levels(), margin=_MARGIN, n_test=_TESTED)


def _knockoffs(papers: Reported) -> PageTable:
    """Tables 1 and 7: accuracy with the printed arrow and spread."""
    key = [*_ROW, "attack"]
    frame = papers["cmim_table1"].merge(papers["cmim_table7"][[*key, "std"]], on=key, how="left")
    frame = frame.merge(papers["cmim_table1_arrows"][[*key, "arrow_printed"]], on=key, how="left")
    rows: list[dict[str, Content]] = [
        {"row": f"{defense}, {teacher} → {student}", "dataset": dataset}
        | {row.attack: _knockoff(row.accuracy, row.std, row.arrow_printed) for row in records(part)}
        for (dataset, defense, teacher, student), part in frame.groupby(_ROW, sort=False)
    ]
    columns = _wide(frame["attack"].unique(), "Defense, teacher → student")
    return PageTable(
        "paper-knockoffs",
        "Tables 1 and 7: knockoff students, accuracy in %",
        columns,
        [dict.fromkeys(columns, Absent("not printed")) | row for row in rows],
        sample=", arrows as printed",
        notes=[f"±: printed spread over three runs, labeled variance there; {DASH} none is printed."],
    )


def _knockoff(accuracy: float, spread: float, printed: object) -> Content:
    mark = {"up": " ↑", "down": " ↓"}.get(str(printed), "")
    return lines(f"{accuracy:.2f}{mark}", quiet(f"±{spread:.2f}" if isfinite(spread) else DASH))


def _pivot(papers: Reported, table: Pivot) -> PageTable:
    """Numbers as printed; a gain that is printed beside accuracies is a column of its own."""
    import pandas as pd

    frame = pd.concat([papers[file] for file in table.files])
    if "gain_over_ce" in frame.columns:
        gains = frame.dropna(subset=["gain_over_ce"])
        frame = pd.concat([frame, gains.assign(method="gain", accuracy=gains["gain_over_ce"])])
    if table.columns == "omega":
        frame = frame.assign(model=frame["teacher"] + " → " + frame["student"])
        frame = frame.assign(omega=frame["omega"].map("ω = {:g}".format))
    methods = list(frame[table.columns].unique())
    rows: list[CellRow] = []
    for (dataset, model), part in frame.groupby(["dataset", "model"], sort=False):
        found = lookup(part, table.columns, table.value)
        rows.append(
            {"row": model, "dataset": dataset} | {name: _plain(found, name, table.decimals) for name in methods}
        )
    return PageTable(table.name, table.title, _wide(methods, "Network"), rows)


def _wide(methods: Iterable[str], of: str) -> dict[str, Heading]:
    """What a row is of, the data set, and a column per method."""
    return {"row": Heading(of), "dataset": Heading("Data set")} | {method: Heading(method) for method in methods}


def _plain(found: Mapping[str, float], method: str, decimals: int) -> Content:
    if method not in found:
        return Absent("not printed")
    return f"{found[method]:.{decimals}f}" if isfinite(found[method]) else Absent("printed as not a number")


def _seeds(papers: Reported) -> PageTable:
    """Table 8 with the differences, their mean, and the verdict that the same five seeds give here."""
    frame, verdict = papers["cmim_table8"], five_seeds(papers)
    wide = frame.pivot_table(index="seed", columns="arm", values="accuracy")
    (attack,) = (arm for arm in wide.columns if arm != _LS)
    first, below = records(frame)[0], int((wide[attack] < wide[_LS]).sum())
    two = "{:.2f}".format
    columns = {"seed": Heading("Seed", show="{:g}".format), "ls": Heading("LS student", "%", two),
               "attack": Heading(f"{attack} knockoff", "%", two),
               "delta": Heading("Gain", "points", points)}  # fmt: skip
    return PageTable(
        "paper-seeds",
        "Table 8: five seeds",
        columns,
        [
            {"seed": int(seed), "ls": row[_LS], "attack": row[attack], "delta": (row[attack] - row[_LS]) / 100}
            for seed, row in wide.iterrows()
        ],
        sample=f" of {first.defense}, {first.teacher} → {first.student} on {first.dataset}, and our verdict on them: "
        f"{verdict.answer}",
        notes=[
            f"Mean gain {points(verdict.gain)} points, one-sided 95 % bounds {points(verdict.lower)} and "
            f"{points(verdict.upper)}, margin {points(_MARGIN).lstrip('+')}. The LS student is ahead on {below} of "
            f"{len(wide)} seeds; one-sided sign test p = {number(_sign_test(below, len(wide)), digits=2)}. One attack, "
            "chosen after the fact, and no unprotected teacher beside it: this is no verdict over all."
        ],
    )


def _sign_test(wins: int, n: int) -> float:
    """Probability of at least so many wins if either side were as likely to win."""
    from scipy.stats import binom

    return float(binom.sf(wins - 1, n, 0.5))
