"""The rows of the knockoff study: which teacher and student a number is about, and in which order they stand."""

from typing import TYPE_CHECKING, Any

from distillab.reporting.names import graded, marked
from distillab.reporting.summaries import seeds_range
from distillab.reporting.tables import Tables, records
from distillab.tables.question import EVERY_STUDENT

if TYPE_CHECKING:
    import pandas as pd


def ranked(tables: Tables) -> "pd.DataFrame":
    """The verdicts by pair of networks, hardest to steal from first, with ``row`` (text) and ``title`` (of a cell)."""
    verdicts = placed(tables, tables["verdicts"])
    pairs = list(dict.fromkeys(verdicts["pair"]))
    rank = verdicts["pair"].map(pairs.index)
    return verdicts.assign(rank=rank).sort_values(["rank", "best_delta"]).reset_index(drop=True)


def of_teachers(verdicts: "pd.DataFrame") -> "pd.DataFrame":
    """One verdict per teacher, hardest to steal first: over all its students where there are several."""
    together = verdicts["student"] == EVERY_STUDENT
    alone = ~verdicts["teacher"].isin(verdicts.loc[together, "teacher"])
    return verdicts[together | alone].sort_values("best_delta", kind="stable").reset_index(drop=True)


def knockoff_cells(tables: Tables) -> "pd.DataFrame":
    """The knockoff cells in the verdicts' row order, the paper's attacks first, with ``row`` and ``title``."""
    frame = placed(tables, tables["knockoff"])
    position = {row: i for i, row in enumerate(ranked(tables)["row"])}
    attacks = list(frame.sort_values("in_paper", ascending=False, kind="stable")["attack"].unique())
    keys = {"rank": frame["row"].map(lambda row: position.get(row, len(position))),
            "column": frame["attack"].map(attacks.index)}  # fmt: skip
    return frame.assign(**keys).sort_values(["rank", "column"]).reset_index(drop=True)


def attack_name(tables: Tables, key: str) -> str:
    """The label of a verdict's attack, with its grade if that is S or R, and the student where there are several."""
    attack, _, student = key.partition(" on ")
    return f"{marked(tables, attack)} on {student}" if student else marked(tables, attack)


def seeds_of(frame: "pd.DataFrame") -> str:
    """``"3 seeds"``, or ``"3 to 10 seeds"`` where the rows differ."""
    return seeds_range(int(n) for n in frame["seeds"].dropna())


def sample(tables: Tables) -> str:
    """``"n = 360 test images of Digits"``."""
    return f"n = {int(tables.facts['test_n']):,} test images{tables.of_standin}"


def placed(tables: Tables, frame: "pd.DataFrame") -> "pd.DataFrame":
    """The rows of a table with ``pair`` (of networks), ``row`` (text) and ``title`` that name their teacher."""
    rows = records(frame)
    where = {key: _where(tables, *key) for key in {(row.teacher, row.student) for row in rows}}
    return frame.assign(
        pair=[f"{_network(tables, row.teacher)} → {row.student}" for row in rows],
        row=[marked(tables, row.defense) + where[row.teacher, row.student] for row in rows],
        title=[graded(tables, row.defense, where[row.teacher, row.student]) for row in rows],
    )


def _where(tables: Tables, teacher: str, student: str) -> str:
    """The networks of a row, as far as the study has several of them."""
    knockoff: Any = tables["knockoff"]
    several = len({_network(tables, name) for name in knockoff["teacher"].unique()}) > 1
    own = _network(tables, teacher)
    # A model from elsewhere whose network nobody knows has its own name twice.
    network = f", {own}" if several and teacher != f"{own}-{own}" else ""
    return f"{network} → {student}" if knockoff["student"].nunique() > 1 else network


def _network(tables: Tables, teacher: str) -> str:
    return tables.networks.get(teacher, teacher)
