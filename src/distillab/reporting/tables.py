"""The tables that stage ``collect`` wrote, read back with their columns checked."""

import json
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distillab.core.errors import ArtifactError
from distillab.core.identity import PAPER
from distillab.core.labels import distinct
from distillab.core.sidecar import file_hash
from distillab.reporting.grades import GRADED, OWN
from distillab.reporting.thief_names import own_labels
from distillab.tables import RECORDS, TABLES
from distillab.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd

_REMEDY = "run snakemake again, or point the report at a folder that stage collect wrote"


class Tables:
    """One folder of tables; each is read and checked when first asked for."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._frames: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> "pd.DataFrame":
        """The table called ``name``, with at least the columns that it declares.

        Raises:
            ArtifactError: The file is absent, unreadable, or lacks a column.
        """
        if name not in self._frames:
            self._frames[name] = _told_apart(name, _read(self.folder / f"{name}.parquet", TABLES[name]))
        return self._frames[name]

    def has(self, name: str) -> bool:
        """Whether the page has the table called ``name``."""
        return name in self._frames or (self.folder / f"{name}.parquet").exists()

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What is not a table: data set, seeds, resolved parameters, environment, command, run times.

        Raises:
            ArtifactError: A file is absent, not JSON, or lacks a key.
        """
        facts, run = (_read_json(self.folder / f"{name}.json", RECORDS[name]) for name in ("facts", "run"))
        return facts | run

    @cached_property
    def dataset(self) -> str:
        """The data set's title, short; a stand-in says that it is one."""
        return f"{self.facts['title']} (stand-in)" if self.facts["standin"] else str(self.facts["title"])

    @cached_property
    def of_standin(self) -> str:
        """What follows the images of a caption: which data they are where these stand in for others, else nothing."""
        return f" of {self.dataset}" if self.facts["standin"] else ""

    @cached_property
    def known(self) -> "pd.DataFrame":
        """Role, defense and network of every model, also of those that are not there and were attacked or certified."""
        import pandas as pd

        certified = ["certificates"] if self.has("certificates") else []
        named = [self[name][["model", "role", "defense", "arch"]] for name in ("models", "robustness", *certified)]
        return pd.concat([frame for frame in named if len(frame)] or named[:1]).drop_duplicates("model")

    @cached_property
    def networks(self) -> dict[str, str]:
        """Id of each teacher to its architecture."""
        teachers = self.known[self.known["role"] == "teacher"]
        return lookup(teachers, "model", "arch")

    @cached_property
    def grades(self) -> dict[str, str]:
        """Provenance of each defense and each knockoff attack, by key; see `distillab.reporting.grades.GRADES`."""
        models, knockoff = self["models"], self["knockoff"]
        grades = lookup(models, "defense", "grade") | lookup(knockoff, "defense", "grade")
        grades |= lookup(knockoff, "attack", "attack_grade")
        methods: dict[str, dict[str, Any]] = self.facts.get("methods") or {}
        return grades | {
            key: OWN for kind in methods.values() for key, method in kind.items() if method["paper"] == "distillab"
        }

    @cached_property
    def labels(self) -> dict[str, str]:
        """What a page calls each model, attack and defense: by id or key; of several networks or thieves, with its own.

        Students of the papers' thief are called so without it.
        """
        models, knockoff = self["models"], self["knockoff"]
        labels = lookup(knockoff, "defense", "defense_label") | lookup(models, "defense", "defense_label")
        labels |= lookup(knockoff, "attack", "attack_label")
        labels |= _attack_labels(records(self["robustness"].drop_duplicates("attack")))
        several = models.groupby("role")["arch"].nunique() > 1
        for row in records(models.drop_duplicates("model")):
            network = f", {row.arch}" if several[row.role] else ""
            labels[str(row.model)] = _model_label(row, labels, self.grades) + network + self._of_thief(row)
        return labels

    def _of_thief(self, row: Any) -> str:  # noqa: ANN401 - a row
        """What tells a student or a knockoff from the same one of the papers' thief."""
        if row.role not in ("knockoff", *_STUDENTS) or row.thief == PAPER:
            return ""
        return f" by {row.thief}" if row.role == "knockoff" else f", {own_labels(self.facts)[row.thief]}"

    def label(self, key: str) -> str:
        """The label of a model, attack or defense; its key where no table names it."""
        return self.labels.get(key) or key

    def printed_label(self, key: str) -> str:
        """What a paper calls a defense: its method, also where it is that method's settings for some networks."""
        spec = self.facts.get("params", {}).get("defenses", {}).get(key, {})
        return self.label(spec["name"]) if spec.get("networks") else self.label(key)

    def hashes(self) -> dict[str, str]:
        """BLAKE2b-256 of every file read so far, by file name."""
        names = sorted(f"{name}.parquet" for name in self._frames)
        return {name: file_hash(self.folder / name) for name in [*names, "facts.json"]}


def norm_label(norm: str) -> str:
    """How a page writes a norm's key."""
    return {"l0": "L0", "l2": "L2", "linf": "L∞"}.get(norm, norm)


def step_name(step: int) -> str:
    """What a chain's step is called: teacher, assistant, student, then by its number."""
    names = ("teacher", "assistant", "student")
    return names[int(step)] if step < len(names) else f"step {int(step)}"


def lookup(frame: "pd.DataFrame", key: str, value: str) -> dict[Any, Any]:
    """The values of one column by those of another, the last where there are several."""
    found: dict[Any, Any] = frame.set_index(key)[value].to_dict()
    return found


def records(frame: "pd.DataFrame") -> list[Any]:
    """The rows, their columns as attributes and their label as ``Index``."""
    return list(frame.itertuples())


def _told_apart(name: str, frame: "pd.DataFrame") -> "pd.DataFrame":
    """The table, with labels that differ wherever the keys of defenses or knockoff attacks do."""
    for kind in ("defense", "attack") if name == "knockoff" else ("defense",):
        if {kind, f"{kind}_label"} <= set(frame.columns):
            named = lookup(frame, kind, f"{kind}_label")
            labels = distinct({key: label for key, label in named.items() if key})
            frame = frame.assign(**{f"{kind}_label": [labels.get(key, "") for key in frame[kind]]})
    return frame


def _attack_labels(rows: list[Any]) -> dict[str, str]:
    """Key to label; with the norm where labels clash, with the key where the norm does not tell them apart either."""
    named = Counter(row.attack_label for row in rows)
    normed = Counter((row.attack_label, row.norm) for row in rows)
    labels = {}
    for row in rows:
        norm = f" {norm_label(row.norm)}" if named[row.attack_label] > normed[row.attack_label, row.norm] else ""
        key = f" ({row.attack})" if normed[row.attack_label, row.norm] > 1 else ""
        labels[row.attack] = f"{row.attack_label}{norm}{key}"
    return labels


_STUDENTS = {"ls_student": "LS student", "pseudo_student": "pseudo-labeled student"}


def _model_label(row: Any, labels: dict[str, str], grades: dict[str, str]) -> str:  # noqa: ANN401 - a row
    if row.role in _STUDENTS:
        return _STUDENTS[row.role]
    if row.role == "chain":
        return f"{row.chain}: {step_name(row.step)}, T = {row.temperature:g}"
    defense, attack = (
        f"{labels.get(key, key)} ({grades[key]})" if grades.get(key) in GRADED else labels.get(key, key)
        for key in (row.defense, row.attack)
    )
    return f"{attack} knockoff of {defense}" if row.role == "knockoff" else defense or str(row.model)


def _read_json(path: Path, record: Table) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError("missing", where=str(path), do=_REMEDY) from error
    except ValueError as error:
        raise ArtifactError("not JSON", where=str(path), got=str(error), do=_REMEDY) from error
    _require(path, "keys", record.lacking(content))
    return content


def _read(path: Path, table: Table) -> "pd.DataFrame":
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except FileNotFoundError as error:
        raise ArtifactError("missing", where=str(path), do=_REMEDY) from error
    except (OSError, ValueError) as error:
        raise ArtifactError("not a parquet table", where=str(path), got=str(error), do=_REMEDY) from error
    # Without rows nobody knows which columns a pattern stands for.
    missing = [name for name in table.lacking(frame.columns) if len(frame) or name in table.names]
    _require(path, "columns", missing)
    return frame


def _require(path: Path, what: str, missing: list[str]) -> None:
    if missing:
        raise ArtifactError(f"lacks {what}", where=str(path), expected=", ".join(missing), do=_REMEDY)
