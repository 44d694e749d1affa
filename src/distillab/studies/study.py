"""What a study is: which models it is about, which tables its page shows, and what these are read from."""

from dataclasses import dataclass
from typing import Literal

from distillab.core.identity import Family
from distillab.tables import TABLES

RecordKind = Literal["knockoffs", "chains", "robustness", "certificates", "audit"]
"""Which numbers of a finished run `distillab record` keeps."""

FOLDER = "tables"

LABELS = ("models", "knockoff", "robustness")
"""What every page reads, to know what methods and models are called."""


@dataclass(frozen=True)
class Study:
    """One page, and everything that it needs; `snakemake <name>` makes that and no more."""

    name: str
    title: str
    question: str
    """What its page answers."""
    families: tuple[Family, ...]
    """The models that it is about; chains only where they are its own."""
    tables: tuple[str, ...]
    """Names of the tables that its page reads."""
    defended_chains: bool = False
    """Whether its chains are those that start from a defended teacher, not those that train a teacher of their own."""
    certified_only: bool = False
    """Whether it is about no other models than those that are certified."""
    record: RecordKind | None = None
    """What is kept of it in the repository; None where its page is all there is."""
    benchmarks: str = ""
    """Recorded benchmarks that its page shows, as a pattern from the project's root."""

    @property
    def stages(self) -> frozenset[str]:
        """The stages whose payloads its tables read, besides those that train."""
        return frozenset({"measure"}.union(*(TABLES[table].reads for table in self.tables)))

    @property
    def files(self) -> tuple[str, ...]:
        """Where its tables are under ``results/<preset>/``, with what is true of the run as a whole."""
        names = (*(f"{table}.parquet" for table in self.tables), "facts.json", "run.json")
        return tuple(f"{FOLDER}/{self.name}/{name}" for name in names)
