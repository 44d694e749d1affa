"""The networks of a file of weights, as options name them: architecture, entry, and how they see pixels."""

import argparse
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from distillab.core.errors import SpecError

if TYPE_CHECKING:
    from torch import nn

    from distillab.models.matching import Match
    from distillab.models.published import Published
    from distillab.specs.data import DataSpec
    from distillab.specs.model import ModelSpec

Statistics = tuple[tuple[float, ...], tuple[float, ...]]


def add_file_options(group: argparse._ArgumentGroup) -> None:
    """Add what tells the file, and what the file does not tell."""
    group.add_argument("--weights", metavar="FILE", help="state_dict (zip or legacy) or safetensors")
    group.add_argument("--arch", metavar="NAME", help="its architecture, e.g. wong_small")
    group.add_argument("--entry", metavar="KEY", help="entry of the file that holds the weights, if it has several")
    group.add_argument("--network", type=int, metavar="K", help="network of a cascade's file, counted from 0")
    group.add_argument("--cascade", action="store_true", help="all networks of a cascade's file, one after the other")
    group.add_argument("--mean", type=float, nargs="+", metavar="M", help="subtracted per channel, of pixels in [0, 1]")
    group.add_argument("--std", type=float, nargs="+", metavar="S", help="divided by per channel")
    group.add_argument("--normalization", choices=["none"], help="none: the network takes pixels from 0 to 1")


def networks_of(options: argparse.Namespace, data: "DataSpec") -> "tuple[list[nn.Module], list[str]]":
    """The networks in evaluation mode, without gradients; lines about which tensor went where.

    Raises:
        SpecError: an option is missing or wrong, or the file holds another network, or several and none is named.
        ArtifactError: the file cannot be read.
    """
    from distillab.models import MODELS
    from distillab.models.published import read_networks, read_published

    architecture, path = MODELS.parse({"name": options.arch}), Path(options.weights)
    if options.cascade:
        published = read_networks(path, entry=options.entry)
    else:
        published = (read_published(path, entry=options.entry, network=options.network),)
    models, lines = [], list[str]()
    for position, found in enumerate(published):
        model, report = _network(options, architecture, found, data)
        models.append(model)
        lines += [f"network {position}: {line}" for line in report] if len(published) > 1 else report
    return models, lines


def _network(
    options: argparse.Namespace, architecture: "ModelSpec", published: "Published", data: "DataSpec"
) -> "tuple[nn.Module, list[str]]":
    from distillab.models.load import build_model
    from distillab.models.published import load_published
    from distillab.specs.model import Domain

    mean, std = _statistics(options, architecture, published, data.facts.shape[0])
    model = build_model(architecture, Domain(data.facts.shape, data.facts.classes, mean, std), seed=0)
    found = load_published(model, published)
    return model.eval().requires_grad_(requires_grad=False), list(_report(found, published))


def _statistics(
    options: argparse.Namespace, architecture: "ModelSpec", published: "Published", channels: int
) -> Statistics:
    """Mean and deviation per channel; nothing is taken for granted where neither file nor architecture tells them."""
    from distillab.models.normalize import FixedInputSpec

    if options.normalization and (options.mean or options.std):
        raise SpecError("excludes --mean and --std", where="--normalization")
    given = [f"--{name}" for name in ("mean", "std", "normalization") if getattr(options, name) is not None]
    known = "file" if published.normalizes else "architecture" if isinstance(architecture, FixedInputSpec) else ""
    if known and given:
        raise SpecError(f"the {known} says how the network sees pixels", where=given[0], do=f"leave {given[0]} out")
    if not known and not given:
        raise SpecError(
            "nothing says how the network sees pixels",
            where="--normalization",
            expected="--mean and --std of its training, or --normalization none if it took pixels from 0 to 1",
        )
    for name in ("mean", "std"):
        _refuse_other_units(name, getattr(options, name) or [])
    if (options.mean is None) != (options.std is None):
        one, other = ("--mean", "--std") if options.std is None else ("--std", "--mean")
        raise SpecError("is half of a normalization", where=one, expected=f"{other} of its training beside it")
    return tuple(options.mean or (0.0,) * channels), tuple(options.std or (1.0,) * channels)


def _refuse_other_units(name: str, values: list[float]) -> None:
    for value in values:
        if not isfinite(value) or abs(value) > (1 if name == "mean" else 10):
            raise SpecError(
                "not in units of pixels from 0 to 1", where=f"--{name}", expected="a number like 0.5",
                got=f"{value:g}", do="divide by 255 what is told of pixels to 255" if isfinite(value) else "",
            )  # fmt: skip


def _report(found: "Match", published: "Published") -> Iterator[str]:
    """One line if all names agree, and one for each layer if not."""
    around, passed_over = published.found.around, published.found.passed_over
    yield "; ".join([
        f"{len(found.names)} tensors by {found.by}",
        *([f"taken away: {', '.join(around)}"] if around else []),
        *([f"passed over: {len(passed_over)} that no output depends on"] if passed_over else []),
    ])  # fmt: skip
    if found.by != "name":
        for layer, place in found.layers.items():
            yield f"layer {layer} has the weights of {place}"
