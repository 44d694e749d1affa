"""Attacked networks as RobustBench's ``model_info`` describes them: one JSON object for each network and threat model.

The keys are RobustBench's, numbers as strings in percent as there; what it does not ask for stands under ``distillab``.
"""

from collections.abc import Iterator
from typing import Any

from distillab.reporting.display import setting
from distillab.reporting.tables import Tables, records
from distillab.reporting.worst_rows import at, attacks_of, doubts

THREATS = {"linf": "Linf", "l2": "L2"}
"""Norms that RobustBench has, as it calls them."""

AUTOATTACK = "autoattack"


def model_infos(tables: Tables) -> Iterator[tuple[str, dict[str, Any]]]:
    """File below ``model_info/`` and content of each worst case over attacks of a network on its own logits."""
    worst = tables["worst"]
    data = str(tables.facts["params"]["data"]["name"])
    for row in records(worst):
        if row.norm in THREATS:
            name = f"{row.model}-s{row.seed}_{setting(row.eps)}"
            yield f"{data}/{THREATS[row.norm]}/{name}.json", _info(tables, row, data)


def _info(tables: Tables, row: Any, data: str) -> dict[str, Any]:  # noqa: ANN401 - a row
    frame = at(tables["worst"], (row.norm, row.eps))
    frame = frame[(frame["model"] == row.model) & (frame["seed"] == row.seed)]
    said = doubts(tables, frame, row.model, (row.norm, row.eps))
    said += [f"{row.missing} attacks are missing"] if row.missing else []
    autoattack = _autoattack(tables, row)
    robust = f"{100 * row.robust_accuracy:.2f}"
    defense = tables.facts["methods"]["defenses"].get(row.defense, {})
    return {
        "link": "",
        "name": tables.label(row.model),
        "authors": defense.get("paper", ""),
        "additional_data": False,
        "number_forward_passes": 1,
        "dataset": data,
        "venue": "Unpublished",
        "architecture": row.arch,
        "eps": setting(row.eps),
        "clean_acc": f"{100 * row.clean_accuracy:.2f}",
        "reported": robust,
        "autoattack_acc": autoattack,
        "unreliable": bool(said),
        "footnote": "; ".join([f"trained and attacked here, {tables.dataset}", *said]),
        "distillab": {
            "seed": int(row.seed),
            "n": int(row.n),
            "robust_acc": robust,
            "interval": [f"{100 * row.robust_low:.2f}", f"{100 * row.robust_high:.2f}"],
            "attacks": attacks_of(tables, frame),
            "preset": tables.facts["preset"],
            "commit": tables.facts["commit"],
        },
    }


def _autoattack(tables: Tables, row: Any) -> str | None:  # noqa: ANN401 - a row
    """Robust accuracy under AutoAttack at the radius; none where it was not run."""
    run, attacks = tables["robustness"], tables.facts["params"]["robustness"]["attacks"]
    keys = [key for key, spec in attacks.items() if spec["name"] == AUTOATTACK]
    same = (
        (run["model"] == row.model) & (run["seed"] == row.seed) & (run["norm"] == row.norm) & (run["logits"] == "raw")
    )
    found = run[same & run["attack"].isin(keys) & (run["eps"] == row.eps)]
    return f"{100 * float(found['robust_accuracy'].min()):.2f}" if len(found) else None
