"""``distillab certify --weights FILE``: certificates of a network that was trained elsewhere."""

import argparse
import logging
import time
from collections.abc import Callable, Iterator
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from distillab.cli.published import add_file_options, network_of
from distillab.core.bounds import parse_fraction
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


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what the stage's command takes instead of a job."""
    group = command.add_argument_group("published weights", "Instead of a job: a file of weights from elsewhere.")
    add_file_options(group)
    group.add_argument("--eps", action="append", metavar="E", help="radius in pixel units, or 8/255; may be repeated")
    group.add_argument("--certifier", default="best", metavar="NAME", help="ibp, dual, crown, ... (default: best)")
    group.add_argument("--norm", default="linf", help="linf, l2 or l1 (default: linf)")
    group.add_argument("--no-input-box", action="store_true", help="let perturbed pixels leave [0, 1], as in papers")
    group.add_argument("--data", default="mnist", metavar="NAME", help="data set of the test images (default: mnist)")
    group.add_argument("--root", default="data", metavar="DIR", help="its folder (default: data)")
    group.add_argument("--images", type=int, metavar="N", help="only this many first test images")
    group.add_argument("--radius-steps", type=int, default=0, metavar="K", help="halvings in search of each radius")
    group.add_argument("--threads", type=int, default=1, metavar="K", help="CPU threads (default: 1)")
    group.add_argument("--output", metavar="FILE", help="write one row per image and radius here, as parquet")


def wants_weights(options: argparse.Namespace) -> bool:
    """Whether the command is about published weights."""
    return any(value is not None for value in (options.weights, options.arch, options.eps))


def certify_weights(options: argparse.Namespace) -> int:
    """Certify the network of a file on test images, and print what came out.

    Raises:
        SpecError: an option is wrong, or the file holds another network than ``--arch`` says.
        ArtifactError: the file or the data set cannot be read.
    """
    import torch

    from distillab.stages.certify import certificates

    eps, data = _radii(options), _data(options)
    _refuse_less(options, threads=1, images=1, radius_steps=0)
    certifier, graph = _certifier(options), _graph(options, data)
    torch.set_num_threads(options.threads)
    x, y = _images(data, options.images)
    frame, cost = certificates(
        certifier, graph, x, y, eps=eps, radius_steps=options.radius_steps, progress=_patient(log.info)
    )
    print(f"{options.arch} on {data.facts.title}, {options.norm}, {certifier.label}, {len(x):,} test images")
    for line in _lines(frame, cost["seconds_per_image"]):
        print(line)
    if options.output:
        _write(frame.assign(id=frame.groupby("eps").cumcount()), Path(options.output))
    return 0


def _radii(options: argparse.Namespace) -> list[float]:
    for name in ("weights", "arch", "eps"):
        if not getattr(options, name):
            raise SpecError("missing", where=f"--{name}", expected="--weights FILE --arch NAME --eps E")
    if options.job:
        raise SpecError("a job and published weights exclude each other", where="--weights", got=options.job)
    return sorted({_radius(text) for text in options.eps})


def _radius(text: str) -> float:
    try:
        value = float(str(parse_fraction(text)))
    except ValueError:
        value = float("nan")
    if not isfinite(value) or value <= 0:
        raise SpecError("not a radius", where="--eps", expected="a positive number or a fraction like 8/255", got=text)
    return value


def _refuse_less(options: argparse.Namespace, **least: int) -> None:
    for name, low in least.items():
        value = getattr(options, name)
        if value is not None and value < low:
            where = f"--{name.replace('_', '-')}"
            raise SpecError("too small", where=where, expected=f"at least {low}", got=str(value))


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


def _certifier(options: argparse.Namespace) -> "CertifierSpec":
    from distillab.certify import CERTIFIERS

    chosen = CERTIFIERS[options.certifier]
    if options.norm not in chosen.norms:
        raise SpecError("not covered", where="--norm", expected=" or ".join(chosen.norms), got=options.norm)
    return chosen.model_validate(
        {"name": options.certifier, "norm": options.norm, "input_box": not options.no_input_box}
    )


def _graph(options: argparse.Namespace, data: "DataSpec") -> "Graph":
    from distillab.certify.trace import trace

    model, lines = network_of(options, data)
    graph = trace(model, data.facts.shape)
    for line in lines:
        log.info("weights: %s", line)
    return graph


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


def _lines(frame: "pd.DataFrame", seconds: list[float]) -> Iterator[str]:
    from distillab.metrics.intervals import wilson

    yield f"{'eps':>10}  {'clean':>8}  {'certified':>9}  {'95 % interval':>16}  {'CPU s/image':>11}  decided by"
    for (eps, group), each in zip(frame.groupby("eps"), seconds, strict=True):
        share = wilson(int(group["certified"].sum()), len(group))
        clean = (group["predicted"] == group["label"]).mean()
        by = group.loc[group["certified"], "by"].value_counts() / len(group)
        decided = ", ".join(f"{method} {part:.2%}" for method, part in by.items()) or "none"
        interval = f"{share.low:.2%} to {share.high:.2%}"
        yield f"{eps:>10.6g}  {clean:>8.2%}  {share.value:>9.2%}  {interval:>16}  {each:>11.4f}  {decided}"


def _write(frame: "pd.DataFrame", path: Path) -> None:
    from distillab.core.files import atomic

    with atomic(path) as temporary:
        frame.to_parquet(temporary, index=False)
