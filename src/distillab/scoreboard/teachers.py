"""Evidence from networks and their answers: accuracy, entropy, peak of the CMI, training time."""

from typing import TYPE_CHECKING

from distillab.reporting.tables import Tables
from distillab.scoreboard.claim import DocumentClaim
from distillab.scoreboard.sample import ClaimEvidence, Sample, compared
from distillab.scoreboard.settings import key_on, rows_of

if TYPE_CHECKING:
    import pandas as pd


def teacher_accuracy(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Points of accuracy on test images between teachers of two defenses, by network."""
    return _of_teachers(tables, claim, _teachers(tables), "test_accuracy", scale=100, counted=True)


def entropy_of_answers(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Nats of mean entropy of the answers to test images between teachers of two defenses, by network."""
    return _of_teachers(tables, claim, _teachers(tables), "entropy_nats", scale=1, counted=False)


def peak_cmi(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Nats between the peaks over powers of the CMI of two teachers' answers to test images, by network."""
    return _of_teachers(tables, claim, tables["leaks"].query("split == 'test'"), "peak", scale=1, counted=False)


def training_time(tables: Tables, claim: DocumentClaim) -> list[ClaimEvidence]:
    """Percent of a training step's seconds between teachers of two defenses: means over seeds, hence one value."""
    seconds, networks = tables.facts["teacher_step_seconds"], tables.networks
    defenses = {row.model: row.defense for row in tables["models"].query("role == 'teacher'").itertuples()}
    taken = {(defenses.get(teacher), networks.get(teacher)): value for teacher, value in seconds.items()}
    found: list[ClaimEvidence] = []
    for arch in dict.fromkeys(networks.values()):
        of, against = (taken.get((key_on(tables, key, arch), arch)) for key in (claim.of, claim.against))
        found += [Sample(str(arch), (100 * (of / against - 1),), 0)] if of and against else []
    return found


def _teachers(tables: Tables) -> "pd.DataFrame":
    return tables["models"].query("role == 'teacher'").rename(columns={"test_n": "n"})


def _of_teachers(
    tables: Tables, claim: DocumentClaim, frame: "pd.DataFrame", column: str, *, scale: float, counted: bool
) -> list[ClaimEvidence]:
    found: list[ClaimEvidence] = []
    for arch, rows in frame.groupby("arch", sort=False):
        of, against = (rows_of(tables, rows, key) for key in (claim.of, claim.against))
        found += compared(str(arch), of, against, column, scale=scale, counted=counted)
    return found
