"""What is true of a run as a whole: the data, the counts, the machine, DVC's metrics."""

import subprocess
from collections.abc import Iterable
from typing import Any

from distillab.core.job import Member
from distillab.tables import certificates, environments, knockoff, models, robustness, verdicts
from distillab.tables.gaps import cells, gaps
from distillab.tables.results import SPLITS, Results


def facts(results: Results) -> dict[str, Any]:
    """The table ``facts``: what reports say besides numbers; the same for equal parameters and code."""
    plan = results.workspace.plan
    data = plan.facts["data"]
    planned = cells(results)
    return {
        "preset": plan.preset,
        **{name: data[name] for name in ("title", "standin", "shape", "classes", "license", "source", "split_rule")},
        "class_names": _noted(results, "data-images", "class_names", []),
        **{f"{split}_n": n for split, n in _noted(results, "data-split", "counts", dict.fromkeys(SPLITS, 0)).items()},
        "seeds": plan.params["seeds"],
        "margin": knockoff.margin(results),
        "params": plan.params,
        "methods": {kind: plan.facts[kind] for kind in ("defenses", "knockoffs", "attacks", "certifiers")},
        "cells_planned": len(planned),
        "cells_done": sum(planned.values()),
        "missing": gaps(results),
        "flags": list(_flags(results)),
        "command": "snakemake --cores all",
    }


def _noted(results: Results, member_id: str, name: str, otherwise: Any) -> Any:  # noqa: ANN401 - any JSON value
    """What the sidecar of prepared data says, if it is there."""
    return results.sidecar(member_id).results[name] if results.made(member_id) else otherwise


def run(results: Results) -> dict[str, Any]:
    """The table ``run``: when, where and how long, of what is there.

    It is the only table that two equal runs do not share.
    """
    seconds: dict[str, float] = {}
    made: list[tuple[Member, dict[str, str]]] = []
    for member in results.asked:
        if results.made(member.id):
            sidecar = results.sidecar(member.id)
            made.append((member, sidecar.environment))
            if member.stage != "prepare":
                seconds[member.stage] = round(seconds.get(member.stage, 0.0) + float(sidecar.run["seconds"]), 3)
    return {
        "stage_seconds": seconds,
        **{f"teacher_{name}": teacher_seconds(results, name) for name in ("seconds", "fixed_seconds", "step_seconds")},
        "certificate_costs": certificates.cost_rows(results),
        "environments": environments.tally(made),
        "commit": commit(),
    }


def teacher_seconds(results: Results, name: str) -> dict[str, float]:
    """Mean over seeds of one time of a teacher's making, by teacher; no entry where it was not taken.

    ``seconds`` is all of it, ``fixed_seconds`` what its method does before the first step, ``step_seconds`` one step.
    """
    found: dict[str, list[float]] = {}
    for run in results.trained:
        times = results.sidecar(run.member.id).run if run.role == "teacher" else {}
        if name in times:
            found.setdefault(run.model, []).append(float(times[name]))
    return {teacher: round(sum(values) / len(values), 6) for teacher, values in found.items()}


def metrics(results: Results) -> dict[str, Any]:
    """DVC's metrics: verdicts, accuracies, robustness and certificates by method, means over seeds."""
    named: dict[str, Any] = {"verdict": {}, "knockoff": {}, "accuracy": {}, "robustness": {}, "certified": {}}
    for row in verdicts.rows(results):
        named["verdict"].setdefault(row["teacher"], {})[row["student"]] = row["verdict"]
    for row in knockoff.rows(results):
        cell = {"accuracy": row["knockoff_accuracy"], "delta": row["delta"]}
        named["knockoff"].setdefault(row["teacher"], {})[f"{row['attack']}-{row['student']}"] = _rounded(cell)
    for model, rows in _by_model(models.rows(results)).items():
        named["accuracy"][model] = _mean(rows, "test_accuracy")
    for model, rows in _by_model(robustness.rows(results)).items():
        for row in rows:
            same = [other for other in rows if _question(other) == _question(row)]
            named["robustness"].setdefault(model, {})[_question(row)] = _mean(same, "success_rate")
    for model, rows in _by_model(certificates.rows(results)).items():
        for row in rows:
            same = [other for other in rows if _radius(other) == _radius(row)]
            named["certified"].setdefault(model, {})[_radius(row)] = _mean(same, "certified_accuracy")
    return {results.workspace.plan.preset: named}


def commit() -> str:
    """The commit the code came from, with a plus where files differ from it; empty outside a repository."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()


def _flags(results: Results) -> Iterable[str]:
    """One sentence per model and reason to doubt the attacks on it."""
    for model, rows in _by_model(robustness.rows(results)).items():
        zero = [row["zero_gradient"] for row in rows if (row["zero_gradient"] or 0) > 0]
        if zero:
            yield f"{model}: the gradient is zero on up to {max(zero):.1%} of the images"
        if any(row["randomized_forward"] for row in rows):
            yield f"{model}: two forward passes differ"


def _question(row: dict[str, Any]) -> str:
    return str(row["attack"]) if row["logits"] == "raw" else f"{row['attack']}-{row['logits']}"


def _radius(row: dict[str, Any]) -> str:
    return f"{row['certifier']}-{row['eps']:g}"


def _by_model(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["model"], []).append(row)
    return groups


def _mean(rows: list[dict[str, Any]], name: str) -> float | None:
    values = [row[name] for row in rows if row[name] is not None]
    return round(sum(values) / len(values), 6) if values else None


def _rounded(record: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in record.items()}
