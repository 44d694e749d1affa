"""Certificates image by image."""

from typing import Any

from distillab.tables.columns import shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]

SHOWN = 1000
"""Images of a model that the per-image table holds at most."""


def rows(results: Results) -> list[Row]:
    """The table ``certified_images``: one row per image, certifier, radius and seed."""
    found: list[Row] = []
    for member in results.members("certify"):
        frame = results.certified(member)
        shown = frame[frame["id"].isin(frame["id"].unique()[:SHOWN])]
        names = {
            "family": member.axes["family"],
            "model": results.run_of(member.parents["model"]).model,
            "certifier": member.axes["certifier"],
            "seed": member.seed,
        }
        columns = ["id", "eps", "label", "certified", "by", "margin", "radius"]
        found += [names | record for record in shown[columns].to_dict("records")]
    return found


TABLE = Table(
    "certified_images",
    (
        Column("family", "text", "which models were certified: teachers, students, knockoffs or chains"),
        *shared("model"),
        Column("certifier", "text", "key of the certifier"),
        *shared("seed"),
        Column("id", "index", "number of the test image"),
        Column("eps", "distance", "radius"),
        Column("label", "index", "class of the image"),
        Column("certified", "flag", "whether it is right everywhere within the radius, proved"),
        Column("by", "text", "method that decided; empty where none did"),
        Column("margin", "logits", "lower bound of the label's logit minus any other", optional=True),
        Column("radius", "distance", "largest certified radius, if it was searched", optional=True),
    ),
    ("certify",),
    rows,
)
