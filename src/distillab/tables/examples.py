"""Clean and adversarial images that were kept for pictures."""

from typing import Any

import numpy as np

from distillab.core.job import Member
from distillab.tables.columns import shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]


def rows(results: Results) -> list[Row]:
    """The table ``examples``: clean and adversarial images that were kept for pictures."""
    return [
        _example(results, member, record)
        for member in results.members("attack")
        for record in results.pictured(member).dropna(subset=["x_adv"]).to_dict("records")
    ]


def _example(results: Results, member: Member, record: dict[Any, Any]) -> Row:
    channels, height, width = results.workspace.plan.facts["data"]["shape"]
    run = results.run_of(member.parents["model"])
    return {
        "model": run.model,
        "attack": member.axes["attack"],
        "logits": member.axes["logits"],
        "seed": run.seed,
        **{name: record[name] for name in ("id", "label", "label_clean", "label_adv", "distance")},
        "norm": member.spec["attack"]["norm"],
        "height": height,
        "width": width,
        "channels": channels,
        "clean": np.frombuffer(record["x"], dtype=np.float32).tolist(),
        "adversarial": np.frombuffer(record["x_adv"], dtype=np.float32).tolist(),
    }


TABLE = Table(
    "examples",
    (
        *shared("model"),
        Column("attack", "text", "key of the adversarial attack"),
        *shared("logits", "seed"),
        Column("id", "index", "number of the test image"),
        Column("label", "index", "its class"),
        Column("label_clean", "index", "what the network takes it for"),
        Column("label_adv", "index", "what the network takes the adversarial image for"),
        Column("distance", "distance", "between the two images"),
        *shared("norm"),
        Column("height", "count", "rows of pixels"),
        Column("width", "count", "columns of pixels"),
        Column("channels", "count", "1 of gray images, 3 of colored ones"),
        Column("clean", "pixel", "the image, channel by channel and row by row", many=True),
        Column("adversarial", "pixel", "the adversarial image, likewise", many=True),
    ),
    ("attack",),
    rows,
)
