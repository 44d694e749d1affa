"""What DVC compares between runs."""

from typing import Any

from distillab.tables import certificates, knockoff, models, robustness, verdicts
from distillab.tables.results import Results
from distillab.tables.rows import by_model
from distillab.tables.table import Column, Table


def content(results: Results) -> dict[str, Any]:
    """The record ``metrics``: verdicts, accuracies, robustness and certificates by model, means over seeds."""
    named: dict[str, Any] = {"verdict": {}, "knockoff": {}, "accuracy": {}, "robustness": {}, "certified": {}}
    for row in verdicts.rows(results):
        of_thief = named["verdict"].setdefault(row["thief"], {})
        of_thief.setdefault(row["teacher"], {})[row["student"]] = row["verdict"]
    for row in knockoff.rows(results):
        cell = {"accuracy": row["knockoff_accuracy"], "delta": row["delta"]}
        of_teacher = named["knockoff"].setdefault(row["thief"], {}).setdefault(row["teacher"], {})
        of_teacher[f"{row['attack']}-{row['student']}"] = _rounded(cell)
    for model, rows in by_model(models.rows(results)).items():
        named["accuracy"][model] = _mean(rows, "test_accuracy")
    for model, rows in by_model(robustness.rows(results)).items():
        for row in rows:
            same = [other for other in rows if _question(other) == _question(row)]
            named["robustness"].setdefault(model, {})[_question(row)] = _mean(same, "success_rate")
    for model, rows in by_model(certificates.rows(results)).items():
        for row in rows:
            same = [other for other in rows if _radius(other) == _radius(row)]
            named["certified"].setdefault(model, {})[_radius(row)] = _mean(same, "certified_accuracy")
    return {results.workspace.plan.preset: named}


def _question(row: dict[str, Any]) -> str:
    return str(row["attack"]) if row["logits"] == "raw" else f"{row['attack']}-{row['logits']}"


def _radius(row: dict[str, Any]) -> str:
    return f"{row['certifier']}-{row['eps']:g}"


def _mean(rows: list[dict[str, Any]], name: str) -> float | None:
    values = [row[name] for row in rows if row[name] is not None]
    return round(sum(values) / len(values), 6) if values else None


def _rounded(record: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in record.items()}


TABLE = Table(
    "metrics",
    (Column("*", "record", "by preset: verdict, knockoff, accuracy, robustness and certified, by model"),),
    ("attack", "certify"),
    content,
    ".json",
)
