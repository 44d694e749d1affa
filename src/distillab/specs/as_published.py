"""Bounds as papers define them: one word that settles every field on which the cited bound depends."""

import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from distillab.core.shown import shown
from distillab.specs.base import CHOOSING

Paper = Literal["wong-kolter", "scaling"]

CITED: dict[Paper, str] = {"wong-kolter": "Wong & Kolter 2018", "scaling": "Wong et al. 2018"}
"""How a paper is cited."""

AsPublished = Annotated[
    Paper | None,
    Field(
        json_schema_extra=CHOOSING,
        description="Exactly the bound of Wong & Kolter 2018, without the pixels' box, or of Wong et al. 2018 "
        "(`scaling`), with it unless `input_box: false`, as for its normalized CIFAR-10; neither intersects",
    ),
]

Settings = Mapping[Paper, Mapping[str, object]]


def settled(given: object, settings: Settings) -> object:
    """A spec's fields with those that its ``as_published`` settles.

    Raises:
        ValueError: a field says otherwise.
    """
    if not isinstance(given, dict):
        return given
    for paper, fields in settings.items():
        if given.get("as_published") == paper:
            for name, value in fields.items():
                if given.get(name, value) != value:
                    raise ValueError(
                        f"{name}: expected {json.dumps(value)} with as_published: {paper}; got {shown(given[name])}; "
                        "leave one of the two out"
                    )
            return given | dict(fields)
    return given
