"""Where the CMIM paper contradicts itself: found again in its numbers where these tell, in words where they do not."""

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from distillab.reporting.display import Html, points
from distillab.reporting.paper_views import five_seeds
from distillab.reporting.reported import Reported
from distillab.reporting.tables import records

if TYPE_CHECKING:
    import pandas as pd

_ROW = ["dataset", "defense", "teacher", "student"]
_ARROWS = {"up": "↑", "down": "↓"}

_WORDS = (
    "Table 4 gives entropies without a unit. They are too small for nats next to a teacher trained with label "
    "smoothing, so they are read as shares of the largest possible entropy.",
    "The caption of table 9 names a network that the table does not hold.",
    "Appendix J says that the number of powers does not change the gradients. It does; what it hardly changes is cost.",
    "At the reported extra time of table 9, algorithm 1 cannot have refreshed the mean of every class at every step "
    "from images of its own.",
    "Table 10 calls two ω as good as infinite because their knockoffs are worst, by a hundredth of a point. At those ω "
    "the soft maximum may lie below the maximum by more than the scatter that it is to reduce. The missing numbers at "
    "larger ω are an overflow that sums in log space avoid.",
    "Section K.2 takes falling accuracy of the knockoffs as a drawback of more powers. For a defense it is the aim.",
    "Sections K.1 and K.2 refer to themselves for results that are in figures 4 and 5.",
    "Appendix G gives a temperature and symbols that nothing else in the paper uses, and its search grid of λ lacks "
    "one of the values that its settings take.",
    "Appendix I leaves out the one accuracy that its argument is about.",
    "Figure 2 raises answers to a power that sharpens them; the attacks soften them.",
    "Settings on ImageNet are given for three attacks; table 1 holds seven.",
    "That every earlier defense can be distilled was tried with all of them on CIFAR-100 alone: TinyImageNet lacks "
    "three, ImageNet all but one.",
    "The nasty teacher's loss is printed with its divergence turned round and without the squared temperature; the "
    "reverse sigmoid and MAD lack parameters that their results depend on.",
    "Spreads are called variances and look like standard deviations.",
    "In the copy at hand the last row of table 7 has lost its first cell, and the address of the code is not that of "
    "the paper's first version.",
)


def knockoff_misprints(reported: Reported) -> Html:
    """A list of what the paper prints and cannot all mean; no entry changes a verdict of its table 1."""
    found = (*_arrows(reported), *_equals(reported), *_spreads(reported), *_accuracies(reported))
    lines = [*found, *map(escape, _WORDS)]
    return Html(f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>")


def _arrows(reported: Reported) -> Iterator[str]:
    """Table 1: arrows and bests against the numbers beside them."""
    arrows, best = reported["cmim_table1_arrows"], reported["cmim_table1_best"]
    for row in records(arrows[~arrows["consistent"].astype(bool)]):
        yield (
            f"Table 1, {_place(row)}, {escape(row.attack)}: {row.accuracy:.2f} against {row.ls_accuracy:.2f} of the LS "
            f"student, printed {_ARROWS[row.arrow_printed]}."
        )
    for row in records(best[best["best_printed"] != best["best_from_numbers"]]):
        yield (
            f"Table 1, {_place(row)}: {row.best_printed:.2f} is printed as the best knockoff, but "
            f"{escape(row.best_attack)} has {row.best_from_numbers:.2f}."
        )
    ls = reported["cmim_table1"].query("attack == 'LS'").groupby(["dataset", "student"])["accuracy"]
    for (dataset, student), values in ls.unique().items():
        if len(values) > 1:
            said = " and ".join(f"{value:.2f}" for value in sorted(values))
            yield f"Table 1: the LS student {escape(student)} on {escape(dataset)} has {said} in different rows."


def _equals(reported: Reported) -> Iterator[str]:
    """Table 1: knockoffs equal to the LS student, and equal to one another although their teachers differ."""
    arrows = reported["cmim_table1_arrows"]
    for row in records(arrows[arrows["accuracy"] == arrows["ls_accuracy"]]):
        yield (
            f"Table 1, {_place(row)}, {escape(row.attack)}: {row.accuracy:.2f}, just what the LS student has, counts "
            "as undistillable."
        )
    same = arrows.groupby(["dataset", "student", "attack", "accuracy"])[["defense", "teacher"]].agg(list)
    pairs = []
    for row in records(same[same["defense"].map(len) > 1]):
        dataset, student, attack, accuracy = row.Index
        of = " and ".join(f"{defense} ({teacher})" for defense, teacher in zip(row.defense, row.teacher, strict=True))
        pairs.append(f"{dataset}, {student}, {attack}: {accuracy:.2f} for {of}")
    yield (
        f"Table 1: {len(pairs)} numbers stand under two teachers for the same student and attack, as by chance some "
        f"must. {escape('; '.join(pairs))}."
    )


def _spreads(reported: Reported) -> Iterator[str]:
    """Table 7 against tables 1 and 8."""
    first, second = reported["cmim_table1"], reported["cmim_table7"]
    both = first.merge(second, on=[*_ROW, "attack"], how="left", suffixes=("", "_again"))
    for row in records(both[both["accuracy_again"].notna() & (both["accuracy"] != both["accuracy_again"])]):
        yield (
            f"{_place(row)}, {escape(row.attack)}: {row.accuracy:.2f} in table 1, {row.accuracy_again:.2f} in table 7."
        )
    repeated = both[both["dataset"].isin(second["dataset"])]
    absent = repeated[repeated["accuracy_again"].isna()].drop_duplicates(_ROW)
    if len(absent):
        yield f"Table 7 lacks rows of table 1: {'; '.join(_place(row) for row in records(absent))}."
    yield from _single_runs(reported)
    rows = second.drop_duplicates(_ROW)
    wrong = sum(_mislabeled(row) for row in records(rows))
    yield f"Table 7: {wrong} of {len(rows)} rows carry a label of another row; the values tell which is which."
    seeds = reported["cmim_table8"].query("arm == 'LS'")
    student = str(seeds["student"].iloc[0])
    printed = second[(second["attack"] == "LS") & (second["student"] == student)]["std"].iloc[0]
    yield (
        f"The LS student {escape(student)} has a spread of {printed:.2f} over three runs in table 7, and of "
        f"{seeds['accuracy'].std():.2f} over the five of table 8."
    )
    verdict = five_seeds(reported)
    yield (
        f"Table 8 names its second arm after the defense; its numbers, {points(verdict.gain)} points on average, are "
        f"those of {escape(str(verdict.attack))}."
    )


def _single_runs(reported: Reported) -> Iterator[str]:
    """Data sets of table 1 for which no spread is printed."""
    best = reported["cmim_table1_best"].query("defense == 'CMIM'")
    alone = best[~best["dataset"].isin(reported["cmim_table7"]["dataset"])]
    for dataset, rows in alone.groupby("dataset"):
        margins = " and ".join(points(margin / 100) for margin in rows["margin"])
        yield (
            f"Table 1 averages three runs, but for {escape(str(dataset))} there is one: CMIM's margins there, "
            f"{margins} points, have no spread to be compared with."
        )


def _accuracies(reported: Reported) -> Iterator[str]:
    """Tables 2, 3, 5 and 6 against each other and against the text."""
    import pandas as pd

    protected = pd.concat([reported["cmim_table2"], reported["cmim_table3"]])
    trained = reported["cmim_table5_6"].rename(columns={"method": "defense"})
    both = protected.merge(trained, on=["dataset", "model", "defense"], suffixes=("", "_again"))
    for row in records(both[both["accuracy"] != both["accuracy_again"]]):
        yield (
            f"{escape(row.defense)}, {escape(row.model)} on {escape(row.dataset)}: {row.accuracy:.2f} in table 2, "
            f"{row.accuracy_again:.2f} in table {row.table}."
        )
    wide = protected.pivot_table(index=["dataset", "model"], columns="defense", values="accuracy", sort=False)
    for (dataset, model), row in wide.iterrows():
        where = f"{escape(dataset)}, {escape(model)}"
        ahead = [str(name) for name in row.index if name != "CMIM" and row[name] >= row["CMIM"]]
        if ahead:
            yield f"CMIM is said to be the most accurate; on {where}, at least as accurate: {', '.join(ahead)}."
        for name in ("ST", "APGP"):
            change = row.get(name, np.nan) - row["CE"]
            if np.isfinite(change) and round(change, 2):
                moved = points(change / 100)
                yield f"{name} is said to leave accuracy as it is; on {where} the tables differ by {moved} points."
    yield _largest_gain(trained)


def _largest_gain(trained: "pd.DataFrame") -> str:
    row = records(trained.loc[[trained["gain_over_ce"].idxmax()]])[0]
    gain = points(row.gain_over_ce / 100)
    return f"The text's largest gain of CMIM is not that of table {row.table}: {escape(row.model)} has {gain} points."


def _mislabeled(row: object) -> bool:
    """Whether a part of the printed label is another row's; blank parts are cells that span rows."""
    printed = str(getattr(row, "printed_row_label", "")).split("|")
    true = [str(getattr(row, name)) for name in _ROW[1:]]
    return any(part not in {"", name} for part, name in zip(printed, true, strict=True))


def _place(row: object) -> str:
    dataset, defense, teacher, student = (escape(str(getattr(row, name))) for name in _ROW)
    return f"{dataset}, {defense}, {teacher} → {student}"
