"""Where CMIM might be weak: hypotheses of our own, each with the number of this run that decides it."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan, log
from typing import Any

from distillab.core.identity import ModelIdentity
from distillab.tables import leaks
from distillab.tables.cells import control_accuracy, planned_cells, runs_by_cell
from distillab.tables.columns import interval, shared
from distillab.tables.judged import Statement, judged
from distillab.tables.margins import one_image
from distillab.tables.model_run import ModelRun
from distillab.tables.models import split_accuracy
from distillab.tables.question import EVERY_STUDENT
from distillab.tables.results import Results
from distillab.tables.table import Column, Table
from distillab.tables.tuning import KnockoffCell

Row = dict[str, Any]
BySeed = dict[int, float]
"""Seed to a number."""


def rows(results: Results) -> list[Row]:
    """The table ``hypotheses``: one row per CMIM defense and hypothesis with numbers here; Holm over all rows.

    Of a defense with several networks, and of several students, it is about the first of the plan alone.
    """
    specs = results.workspace.plan.params["defenses"]
    planned = {run.defense for run in results.planned if run.role == "teacher"}
    keys = [key for key, spec in specs.items() if spec["name"] == "cmim" and key in planned]
    return [
        {"defense": said.defense, "hypothesis": said.name, "statement": said.statement, "unit": said.unit} | verdict
        for said, verdict in judged(said for key in keys for said in _Case(results, key).hypotheses())
    ]


@dataclass(frozen=True)
class Hypothesis(Statement):
    """A statement about one CMIM teacher."""

    defense: str = ""


class _Case:
    """One CMIM teacher among the others of its network."""

    def __init__(self, results: Results, key: str) -> None:
        self.results, self.key = results, key
        self.spec = results.workspace.plan.params["defenses"][key]
        own = next(run for run in results.planned if run.role == "teacher" and run.defense == key)
        self.arch = own.arch
        self.leaks = [row for row in leaks.rows(results) if row["arch"] == self.arch]
        self.cells, self.planned = runs_by_cell(results), planned_cells(results)
        self.student = next((cell.student for cell in self.planned if cell.teacher == own.model), EVERY_STUDENT)

    def hypotheses(self) -> Iterator[Hypothesis]:
        """W1 to W8 without W5, which is a benchmark."""
        for said in self._statements():
            yield Hypothesis(**vars(said), defense=self.key)

    def _statements(self) -> Iterator[Statement]:
        points, nats = "points", "nats"
        yield Statement(
            "W1", "the class means of CMIM still order classes as an unprotected teacher's do", "rank correlation",
            tuple(self.leak("resemblance", "test").values()),
        )  # fmt: skip
        yield Statement(
            "W1",
            "the averager, which sees class means only, beats the LS student",
            points,
            self.gain("avg"),
            "up",
            self.image,
            self.image,
        )
        test, train = self.leak("peak", "test"), self.leak("peak", "train")
        yield Statement(
            "W2", "answers scatter more on test images than on those CMIM was trained on", nats, _paired(test, train)
        )
        yield Statement(
            "W3",
            "learned transforms steal more than powers: MKD over KD",
            points,
            self.between("mkd", "kd"),
            "up",
            self.image,
            self.image,
        )
        yield Statement(
            "W4", "the soft maximum's slack, ln N / omega, exceeds the scatter that is left on training images", nats,
            tuple(self.slack() - value for value in train.values()),
        )  # fmt: skip
        yield from self.tuned()
        for other in ("ce", "ls"):
            yield Statement(
                "W7", f"CMIM's teacher is more accurate than {other.upper()}'s", points,
                _paired(self.accuracy(self.key), self.accuracy(other), scale=100), "up", self.image, self.image,
            )  # fmt: skip
        yield Statement(
            "W8", "an API that answers with labels only is as hard to steal from as CMIM", "points, mean over attacks",
            self.against("label_only"), "none", 100 * one_image(self.results), self.image,
        )  # fmt: skip

    @property
    def image(self) -> float:
        """One test image in points: the smallest gain that counts, and the step in which gains are counted."""
        return 100 / max(1, len(self.results.labels["test"]))

    def slack(self) -> float:
        """How far the soft maximum may lie below the maximum."""
        return log(self.spec["n_powers"]) / float(self.spec["omega"])

    def leak(self, column: str, split: str) -> BySeed:
        """One column of this teacher's leaks, of the seeds that have it."""
        rows = [row for row in self.leaks if (row["defense"], row["split"]) == (self.key, split)]
        return {row["seed"]: row[column] for row in rows if not isnan(row[column])}

    def accuracy(self, defense: str) -> BySeed:
        """Test accuracy of a defense's teachers of the same network."""
        runs = [run for run in self.results.runs if run.role == "teacher" and run.defense == defense]
        return self._scores([run for run in runs if run.arch == self.arch])

    def stolen(self, attack: str, defense: str, *, tuned: bool = False) -> BySeed:
        """Test accuracy of the knockoffs of one cell."""
        return self._scores(self.cells.get(KnockoffCell(self.teacher(defense), self.student, attack, tuned), []))

    def teacher(self, defense: str) -> str:
        """The teacher of this case's network under a defense."""
        return ModelIdentity(role="teacher", arch=self.arch, seed=0, defense=defense).name

    def gain(self, attack: str) -> tuple[float, ...]:
        """Points of an attack over the LS student."""
        return _paired(self.stolen(attack, self.key), control_accuracy(self.results).get(self.student, {}), scale=100)

    def between(self, attack: str, other: str) -> tuple[float, ...]:
        """Points of one attack over another."""
        return _paired(self.stolen(attack, self.key), self.stolen(other, self.key), scale=100)

    def tuned(self) -> Iterator[Statement]:
        """W6 for each attack that had trials."""
        for attack in [cell.attack for cell in self.cells if cell.tuned]:
            helped = _paired(self.stolen(attack, self.key, tuned=True), self.stolen(attack, self.key), scale=100)
            yield Statement(
                "W6", f"tuning {attack} on validation images helps", "points", helped, "up", self.image, self.image
            )

    def against(self, other: str) -> tuple[float, ...]:
        """Points by which another defense's knockoffs are the better ones, mean over the attacks that both are to meet.

        Of seeds that all of these knockoffs have.
        """
        met = [
            {cell[2:] for cell in self.planned if (cell.teacher, cell.student) == (self.teacher(defense), self.student)}
            for defense in (self.key, other)
        ]
        both = [
            tuple(self.stolen(attack, defense, tuned=tuned) for defense in (other, self.key))
            for attack, tuned in sorted(met[0] & met[1])
        ]
        seeds = set.intersection(*(theirs.keys() & ours.keys() for theirs, ours in both)) if both else set()
        return tuple(
            100 * sum(theirs[seed] - ours[seed] for theirs, ours in both) / len(both) for seed in sorted(seeds)
        )

    def _scores(self, runs: list[ModelRun]) -> BySeed:
        return {run.seed: split_accuracy(self.results, run, "test") for run in runs}


def _paired(first: BySeed, second: BySeed, *, scale: float = 1.0) -> tuple[float, ...]:
    return tuple(scale * (first[seed] - second[seed]) for seed in sorted(first.keys() & second.keys()))


TABLE = Table(
    "hypotheses",
    (
        *shared("defense"),
        Column("hypothesis", "text", "its number among the weaknesses that CMIM might have"),
        *shared("statement", "unit"),
        Column("value", "mixed", "mean over seeds; above 0 where the statement is true of what grows"),
        *interval("low", "high", "mixed", of="this mean", optional=True),
        *shared("p", "decision", "seeds"),
    ),
    (),
    rows,
)
