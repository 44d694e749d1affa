"""What is true of a run as a whole: the data, the parameters, the counts, what is missing and doubtful."""

from collections.abc import Iterable
from typing import Any

from distillab.tables import margins, robustness
from distillab.tables.gaps import cells, gaps, impossible
from distillab.tables.results import SPLITS, Results
from distillab.tables.rows import by_model
from distillab.tables.table import Column, Table

_SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}


def content(results: Results) -> dict[str, Any]:
    """The record ``facts``: what reports say besides numbers; the same for equal parameters and code."""
    plan = results.workspace.plan
    data = plan.facts["data"]
    planned = cells(results)
    return {
        "preset": plan.preset,
        **{name: data[name] for name in ("title", "standin", "shape", "classes", "license", "source", "split_rule")},
        "class_names": _noted(results, "data-images", "class_names", []),
        "intake": _noted(results, "data-images", "intake", {}),
        **{f"{split}_n": n for split, n in _noted(results, "data-split", "counts", dict.fromkeys(SPLITS, 0)).items()},
        "seeds": plan.params["seeds"],
        "margin": margins.margin(results),
        "thieves": plan.facts["thieves"],
        "decide": plan.facts["decide"],
        "params": plan.facts["params"],
        "methods": {kind: plan.facts[kind] for kind in ("defenses", "knockoffs", "attacks", "certifiers")},
        "cells_planned": len(planned),
        "cells_done": sum(planned.values()),
        "missing": gaps(results),
        "impossible": impossible(results),
        "flags": list(_flags(results)),
        "command": "snakemake --cores all",
    }


def _noted(results: Results, member_id: str, name: str, otherwise: Any) -> Any:  # noqa: ANN401 - any JSON value
    """What the sidecar of prepared data says, if it is there."""
    return results.sidecar(member_id).results.get(name, otherwise) if results.made(member_id) else otherwise


def _flags(results: Results) -> Iterable[str]:
    """One sentence per model and reason to doubt the attacks on it."""
    for model, rows in by_model(robustness.rows(results)).items():
        zero = [row["zero_gradient"] for row in rows if (row["zero_gradient"] or 0) > 0]
        if zero:
            yield f"{model}: the gradient is zero on up to {max(zero):.1%} of the images"
        if any(row["randomized_forward"] for row in rows):
            yield f"{model}: two forward passes differ"


TABLE = Table(
    "facts",
    (
        Column("preset", "text", "name of the preset"),
        Column("title", "text", "of the data set"),
        Column("standin", "text", "the data set that this one stands in for; empty where it is none"),
        Column("shape", "count", "channels, rows and columns of an image", many=True),
        Column("classes", "count", "number of classes"),
        Column("license", "text", "of the data set"),
        Column("source", "text", "where the data set is from"),
        Column("split_rule", "text", "how training, validation and test images were told apart"),
        Column("class_names", "text", "in the order of the classes; empty where the data are not there", many=True),
        Column("intake", "record", "image files read, resized, passed over and why; empty without such files"),
        *(Column(f"{split}_n", "images", f"{said} images") for split, said in _SPLIT_NAMES.items()),
        Column("seeds", "index", "of the run", many=True),
        Column("margin", "share", "gain that is too small to matter, stated beforehand"),
        Column(
            "thieves",
            "record",
            "labels, queries, answers, data set of a thief, and first seeds of its cells and controls",
        ),
        Column("decide", "record", "looks, margin, error rate, and the headline's cells"),
        Column("params", "record", "the parameters, resolved"),
        Column("methods", "record", "label, paper and grade of every method, by kind"),
        Column("cells_planned", "count", "cells of the three matrices"),
        Column("cells_done", "count", "those that are there"),
        Column("missing", "record", "every member that is not there, whom it is about, and why", many=True),
        Column("impossible", "record", "every question that a model cannot be asked, and why", many=True),
        Column("flags", "text", "sentences that cast doubt on attacks", many=True),
        Column("command", "text", "what makes all of this again"),
    ),
    ("attack", "certify", "sensitivity"),
    content,
    ".json",
)
