"""The numbers of the tiny preset that every processor agrees on, kept in ``tests/reference/tiny.json``.

A short training may end a few images apart on two processors: what counts images may move by as many.

``python tests/workflow/golden.py RESULTS`` prints how a finished run differs from them; with ``--update`` it writes
them. A change that is meant belongs under Numbers in the changelog.
"""

import argparse
import difflib
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

REFERENCE = Path(__file__).parents[1] / "reference" / "tiny.json"

COLUMNS: dict[str, tuple[tuple[str, ...], dict[str, int]]] = {
    "models": (
        ("model", "seed"),
        {"parameters": 0, "epochs": 0, "val_n": 0, "test_n": 0, "test_accuracy": 4, "agreement": 4},
    ),
    "knockoff": (
        ("teacher", "attack"),
        {"seeds": 0, "test_n": 0, "queries": 0, "ls_smoothing": 2, "knockoff_accuracy": 4, "ls_accuracy": 4, "delta": 4,
         "delta_low": 3, "delta_high": 3},
    ),
    "verdicts": (
        ("teacher",),
        {"verdict": 0, "literal": 0, "best_attack": 0, "best_delta": 4, "lower": 3, "upper": 3, "margin": 4, "seeds": 0,
         "attacks": 0},
    ),
    "robustness": (
        ("model", "attack", "logits", "seed"),
        {"n": 0, "success_n": 0, "failures": 0, "clean_accuracy": 4, "robust_accuracy": 4, "success_rate": 4,
         "median_distance": 2},
    ),
    "certificates": (
        ("model", "certifier", "eps", "seed"),
        {"n": 0, "robust_n": 0, "clean_accuracy": 4, "certified_accuracy": 4, "robust_accuracy": 4, "mean_radius": 3},
    ),
    "claims": (("claim", "chain", "view", "statement"), {"decision": 0, "seeds": 0}),
    "hypotheses": (("defense", "hypothesis", "statement"), {"decision": 0, "seeds": 0}),
}  # fmt: skip
"""Table to the columns that name a row, and those that are compared, each with its decimals."""

IMAGES = 3
"""Test images, of the run's 60, by which processors were seen to differ, and one more."""

MAY_MOVE = {"failures": float(IMAGES)} | dict.fromkeys(
    ("test_accuracy", "agreement", "knockoff_accuracy", "ls_accuracy", "delta", "best_delta", "clean_accuracy",
     "robust_accuracy", "success_rate", "delta_low", "delta_high", "lower", "upper"), IMAGES / 60,
)  # fmt: skip
"""Column to how far a processor may move it."""

CHAOTIC = "cmim"
"""The defense whose centroids take other ways on other processors: of its rows only counts and decisions are kept."""


def numbers(results: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """The compared numbers of a finished run, by table and row."""
    found = {}
    for table, (names, columns) in COLUMNS.items():
        frame = pd.read_parquet(results / "tables" / "index" / f"{table}.parquet")
        rows = {" ".join(str(row[name]) for name in names): row for row in frame.to_dict("records")}
        assert len(rows) == len(frame), f"rows of {table} share a name"
        found[table] = {
            name: {
                column: _plain(row[column], decimals)
                for column, decimals in columns.items()
                if not decimals or row.get("defense") != CHAOTIC
            }
            for name, row in sorted(rows.items())
        }
    return found


def different(ours: dict[str, Any], reference: dict[str, Any]) -> list[str]:
    """Lines that differ by more than a processor may make them, as a diff from the reference to ours."""
    before, after = (
        json.dumps(each, indent=1, sort_keys=True).splitlines() for each in (reference, _near(ours, reference))
    )
    return list(difflib.unified_diff(before, after, "reference", "this run", lineterm="", n=4))


def _near(ours: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
    """Our numbers; the reference's where ours is no farther from it than its column may move."""
    found = {}
    for key, value in ours.items():
        kept = reference.get(key)
        if isinstance(value, dict):
            found[key] = _near(value, kept if isinstance(kept, dict) else {})
        elif isinstance(value, float) and isinstance(kept, float) and abs(value - kept) <= MAY_MOVE.get(key, 0) + 1e-6:
            found[key] = kept
        else:
            found[key] = value
    return found


def _plain(value: Any, decimals: int) -> Any:
    if isinstance(value, str) or value is None:
        return value
    value = float(value)
    if math.isfinite(value):
        return round(value, decimals) + 0.0
    return str(value)


def main() -> None:
    """Print the differences; write the reference with ``--update``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="results/tiny of a project in which snakemake has run")
    parser.add_argument("--update", action="store_true", help="take the run's numbers for the reference")
    options = parser.parse_args()
    ours = numbers(options.results)
    reference = json.loads(REFERENCE.read_text(encoding="utf-8")) if REFERENCE.exists() else {}
    print("\n".join(different(ours, reference)) or "no number has changed")  # noqa: T201 - a script
    if options.update:
        REFERENCE.write_text(json.dumps(ours, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
