"""A data card: where a run's images come from, under which terms, how they were split, and what hashes they have."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from distillab.core.sidecar import Sidecar
from distillab.reporting.markdown import code, plain
from distillab.reporting.model_card import table_text

LICENSES = {"CC BY 4.0": "cc-by-4.0", "CC BY-SA 3.0": "cc-by-sa-3.0", "MIT": "mit"}
"""Licenses that model hubs know, by what data sets call them."""

SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))


def data_card(images: Sidecar, split: Sidecar, facts: Mapping[str, Any]) -> str:
    """The card of a run's data.

    Args:
        images: sidecar of the prepared images.
        split: sidecar of the index of their splits.
        facts: of a page of the run.
    """
    counts = {name: int(facts[f"{name}_n"]) for name in ("train", "val", "test")}
    total = sum(counts.values())
    known = LICENSES.get(facts["license"])
    terms = (
        {"license": known}
        if known
        else {"license": "other", "license_name": "-".join(facts["license"].lower().split())}
    )
    head = terms | {
        "pretty_name": facts["title"],
        "task_categories": ["image-classification"],
        "size_categories": [next((name for most, name in SIZES if total < most), "10M<n<100M")],
        "tags": ["distillab", facts["params"]["data"]["name"]],
    }
    written = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=120)
    classes = facts["class_names"]
    parts = [
        f"---\n{written}---",
        f"# {plain(facts['title'])}",
        *([f"It stands in for other data: {plain(facts['standin'])}."] if facts["standin"] else []),
        f"Source: {plain(facts['source'])}. License: {plain(facts['license'])}.",
        "## Splits",
        table_text(("split", "images"), [(name, f"{count:,}") for name, count in counts.items()]),
        f"{plain(facts['split_rule'])} Test images judge and decide nothing else.",
        "## Images",
        f"{'x'.join(map(str, facts['shape']))} (channels, height, width), pixels in [0, 1]; "
        f"{facts['classes']} classes: "
        + ", ".join(plain(name) for name in classes[:20])
        + (" and others." if len(classes) > 20 else "."),
        "## Provenance",
        table_text(("what", "is"), list(_provenance(images, split))),
    ]
    return "\n\n".join(parts) + "\n"


def _provenance(images: Sidecar, split: Sidecar) -> Iterator[tuple[str, str]]:
    for what, sidecar in (("prepared images", images), ("index of the splits", split)):
        yield (
            what,
            f"{sidecar.payload.bytes:,} bytes, BLAKE2b-256 `{sidecar.payload.blake2b}`, identity `{sidecar.key}`",
        )
    yield "parameters", code(json.dumps(images.spec["data"]))
    for name, count in images.results.get("intake", {}).items():
        yield f"files: {plain(str(name))}", plain(str(count))
