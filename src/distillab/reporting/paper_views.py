"""The CMIM paper's own tables, as printed, with what our verdict makes of its five seeds."""

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from distillab.metrics.decisions import Evidence, TeacherDecision, decide
from distillab.metrics.gains import CellKey, gains_over_controls
from distillab.metrics.levels import Levels
from distillab.reporting.display import DASH, Html, chip, header, missing, number, points, table, table_cell
from distillab.reporting.reported import Reported
from distillab.reporting.tables import lookup, records

if TYPE_CHECKING:
    import pandas as pd

_ROW = ["dataset", "defense", "teacher", "student"]
_LS = "LS"
_TESTED, _MARGIN = 10_000, 0.001
"""Test images of CIFAR-100, and the margin of our verdict on them."""


def paper_tables(reported: Reported, *, beside: bool) -> Html:
    """Every table of the paper; without those whose numbers stand ``beside`` ours on the same page."""
    shared = [] if beside else [_knockoffs(reported), _protected(reported), _entropies(reported)]
    own = [_trained(reported), _seeds(reported), _times(reported), _powers(reported)]
    return Html("".join(part.text for part in [*shared, *own]))


def five_seeds(reported: Reported) -> TeacherDecision:
    """Our verdict on the paper's five seeds of DIST against the LS student (its table 8); there is no other teacher."""
    arms = reported["cmim_table8"].assign(share=lambda frame: frame["accuracy"] / 100)
    runs = {str(arm): lookup(part, "seed", "share") for arm, part in arms.groupby("arm")}
    control, teacher = {"ls": runs.pop(_LS)}, str(arms["teacher"].iloc[0])
    gains = gains_over_controls({CellKey(teacher, arm): run for arm, run in runs.items()}, control, n_test=_TESTED)
    return decide(Evidence(gains.of_teacher(teacher)), levels=Levels(), margin=_MARGIN, n_test=_TESTED)


def _knockoffs(reported: Reported) -> Html:
    """Tables 1 and 7: accuracy with the printed arrow and spread."""
    import pandas as pd

    frame = reported["cmim_table1"].merge(reported["cmim_table7"][[*_ROW, "attack", "std"]], on=[*_ROW, "attack"],
                                          how="left")  # fmt: skip
    arrows = reported["cmim_table1_arrows"][[*_ROW, "attack", "arrow_printed"]]
    frame = frame.merge(arrows, on=[*_ROW, "attack"], how="left")
    attacks = list(frame["attack"].unique())
    rows = []
    for key, part in frame.groupby(_ROW, sort=False):
        dataset, defense, teacher, student = map(escape, map(str, key))
        made = {row.attack: _printed_cell(row.accuracy, row.std, row.arrow_printed) for row in records(part)}
        rows.append({"row": f"{defense}, {teacher} → {student}", "dataset": dataset} | made)
    return table(
        pd.DataFrame(rows, columns=["row", "dataset", *attacks]),
        name="paper-knockoffs",
        caption="<b>Tables 1 and 7: knockoff students, accuracy in %</b>, arrows as printed.",
        labels={"row": "Defense, teacher → student", "dataset": "Data set"} | {name: escape(name) for name in attacks},
        notes=[f"±: printed spread over three runs, labeled variance there; {DASH} none is printed."],
    )


def _printed_cell(accuracy: float, spread: float, arrow: object) -> str:
    mark = {"up": " ↑", "down": " ↓"}.get(str(arrow), "")
    shown = f"±{spread:.2f}" if isfinite(spread) else DASH
    return table_cell(f"{accuracy:.2f}{mark}<br><span class='interval'>{shown}</span>")


def _protected(reported: Reported) -> Html:
    """Tables 2 and 3: accuracy by defense."""
    import pandas as pd

    frame = pd.concat([reported["cmim_table2"], reported["cmim_table3"]])
    return _pivot(frame, "defense", "accuracy", "paper-accuracy", "Tables 2 and 3: protected teachers, accuracy in %")


def _entropies(reported: Reported) -> Html:
    caption = "Table 4: mean entropy, no unit"
    return _pivot(reported["cmim_table4"], "method", "entropy_printed", "paper-entropy", caption, decimals=3)


def _trained(reported: Reported) -> Html:
    """Tables 5 and 6: CE and CMIM."""
    frame = reported["cmim_table5_6"]
    gains = frame.dropna(subset=["gain_over_ce"]).assign(method="gain", accuracy=lambda part: part["gain_over_ce"])
    import pandas as pd

    return _pivot(pd.concat([frame, gains]), "method", "accuracy", "paper-trained",
                  "Tables 5 and 6: accuracy with and without CMIM, %, and the gain in points")  # fmt: skip


def _times(reported: Reported) -> Html:
    frame = reported["cmim_table9"]
    return _pivot(frame, "method", "total_minutes", "paper-times", "Table 9: training time in minutes", decimals=0)


def _powers(reported: Reported) -> Html:
    frame = reported["cmim_table10"]
    frame = frame.assign(model=frame["teacher"] + " → " + frame["student"], omega=frame["omega"].map("ω = {:g}".format))
    caption = "Table 10: knockoff accuracy against ω, %"
    return _pivot(frame, "omega", "knockoff_accuracy", "paper-omega", caption)


def _seeds(reported: Reported) -> Html:
    """Table 8 with the differences, their mean, and the verdict that the same five seeds give here."""
    import pandas as pd

    frame, verdict = reported["cmim_table8"], five_seeds(reported)
    wide = frame.pivot_table(index="seed", columns="arm", values="accuracy")
    (attack,) = (arm for arm in wide.columns if arm != _LS)
    rows = [
        {"seed": f"{row.Index}", "ls": f"{getattr(row, _LS):.2f}", "attack": f"{getattr(row, attack):.2f}",
         "delta": points((getattr(row, attack) - getattr(row, _LS)) / 100)}
        for row in records(wide)
    ]  # fmt: skip
    below = int((wide[attack] < wide[_LS]).sum())
    first = records(frame)[0]
    return table(
        pd.DataFrame(rows, columns=["seed", "ls", "attack", "delta"]),
        name="paper-seeds",
        caption=f"<b>Table 8: five seeds</b> of {escape(first.defense)}, {escape(first.teacher)} → "
        f"{escape(first.student)} on {escape(first.dataset)}, and our verdict on them: {chip(verdict.answer)}.",
        labels={
            "seed": "Seed",
            "ls": header("LS student", "%"),
            "attack": header(f"{attack} knockoff", "%"),
            "delta": header("Gain", "points"),
        },
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


def _pivot(frame: "pd.DataFrame", columns: str, value: str, name: str, caption: str, *, decimals: int = 2) -> Html:
    """Numbers as printed: a row per data set and network, a column per method."""
    import pandas as pd

    methods = list(frame[columns].unique())
    rows = []
    for (dataset, model), part in frame.groupby(["dataset", "model"], sort=False):
        found = lookup(part, columns, value)
        shown = {name: _plain(found[name], decimals) if name in found else missing("not printed") for name in methods}
        rows.append({"model": escape(str(model)), "dataset": escape(str(dataset))} | shown)
    labels = {"model": "Network", "dataset": "Data set"} | {method: escape(str(method)) for method in methods}
    return table(
        pd.DataFrame(rows, columns=list(labels)), name=name, caption=f"<b>{escape(caption)}.</b>", labels=labels
    )


def _plain(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if isfinite(value) else missing("printed as not a number")
