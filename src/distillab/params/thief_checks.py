"""What cannot be of thieves, checked before any job exists."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from distillab.core.identity import PAPER
from distillab.params.root import Params
from distillab.params.thieves import Thief
from distillab.specs.data import DataSpec


def impossible_thieves(params: Params) -> Iterator[str]:
    """One line per thief and field that cannot be."""
    for key, thief in params.thieves.items():
        yield from _means(params, f"thieves.{key}", thief)
        yield from _unknown(f"thieves.{key}.defenses", thief.defenses, params.rows)
        yield from _unknown(f"thieves.{key}.attacks", thief.attacks, params.knockoff.attacks)
    if PAPER in params.thieves and params.thieves[PAPER].own:
        yield f"thieves.{PAPER}: expected the papers' means; got {params.thieves[PAPER].own}; give yours another name"
    yield from _too_many(params)
    yield from _beyond_budgets(params)
    yield from _looks(params)


def _means(params: Params, where: str, thief: Thief) -> Iterator[str]:
    if thief.queries == "other_data" and thief.data is None:
        yield f"{where}.data: expected a data set, as other_data is asked about; got none; name one"
    if thief.data and thief.queries != "other_data":
        yield f"{where}.queries: expected other_data, as data names one; got {thief.queries!r}; or take data out"
    if thief.labels != "all" and thief.label_smoothing is None:
        yield (
            f"{where}.label_smoothing: expected a value, as {thief.labels} labels leave none to choose it on; "
            "say what was fixed beforehand, such as 0.1"
        )
    if thief.data and _pixels(thief.data) != _pixels(params.data):
        yield f"{where}.data: expected images of {_pixels(params.data)}; got {_pixels(thief.data)}; choose others"
    if thief.data and (thief.data.streaming or params.data.streaming):
        yield f"{where}.data: expected data sets that fit in memory; choose others"


def _pixels(data: DataSpec) -> str:
    return f"shape {data.facts.shape} with {data.facts.levels} levels"


def _unknown(where: str, keys: tuple[str, ...], methods: Mapping[str, object]) -> Iterator[str]:
    for key in keys:
        if key not in methods:
            yield f"{where}: expected some of {', '.join(methods)}; got {key!r}"


def _too_many(params: Params) -> Iterator[str]:
    """More labels than there are images to train on, as far as that is known."""
    published, limit = params.data.facts.train, params.data.train_limit
    trained_on = None if published is None else published - (0 if params.data.refit else params.data.val)
    known = [count for count in (trained_on, limit) if count is not None]
    for key, thief in params.all_thieves.items():
        if known and thief.labels != "all" and thief.labels > min(known):
            curve = key not in params.thieves
            where = "label_curve.labels" if curve else f"thieves.{key}.labels"
            yield f"{where}: expected at most the {min(known)} training images; got {thief.labels}; or say all"


def _beyond_budgets(params: Params) -> Iterator[str]:
    """Attacks that would ask about more images than a thief has."""
    for key, thief in params.thieves.items():
        if thief.labels == "all" or thief.queries != "labeled":
            continue
        for name in [name for name in params.knockoff.attacks if not thief.attacks or name in thief.attacks]:
            budget = getattr(params.knockoff.attacks[name], "budget", None) or 0
            if budget > thief.labels:
                yield (
                    f"thieves.{key}.attacks: {name} asks about {budget} images; expected at most the {thief.labels} "
                    "labeled ones; name other attacks, or let it ask about more"
                )


def _looks(params: Params) -> Iterator[str]:
    looks = params.decide.looks
    if any(low >= high for low, high in pairwise(looks)):
        yield f"decide.looks: expected increasing numbers of seeds; got {list(looks)}"
    for thief, defenses in params.decide.asked.items():
        yield from _unknown("decide.asked", (thief,), params.thieves)
        yield from _unknown(f"decide.asked.{thief}", tuple(defenses), params.rows)
        for defense, attacks in defenses.items():
            yield from _unknown(f"decide.asked.{thief}.{defense}", tuple(attacks), params.knockoff.attacks)
