"""``distillab certify --weights FILE``: certificates of a network that was trained elsewhere."""

import argparse
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from distillab.cli.certify_options import radii, refuse_contradictions, refuse_less
from distillab.cli.known import card_of, filled, printed_and_found
from distillab.cli.published import networks_of
from distillab.core.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd

    from distillab.certify.graph import Graph
    from distillab.core.shapes import Images, Labels
    from distillab.specs.certifier import CertifierSpec
    from distillab.specs.data import DataSpec

PATIENCE = 5.0
"""Seconds between two lines about the progress."""

log = logging.getLogger("distillab")


def wants_weights(options: argparse.Namespace) -> bool:
    """Whether the command is about published weights."""
    return any(value is not None for value in (options.weights, options.arch, options.eps))


def certify_weights(options: argparse.Namespace) -> int:
    """Certify the networks of a file on test images, and print what came out.

    Raises:
        SpecError: an option is wrong, or the file holds another network than ``--arch`` says.
        ArtifactError: the file or the data set cannot be read.
    """
    import torch

    from distillab.cli.certified import lines, published_verdicts
    from distillab.core.files import require_writable
    from distillab.models.cards import cards
    from distillab.stages.certify import DTYPES, certificates

    refuse_contradictions(options)
    card = card_of(Path(options.weights), cards(), entry=options.entry) if options.weights else None
    if card:
        log.info("weights: taken for %s, by %s: what is not said is taken from its card", card.title, card.known_by)
    options = filled(options, card)
    eps, data = radii(options), _data(options)
    refuse_less(options, threads=1, images=1, radius_steps=0)
    if options.output:
        require_writable(Path(options.output))
    graphs, normalized = _graphs(options, data)
    certifier = _certifier(options, normalized=normalized)
    torch.set_num_threads(options.threads)
    x, y = _images(data, options.images)
    search = {"eps": eps, "radius_steps": options.radius_steps, "progress": _patient(log.info)}
    runs = [certificates(certifier, graph, x.to(DTYPES[options.precision]), y, **search) for graph in graphs]
    frames = [frame for frame, _ in runs]
    print(_title(options, data, certifier, len(graphs), len(x)))
    for line in lines(frames, [cost["seconds_per_image"] for _, cost in runs], options):
        print(line)
    if card:
        for line in printed_and_found(card, options, published_verdicts(frames)):
            print(line)
    if options.output:
        _write(_numbered(frames), Path(options.output))
    return 0


def _title(
    options: argparse.Namespace, data: "DataSpec", certifier: "CertifierSpec", networks: int, images: int
) -> str:
    cascade = f"cascade of {networks} x " if options.cascade else ""
    precision = "" if options.precision == "float32" else f", {options.precision}"
    name = f"{cascade}{options.arch} on {data.facts.title}, {options.norm}"
    return f"{name}, {certifier.display_name}{precision}, {images:,} test images"


def _data(options: argparse.Namespace) -> "DataSpec":
    from distillab.core.registry import name_of
    from distillab.data import DATASETS

    chosen = DATASETS[options.data]
    known = [spec for spec in DATASETS if not spec.streaming and not any(_wants_more(spec))]
    if chosen not in known:
        raise SpecError(
            "needs more than a folder, or does not fit in memory",
            where="--data",
            expected=f"one of {', '.join(name_of(spec) for spec in known)}",
            got=options.data,
        )
    return chosen.model_validate({"name": options.data, "root": options.root})


def _wants_more(spec: "type[DataSpec]") -> Iterator[bool]:
    return (field.is_required() for field in spec.model_fields.values())


def _certifier(options: argparse.Namespace, *, normalized: bool) -> "CertifierSpec":
    from distillab.certify import CERTIFIERS

    chosen = CERTIFIERS["dual" if options.as_published else options.certifier]
    if options.norm not in chosen.norms:
        raise SpecError("not covered", where="--norm", expected=" or ".join(chosen.norms), got=options.norm)
    asked = {"name": chosen.model_fields["name"].default, "norm": options.norm}
    if options.as_published == "wong-kolter":
        return chosen.model_validate(asked | {"as_published": options.as_published})
    if options.as_published:
        return chosen.model_validate(asked | {"as_published": options.as_published, "input_box": not normalized})
    return chosen.model_validate(asked | {"input_box": not options.no_input_box})


def _graphs(options: argparse.Namespace, data: "DataSpec") -> "tuple[list[Graph], bool]":
    """The networks, and whether they see other numbers than pixels from 0 to 1."""
    from distillab.certify.trace import trace
    from distillab.stages.certify import DTYPES

    models, lines = networks_of(options, data)
    graphs = [trace(model.to(DTYPES[options.precision]), data.facts.shape) for model in models]
    for line in lines:
        log.info("weights: %s", line)
    statistics = models[0].state_dict()
    return graphs, bool((statistics["normalize.mean"] != 0).any() or (statistics["normalize.std"] != 1).any())


def _images(data: "DataSpec", most: int | None) -> "tuple[Images, Labels]":
    from distillab.data.dataset import unit

    raw = data.read()
    return unit(raw.test_x[:most], raw.levels), raw.test_y[:most]


def _patient(say: Callable[[str], None]) -> Callable[[str], None]:
    """``say``, but not more often than people want to read it."""
    last = [time.monotonic()]

    def progress(line: str) -> None:
        if time.monotonic() - last[0] >= PATIENCE:
            last[0] = time.monotonic()
            say(line)

    return progress


def _numbered(frames: "list[pd.DataFrame]") -> "pd.DataFrame":
    """All rows, with the number of the image; with that of the network, where there are several."""
    import pandas as pd

    numbered = [frame.assign(id=frame.groupby("eps").cumcount()) for frame in frames]
    if len(numbered) > 1:
        numbered = [frame.assign(network=position) for position, frame in enumerate(numbered)]
    return pd.concat(numbered, ignore_index=True)


def _write(frame: "pd.DataFrame", path: Path) -> None:
    from distillab.core.files import atomic

    with atomic(path) as temporary:
        frame.to_parquet(temporary, index=False)
