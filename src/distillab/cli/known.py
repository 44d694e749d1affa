"""Known published files: which card is a file's, what it fills in, and its printed numbers beside those found."""

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distillab.evaluate.cascade import CascadeVerdict
    from distillab.models.cards import WeightsCard

UNSAID = {"certifier": "best", "norm": "linf", "data": "mnist"}
"""What holds where neither an option nor a card says otherwise."""


def card_of(path: Path, known: "tuple[WeightsCard, ...]", *, entry: str | None = None) -> "WeightsCard | None":
    """The card of a file: by its content, else by its name and what it holds; None where there is none.

    Raises:
        ArtifactError: a file of a card's name is no file of weights.
    """
    if any(card.sha256 for card in known) and path.is_file():
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        for card in known:
            if card.sha256 == content:
                return card
    named = (card for card in known if not card.sha256 and Path(card.file).name == path.name)
    return next((card for card in named if _fits(card, path, entry)), None)


def filled(options: argparse.Namespace, card: "WeightsCard | None") -> argparse.Namespace:
    """The options, with what the card tells, and else the defaults, where nothing was said."""
    values, told = vars(options), dict[str, object](UNSAID)
    if card and options.arch in (None, card.arch):
        told |= {"arch": card.arch, "data": card.data, "norm": card.norm}
        told |= {} if card.eps is None else {"eps": [str(card.eps)]}
        if options.mean is options.std is options.normalization is None:
            told |= {"mean": card.mean, "std": card.std} if card.mean else {"normalization": "none"}
    said = {name: value for name, value in values.items() if value is not None}
    return argparse.Namespace(**values | told | said)


def printed_and_found(
    card: "WeightsCard", options: argparse.Namespace, found: "dict[float, CascadeVerdict]"
) -> Iterator[str]:
    """A line for each printed number, or why there is none.

    Args:
        card: of the file.
        options: of the run, filled in.
        found: by radius, what came out as the papers count.
    """
    yield f"taken for {card.title}, by {card.known_by}"
    if not card.printed:
        yield "no printed number of it is on record"
    elif others := list(_other_settings(card, options, found)):
        yield f"its printed numbers are of {', '.join(others)}: not compared"
    elif card.eps is not None:
        verdict = found[card.eps]
        shares = {"error": verdict.standard_error, "robust_error": verdict.paper_robust_error}
        for place in card.printed:
            for name, share in shares.items():
                if printed := getattr(place, name):
                    yield f"{name.replace('_', ' ')} {_beside(printed, 100 * share, place.where)}"


def _fits(card: "WeightsCard", path: Path, entry: str | None) -> bool:
    """Whether the file holds as many networks as the card says, all with the tensors of its architecture."""
    from distillab.core.errors import SpecError
    from distillab.data import DATASETS
    from distillab.models import MODELS
    from distillab.models.published import load_published, read_networks
    from distillab.models.untrained import untrained

    facts = DATASETS.parse({"name": card.data}).facts
    model = untrained(MODELS.parse({"name": card.arch}), facts.shape, facts.classes)
    try:
        networks = read_networks(path, entry=entry)
        for network in networks:
            load_published(model, network)
    except SpecError:
        return False
    return card.networks in (None, len(networks))


def _other_settings(
    card: "WeightsCard", options: argparse.Namespace, found: "dict[float, CascadeVerdict]"
) -> Iterator[str]:
    """The options under which the numbers were printed, where the run has others."""
    for name in ("arch", "data", "norm", "as_published"):
        if getattr(options, name) != getattr(card, name):
            yield f"--{name.replace('_', '-')} {getattr(card, name)}"
    if (_numbers(options.mean), _numbers(options.std)) != (card.mean, card.std):
        yield f"--mean {_listed(card.mean)} --std {_listed(card.std)}" if card.mean else "--normalization none"
    if card.eps not in found:
        yield f"--eps {card.eps}"
    if (card.networks or 1) > 1 and not options.cascade:
        yield "--cascade"
    if options.images is not None:
        yield "all test images"


def _numbers(values: Sequence[float] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(values)


def _listed(values: Sequence[float] | None) -> str:
    return " ".join(f"{value:g}" for value in values or ())


def _beside(printed: str, percent: float, where: str) -> str:
    """Both numbers; the difference where rounding to the printed decimals does not explain it."""
    decimals = len(printed.partition(".")[2])
    difference = percent - float(printed)
    line = f"{printed} % printed ({where}), {percent:.{max(2, decimals)}f} % found"
    return line if abs(difference) <= 0.5 * 10**-decimals + 1e-9 else f"{line}: {difference:+.2f} points"
