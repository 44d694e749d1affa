"""Which tensor of a file is which of a network: by name, or by the places and shapes of the layers."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

from distillab.core.errors import SpecError
from distillab.models.wrappers import short

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]
"""Shapes by name, in the order of the file or of the network's modules."""

LayerShapes = dict[str, dict[str, Shape]]
"""Shapes by part (weight, bias, running_mean) by layer, in the order of the layers' first tensors."""

CHOOSE = "choose its architecture"

BRANCH = re.compile(r"(.*)Ws\.\d+")
"""A layer of a sum in locuslab/convex_adversarial: it takes earlier values first, and the value just before it last."""


@dataclass(frozen=True)
class Match:
    """The file's name of each of the network's tensors, and how it was found."""

    names: dict[str, str]
    by: Literal["name", "place and shape"]

    @property
    def layers(self) -> dict[str, str]:
        """The file's layer for each of the network's."""
        return {_split(ours)[0]: _split(theirs)[0] for ours, theirs in self.names.items()}


def match(ours: Shapes, theirs: Shapes, where: str) -> Match:
    """Each tensor's counterpart: the one of its name if all names agree, else the same part of the layer in its place.

    A file whose names are sorted has lost the order of its layers; those of the same shapes then need names that
    number them.

    Raises:
        SpecError: a tensor has no counterpart or another shape, or the layers' order is not known.
    """
    if ours.keys() != theirs.keys():
        names = _by_place(ours, theirs, where)
        return Match(names, "place and shape")
    for name, shape in ours.items():
        _refuse_shape(ours, (name, shape), (name, theirs[name]), where)
    return Match({name: name for name in ours}, "name")


def _by_place(ours: Shapes, theirs: Shapes, where: str) -> dict[str, str]:
    if len(ours) != len(theirs) and 2 * len(ours.keys() & theirs.keys()) > len(ours):
        _refuse_other_names(ours, theirs, where)
    mine, lost = _layers(ours), list(theirs) == sorted(theirs)
    found = _nearest_first(
        _layers(dict(sorted(theirs.items(), key=lambda item: _numbered(item[0]))) if lost else theirs)
    )
    places = (_places_by_shape(mine, found) if lost else {}) or dict(zip(mine, found, strict=False))
    names = {}
    for layer, place in places.items():
        for part in mine[layer] | found[place]:
            one, other = _joined(layer, part), _joined(place, part)
            if part not in mine[layer] or part not in found[place]:
                raise _another(where, _parts(mine[layer], layer), _parts(found[place], place))
            _refuse_shape(ours, (one, mine[layer][part]), (other, found[place][part]), where)
            names[one] = other
    if len(mine) != len(found):
        raise _another(where, f"{len(ours)} tensors", f"{len(theirs)}")
    _refuse_ambiguity(found, lost=lost, where=where)
    for one, other in names.items():
        if one in theirs and one != other and re.search("[a-z]", _split(one)[0]):
            raise _unknown(where, one, other)
    return {name: names[name] for name in ours}


def _refuse_other_names(ours: Shapes, theirs: Shapes, where: str) -> None:
    for name, shape in ours.items():
        if name not in theirs:
            raise _another(where, f"{shape} for {name}", "no such tensor")
    extra = next(name for name in theirs if name not in ours)
    raise _another(where, f"{len(ours)} tensors", f"{len(theirs)}, {short(extra)} among them")


def _refuse_shape(ours: Shapes, mine: tuple[str, Shape], other: tuple[str, Shape], where: str) -> None:
    """Where only channels or classes differ, it says so."""
    (name, shape), (their_name, their_shape) = mine, other
    if shape == their_shape:
        return
    found = f"{their_shape} in {short(their_name)}"
    if name == next(iter(ours)) and len(shape) == len(their_shape) == 4:
        if shape[1] != their_shape[1] and (shape[0], shape[2:]) == (their_shape[0], their_shape[2:]):
            raise _another(where, f"{shape[1]} input channels", f"{their_shape[1]} input channels: {found}")
        if shape[:2] == their_shape[:2]:
            raise _another(where, f"{shape} for {name}", found, do=f"{CHOOSE}, or the one with the same first layer")
    if _split(name)[0] == _split(list(ours)[-1])[0] and their_shape and shape[1:] == their_shape[1:]:
        raise _another(where, f"{shape[0]} classes", f"{their_shape[0]} classes: {found}", do="choose its data set")
    raise _another(where, f"{shape} for {name}", found)


def _refuse_ambiguity(layers: LayerShapes, *, lost: bool, where: str) -> None:
    """LayerShapes of the same shapes, whose order is against their numbers, or was lost and has no numbers."""
    for alike in _alike(layers).values():
        for one, other in pairwise(alike):
            order = _order(one, other)
            if order is False or (lost and order is None):
                raise _unknown(where, one, other)


def _places_by_shape(mine: LayerShapes, found: LayerShapes) -> dict[str, str]:
    """The layers of each kind in their order; nothing where there are not as many of each kind."""
    ours, theirs = _alike(mine), _alike(found)
    if {kind: len(layers) for kind, layers in ours.items()} != {kind: len(each) for kind, each in theirs.items()}:
        return {}
    return {one: other for kind, layers in ours.items() for one, other in zip(layers, theirs[kind], strict=True)}


def _alike(layers: LayerShapes) -> dict[object, list[str]]:
    groups: dict[object, list[str]] = defaultdict(list)
    for layer, parts in layers.items():
        groups[frozenset(parts.items())].append(layer)
    return groups


def _layers(shapes: Shapes) -> LayerShapes:
    layers: LayerShapes = defaultdict(dict)
    for name, shape in shapes.items():
        layer, part = _split(name)
        layers[layer][part] = shape
    return dict(layers)


def _nearest_first(layers: LayerShapes) -> LayerShapes:
    """The layers, those of a sum in the order of ours: the branch that goes on before the one that skips."""

    def place(layer: str) -> str:
        branch = BRANCH.fullmatch(layer)
        return branch[1] if branch else layer

    groups = (list(group) for _, group in groupby(layers, key=place))
    return {layer: layers[layer] for group in groups for layer in reversed(group)}


def _order(one: str, other: str) -> bool | None:
    """Whether the numbers in two names say that ``one`` comes first; None where words tell the names apart."""
    for a, b in zip(one.split("."), other.split("."), strict=False):
        if a != b:
            (word, number), (other_word, other_number) = _numbers(a)[0], _numbers(b)[0]
            return number < other_number if word == other_word and number != other_number else None
    return None


def _numbered(name: str) -> list[list[tuple[str, int]]]:
    return [_numbers(part) for part in name.split(".")]


def _numbers(text: str) -> list[tuple[str, int]]:
    """Words, each with the number after it."""
    return [(word, int(digits or -1)) for word, digits in re.findall(r"(\D*)(\d{0,9})", text)]


def _parts(parts: Mapping[str, Shape], layer: str) -> str:
    return f"{', '.join(short(part) for part in list(parts)[:6])} in {short(layer)}"


def _split(name: str) -> tuple[str, str]:
    layer, _, part = name.rpartition(".")
    return layer, part


def _joined(layer: str, part: str) -> str:
    return f"{layer}.{part}" if layer else part


def _another(where: str, expected: str, got: str, do: str = CHOOSE) -> SpecError:
    return SpecError("the file holds another network", where=where, expected=expected, got=got, do=do)


def _unknown(where: str, one: str, other: str) -> SpecError:
    return SpecError(
        "the order of the file's layers is not known",
        where=where,
        expected="the architecture's own names, or layers in the order of the network",
        got=f"{short(one)} and {short(other)}, which could change places",
        do="rename them, or save model.state_dict() itself",
    )
