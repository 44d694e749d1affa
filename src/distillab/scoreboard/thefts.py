"""Evidence from knockoffs: the best attack's gain over the LS student, and one teacher's knockoffs beside another's."""

from typing import TYPE_CHECKING, Any

from distillab.core.identity import PAPER
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import label_phrase
from distillab.scoreboard.claim import DocumentClaim
from distillab.scoreboard.sample import Bounded, ClaimEvidence, compared
from distillab.scoreboard.settings import rows_of

if TYPE_CHECKING:
    import pandas as pd

BEST = "best attack on "
LS_STUDENT = "LS student"

PAPERS_THIEF = "papers' thief"

EVERY_STUDENT = "every student"
"""The student of the row of ``verdicts`` that is over several."""


def knockoff_accuracy(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points between the best attack on a teacher and the LS student, or between all knockoffs of two teachers.

    The teachers of a difference have one network.
    """
    if claim.against == LS_STUDENT:
        return _best_gains(tables, claim.of.removeprefix(BEST))
    return _between_teachers(tables, claim, attack=None)


def knockoff_accuracy_by_kd(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points between the knockoffs that KD makes of two teachers."""
    return _between_teachers(tables, claim, attack="kd")


def _best_gains(tables: Tables, defense: str) -> list[ClaimEvidence]:
    """By thief and student; the bounds are those of the verdict, over all attacks, defenses and looks.

    A lower bound that the verdict may not rest on, as a thief with fewer labels has failed, is none.
    """
    frame = rows_of(tables, _on_networks(tables, tables["verdicts"]), defense, network="network")
    rows = frame[(frame["student"] != EVERY_STUDENT) & (frame["missing"] == 0) & frame["best_delta"].notna()]
    return [
        Bounded(f"{_setting(tables, row.thief, row.network, row.student)}, {tables.label(row.best_attack)}; "
                f"verdict: {row.verdict}",
                100 * row.best_delta, _lower(row), _points(row.upper), int(row.seeds),
                int(tables.facts["test_n"]))
        for row in records(rows)
    ]  # fmt: skip


def _between_teachers(tables: Tables, claim: DocumentClaim, attack: str | None) -> list[ClaimEvidence]:
    frame = tables["models"].query("role == 'knockoff'").rename(columns={"test_n": "n"})
    frame = _on_networks(tables, frame[frame["attack"] == attack] if attack else frame)
    found: list[ClaimEvidence] = []
    for (thief, network, arch), rows in frame.groupby(["thief", "network", "arch"], sort=False):
        of, against = (rows_of(tables, rows, key, network="network") for key in (claim.of, claim.against))
        context = _setting(tables, thief, network, arch)
        found += compared(context, of, against, "test_accuracy", within=("attack",), scale=100)
    return found


def _on_networks(tables: Tables, frame: "pd.DataFrame") -> "pd.DataFrame":
    """The rows with the ``network`` of their teacher."""
    return frame.assign(network=[tables.networks.get(teacher, teacher) for teacher in frame["teacher"]])


def _setting(tables: Tables, thief: str, network: str, student: str) -> str:
    """Thief and student network, and the teacher's where the run has several."""
    several = len({*tables.networks.values()}) > 1
    return f"{_thief(tables, thief)}, {f'{network} → {student}' if several else student}"


def _thief(tables: Tables, key: str) -> str:
    return PAPERS_THIEF if key == PAPER else f"thief with {label_phrase(tables.facts, key)}"


def _lower(row: Any) -> float | None:  # noqa: ANN401 - a row
    lower = _points(row.lower)
    return None if lower is not None and lower > 0 and row.verdict != "distillable" else lower


def _points(share: float | None) -> float | None:
    return None if share is None or share != share else 100 * share  # noqa: PLR0124 - NaN
