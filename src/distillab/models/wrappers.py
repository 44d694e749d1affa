"""What trainers put around the weights of a network: entries of a checkpoint, and prefixes of the names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.shown import LONGEST_VALUE, shortened

Weights = dict[str, Tensor]

ENTRIES = (
    "state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params",
    "state_dict_ema", "model_ema", "ema_state_dict", "ema", "params_ema",
)  # fmt: skip
"""Under which trainers keep the weights."""

PREFIXES = ("module.", "model.", "net.", "network.", "ema_model.")
"""Of parallel and compiled networks, of networks inside a trainer's module, and of this project's own."""

COMPILED = "_orig_mod."
"""What compilation puts into names, at any place."""

COUNTERS = ("num_batches_tracked", "n_averaged")
"""Ends of names that no network's output depends on."""

RELEASE = "release."
"""How the names begin of what a defense of this project keeps beside the weights."""

STATISTICS = ("normalize.mean", "normalize.std")
"""This project's input normalization, which stands beside ``network.``."""

OWN = "network."
"""How the other names begin where it does."""

DEPTH = 8
"""Entries within entries that are looked into."""


@dataclass(frozen=True)
class Opened:
    """The tensors of one network, under the names that are left without what was put around them."""

    tensors: Weights
    normalization: Weights
    """This project's input normalization, if the file holds any."""
    around: tuple[str, ...]
    """Entries and prefixes that were taken away, outermost first."""
    passed_over: tuple[str, ...]
    """Names that no network's output depends on."""


def opened(content: object, where: str, *, entry: str | None = None, network: int | None = None) -> Opened:
    """The one state_dict that is meant.

    Args:
        content: what the file holds.
        where: its name, for messages.
        entry: the entry that holds the weights, where that cannot be known.
        network: which one, counted from 0, of a list of networks.

    Raises:
        ArtifactError: there is none.
        SpecError: there are several, and neither ``entry`` nor ``network`` names one of them.
    """
    states, around = _unwrapped(content, where, entry)
    return _opened(_one(states, where, network), around, where)


def opened_all(content: object, where: str, *, entry: str | None = None) -> tuple[Opened, ...]:
    """Every state_dict of a list of networks, in its order; of one network, that one.

    Raises:
        ArtifactError: as in ``opened``.
        SpecError: the file has several entries with weights, and ``entry`` names none of them.
    """
    states, around = _unwrapped(content, where, entry)
    return tuple(_opened(state, around, where) for state in states)


def _unwrapped(content: object, where: str, entry: str | None) -> tuple[Sequence[object], tuple[str, ...]]:
    """The networks inside the outer entries, and the names of those."""
    around: list[str] = []
    if entry is not None:
        if not isinstance(content, Mapping) or entry not in content:
            raise SpecError("the file has no such entry", where=where, expected=_listed(content), got=short(entry))
        content, around = content[entry], [entry]
    while isinstance(content, Mapping) and (key := _wrapper(content, where)):
        content = content[key]
        around.append(key)
    listed = isinstance(content, list | tuple) and _holds_weights(content, DEPTH)
    return content if isinstance(content, list | tuple) and listed else [content], tuple(around)


def _opened(state: object, around: tuple[str, ...], where: str) -> Opened:
    """A network of a list, which may again be wrapped; in a list inside, it is the first."""
    states, more = _unwrapped(state, where, None)
    if states[0] is not state:
        return _opened(states[0], (*around, *more), where)
    return _bare(_named(state, where), [*around, *more], where)


def short(name: object) -> str:
    """A name of a file as it can stand in a message."""
    return shortened(str(name), LONGEST_VALUE)


def _wrapper(content: Mapping[object, object], where: str) -> str | None:
    found = [key for key in ENTRIES if _holds_weights(content.get(key), DEPTH)]
    if len(found) > 1:
        raise SpecError(
            "the file holds several sets of weights", where=where, expected="--entry " + " or --entry ".join(found)
        )
    return found[0] if found else None


def _holds_weights(content: object, depth: int, known: dict[tuple[int, int], bool] | None = None) -> bool:
    """Whether there are weights in it; what stands in many places of a file is looked into once."""
    known = {} if known is None else known
    place = id(content), depth
    if place not in known:
        known[place] = _looked_into(content, depth, known)
    return known[place]


def _looked_into(content: object, depth: int, known: dict[tuple[int, int], bool]) -> bool:
    if isinstance(content, list | tuple):
        return bool(content) and depth > 0 and all(_holds_weights(each, depth - 1, known) for each in content)
    if not isinstance(content, Mapping) or not content or not depth:
        return False
    return _is_state(content) or any(_holds_weights(content.get(key), depth - 1, known) for key in ENTRIES)


def _is_state(content: Mapping[object, object]) -> bool:
    return all(isinstance(value, Tensor) for value in content.values())


def _one(states: Sequence[object], where: str, network: int | None) -> object:
    if network is None and len(states) == 1:
        network = 0
    if network is None or not 0 <= network < len(states):
        raise SpecError(
            "the file holds several networks" if network is None else "the file has no such network",
            where=where,
            expected=f"--network 0 to {len(states) - 1}",
            got="" if network is None else str(network),
            do="--cascade takes all of them" if network is None else "",
        )
    return states[network]


def _named(state: object, where: str) -> Weights:
    items = list(state.items()) if isinstance(state, Mapping) else []
    tensors = {str(name): value for name, value in items if isinstance(value, Tensor)}
    if not tensors or len(tensors) < len(items):
        raise ArtifactError(
            "is no file of weights",
            where=where,
            expected=f"a state_dict: names to tensors, alone or as {', '.join(ENTRIES)}",
            got=_listed(state),
            do="where one of these holds the weights, name it with --entry" if len(items) > len(tensors) else "",
        )
    return tensors


def _listed(content: object) -> str:
    """The entries of a container, or what else it is."""
    if not isinstance(content, Mapping):
        return type(content).__name__
    names = [f"{short(name)} ({type(value).__name__})" for name, value in list(content.items())[:6]]
    more = f" and {len(content) - 6:,} more" if len(content) > 6 else ""
    return f"entries {', '.join(names)}{more}" if names else "no entries"


def _bare(state: Weights, around: list[str], where: str) -> Opened:
    passed_over = [name for name in state if name.endswith(COUNTERS)]
    tensors, prefixes = _stripped({name: tensor for name, tensor in state.items() if name not in passed_over})
    normalization: Weights = {}
    if all(name in tensors for name in STATISTICS):
        others = {name: tensor for name, tensor in tensors.items() if name not in STATISTICS}
        network = {name: tensor for name, tensor in others.items() if not name.startswith(RELEASE)}
        if all(name.startswith(OWN) for name in network):
            normalization = {name: tensors[name] for name in STATISTICS}
            passed_over += [name for name in others if name not in network]
            tensors, more = _stripped(network)
            prefixes += more
    if len(tensors) + len(normalization) + len(passed_over) != len(state):
        raise SpecError("two tensors have one name but for what trainers add", where=where, got=", ".join(prefixes))
    return Opened(tensors, normalization, (*around, *prefixes), tuple(passed_over))


def _stripped(tensors: Weights) -> tuple[Weights, list[str]]:
    """Without what all names begin with, and what compilation put into them; what was taken away."""
    taken = []
    if any(COMPILED in name for name in tensors):
        taken = [COMPILED]
        tensors = {name.replace(COMPILED, ""): tensor for name, tensor in tensors.items()}
    while prefix := next((each for each in PREFIXES if tensors and all(n.startswith(each) for n in tensors)), None):
        taken.append(prefix)
        tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return tensors, taken
