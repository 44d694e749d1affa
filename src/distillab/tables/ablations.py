"""Variants of one method: what one of its parameters does to teachers and to those who steal from them."""

import json
from collections.abc import Iterable, Iterator
from math import inf
from typing import Any

from distillab.metrics.intervals import Estimate, seed_interval
from distillab.tables import leaks
from distillab.tables.cells import runs_by_cell
from distillab.tables.columns import interval, shared
from distillab.tables.model_run import ModelRun
from distillab.tables.models import split_accuracy
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]


def rows(results: Results) -> list[Row]:
    """The table ``ablations``: a number with its interval over seeds, per method, parameter, value, network, quantity.

    Defenses of one method belong together, three or more, where exactly one field tells them apart. Quantities:
    ``accuracy`` of the teacher, ``peak`` of its CMI on training images, and per attack ``knockoff``, the accuracy of
    the student.
    """
    return [row for method, field, keys in _families(results) for row in _rows(results, method, field, keys)]


def _families(results: Results) -> Iterator[tuple[str, str, list[str]]]:
    specs = results.workspace.plan.params["defenses"]
    planned = {run.defense for run in results.planned if run.role == "teacher"}
    by_name: dict[str, list[str]] = {}
    for key, spec in ((key, spec) for key, spec in specs.items() if key in planned):
        by_name.setdefault(spec["name"], []).append(key)
    for name, keys in by_name.items():
        for field in specs[keys[0]]:
            for family in _alike(specs, keys, field):
                if len({str(specs[key][field]) for key in family}) > 2:
                    yield name, field, family


def _alike(specs: dict[str, dict[str, Any]], keys: list[str], field: str) -> list[list[str]]:
    """The keys in groups whose specs agree in every other field."""
    found: dict[str, list[str]] = {}
    for key in keys:
        rest = {name: value for name, value in specs[key].items() if name != field}
        found.setdefault(json.dumps(rest, sort_keys=True), []).append(key)
    return list(found.values())


def _rows(results: Results, method: str, field: str, keys: list[str]) -> Iterator[Row]:
    specs, peaks = results.workspace.plan.params["defenses"], leaks.rows(results)
    for key in keys:
        row = {"method": method, "field": field, "value": specs[key][field], "defense": key}
        for arch, teachers in _by_network(run for run in results.runs if run.role == "teacher" and run.defense == key):
            own = row | {"arch": arch, "student": ""}
            scatter = [leak["peak"] for leak in peaks if _is_of(leak, key, arch)]
            yield own | {"quantity": "accuracy", "attack": ""} | _numbers(_accuracies(results, teachers))
            if scatter:  # a teacher that is not here was asked about no training image
                yield own | {"quantity": "peak", "attack": ""} | _numbers(seed_interval(scatter, within=(0, inf)))
        for cell, runs in runs_by_cell(results).items():
            if runs[0].defense == key:
                whose = {"arch": _network_of(results, cell.teacher), "student": cell.student}
                said = {"quantity": "knockoff", "attack": cell.name}
                yield row | whose | said | _numbers(_accuracies(results, runs))


def _by_network(teachers: Iterable[ModelRun]) -> Iterator[tuple[str, list[ModelRun]]]:
    found: dict[str, list[ModelRun]] = {}
    for run in teachers:
        found.setdefault(run.arch, []).append(run)
    yield from found.items()


def _is_of(leak: dict[str, Any], defense: str, arch: str) -> bool:
    return (leak["defense"], leak["arch"], leak["split"]) == (defense, arch, "train")


def _network_of(results: Results, teacher: str) -> str:
    return next(run.arch for run in results.planned if run.role == "teacher" and run.model == teacher)


def _accuracies(results: Results, runs: list[ModelRun]) -> Estimate:
    return seed_interval(
        [split_accuracy(results, run, "test") for run in runs],
        within=(0, 1),
        resolution=1 / len(results.labels["test"]),
    )


def _numbers(estimate: Estimate) -> Row:
    return {"number": estimate.value, "low": estimate.low, "high": estimate.high, "seeds": estimate.n}


TABLE = Table(
    "ablations",
    (
        Column("method", "text", "name of the defense's method"),
        Column("field", "text", "the one parameter that its variants differ in"),
        Column("value", "setting", "what the parameter is", optional=True),
        *shared("defense"),
        Column("arch", "text", "key of the teacher's architecture"),
        Column("student", "text", "key of the knockoff's architecture; empty of the teacher's quantities"),
        Column("quantity", "text", "accuracy of the teacher, peak of its CMI in nats, or knockoff: a thief's accuracy"),
        Column("attack", "text", "key of the knockoff attack; empty of the other quantities"),
        Column("number", "mixed", "mean of the quantity over seeds"),
        *interval("low", "high", "mixed", of="this mean", optional=True),
        *shared("seeds"),
    ),
    (),
    rows,
)
