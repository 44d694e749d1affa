"""Where a run departs from the paper that its preset repeats: value by value, each with its reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from distillab.core.errors import ArtifactError
from distillab.reporting.columns import CellRow, Heading
from distillab.reporting.display import Html, folded
from distillab.reporting.kit import PageTable
from distillab.reporting.reported import RESTORE, Reported
from distillab.reporting.tables import Tables

FILE = "settings.yaml"
NOT_HERE = "not part of this run"
NO_KEY = "no parameter"
OWN = "set for this run"
"""The reason where the file knows none: the parameters are not those of the preset."""

_EVERY = "*"
"""Stands for all names, or all items, in a place: its values are those of all, in order and without repetition."""

_COLUMNS = {
    "what": Heading("Setting"),
    "stated": Heading("As stated"),
    "ours": Heading("This run"),
    "source": Heading("Where it is stated"),
    "reason": Heading("Why"),
}


@dataclass(frozen=True)
class Departure:
    """A value that a document states and a run does not have."""

    what: str
    stated: Any
    ours: Any
    source: str
    reason: str

    @property
    def row(self) -> CellRow:
        """The row of the table on pages."""
        return {"what": self.what, "stated": _written(self.stated), "ours": _written(self.ours),
                "source": self.source, "reason": self.reason}  # fmt: skip


def departures_table(tables: Tables, papers: Reported) -> Html:
    """The departures of the run, folded; nothing where its preset repeats no paper."""
    preset, params = str(tables.facts["preset"]), tables.facts["params"]
    stated = settings_of_papers(papers, preset)
    if not stated:
        return Html("")
    found = departures(papers, preset, params)
    kept = f"{len(stated) - len(found)} of the {len(stated)} values that the paper states are this run's"
    return folded(
        "Where this run departs from the paper",
        PageTable("departures", kept, _COLUMNS, [each.row for each in found], otherwise=f"All: {kept}."),
    )


def departures(papers: Reported, preset: str, params: Mapping[str, Any]) -> list[Departure]:
    """What documents state of the experiments that a preset repeats, and its run's parameters say otherwise or not.

    Args:
        papers: the folder of reported numbers, with the file of settings.
        preset: the name of the preset.
        params: the parameters of the run, resolved, in their JSON form.
    """
    return list(_departures(papers, preset, params))


def settings_of_papers(papers: Reported, preset: str) -> list[dict[str, Any]]:
    """What documents state of the experiments that a preset repeats, one mapping a value; empty where it repeats none.

    ``what`` is stated, ``stated`` as which value, in which ``source``, and ``where`` parameters have it; ``because``
    says why a preset differs, or each of several; ``reads`` translates a parameter into the paper's terms, and
    ``built_in`` is what there is no parameter for. Instead of ``stated``, ``file``, ``row`` and ``column`` name a cell
    of a file of reported numbers; without a ``row`` all of its column is meant.

    Raises:
        ArtifactError: the file is absent or no YAML.
    """
    return [
        row for experiment in read_settings(papers) if preset in experiment["presets"] for row in experiment["settings"]
    ]


def read_settings(papers: Reported) -> list[dict[str, Any]]:
    """The experiments of the file: the presets that repeat them, and their settings.

    Raises:
        ArtifactError: the file is absent or no YAML.
    """
    path = papers.path(FILE)
    try:
        found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ArtifactError("not YAML", where=str(path), got=str(error).splitlines()[0], do=RESTORE) from error
    return found


def _departures(papers: Reported, preset: str, params: Mapping[str, Any]) -> Iterator[Departure]:
    for row in settings_of_papers(papers, preset):
        stated = _plain(_cells(papers, row) if "file" in row else row["stated"])
        ours = _ours(params, row["where"]) if "where" in row else row.get("built_in", NO_KEY)
        reads = {_plain(key): value for key, value in row.get("reads", {}).items()}
        ours = _plain(reads.get(_plain(ours), ours))
        if ours != stated:
            because = row.get("because", OWN)
            reason = because.get(preset, OWN) if isinstance(because, dict) else because
            yield Departure(row["what"], stated, ours, row["source"], reason)


def _cells(papers: Reported, row: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any value of a file
    """The cell of a file that a row names, or its column without repetition.

    Raises:
        ArtifactError: there is not one such cell.
    """
    frame = papers[row["file"]]
    for column, value in row.get("row", {}).items():
        frame = frame[frame[column].astype(str) == str(value)]
    cells = list(dict.fromkeys(frame[row["column"]].astype(str)))
    if "row" in row and len(cells) != 1:
        raise ArtifactError("not one value", where=f"{row['file']}.csv", got=str(cells), do=RESTORE)
    return cells[0] if "row" in row else cells


def _ours(params: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401 - any JSON value
    """What parameters say in a place: a path, or one of the few that take a sentence."""
    if where == "pairs":
        return [f"{pair['teacher']['name']} -> {pair['student']['name']}" for pair in params["pairs"]]
    if where == "teachers":
        return list(dict.fromkeys(pair["teacher"]["name"] for pair in params["pairs"]))
    if where == "held out":
        return 0 if params["data"]["refit"] else params["data"]["val"]
    if where in ("seeds", "headline seeds"):
        return len({*params["seeds"], *(params["headline"]["seeds"] if where != "seeds" else ())})
    return _found(params, where.split("."))


def _found(value: Any, path: list[str]) -> Any:  # noqa: ANN401 - any JSON value
    if not path:
        return value
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        return NOT_HERE
    if path[0] == _EVERY:
        all_of = [_plain(_found(each, path[1:])) for each in value.values()]
        return sorted({each for each in all_of if each not in (NOT_HERE, None)})
    return _found(value[path[0]], path[1:]) if path[0] in value else NOT_HERE


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Numbers as floats, fractions and lists in texts read, lists as tuples: what two writings of a value share."""
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    if isinstance(value, bool | None):
        return value
    if isinstance(value, int | float):
        return float(f"{value:.9g}")
    return _read(str(value))


def _read(text: str) -> Any:  # noqa: ANN401 - a number, several, or the text
    above, slash, below = text.partition("/")
    try:
        return float(f"{float(above) / float(below):.9g}") if slash else float(text)
    except (ValueError, ZeroDivisionError):
        parts = text.replace(";", " ").split()
        numbers = [part for part in parts if part.replace(".", "").isdigit()]
        return tuple(map(float, parts)) if len(parts) == len(numbers) > 1 else text


def _written(value: Any) -> str:  # noqa: ANN401 - any plain value
    if isinstance(value, tuple):
        return ", ".join(map(_written, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value) if value is not None else "none"
