"""Which seeds a cell of the knockoff matrix, its controls and its teachers have."""

from collections.abc import Iterable
from itertools import count, islice

from distillab.params.root import Params


def cell_seeds(params: Params, thief: str, defense: str, attack: str) -> tuple[int, ...]:
    """The seeds of one cell: its thief's, the headline's too, and those that were added because it was open."""
    headline = params.headline
    further = thief in headline.thieves and defense in headline.defenses and attack in headline.attacks
    own = base_seeds(params, thief)
    added = params.decide.asked.get(thief, {}).get(defense, {}).get(attack, 0)
    found = dict.fromkeys((*own, *(headline.seeds if further else ()), *_first(params, added)))
    return _afforded(params, defense, found)


def base_seeds(params: Params, thief: str) -> tuple[int, ...]:
    """The seeds that a thief's cells have before any is added to an open one."""
    return _first(params, params.all_thieves[thief].seeds)


def control_seeds(params: Params, thief: str) -> tuple[int, ...]:
    """The seeds of a thief's controls: those of all its cells, and more where they are asked for."""
    cells = [seed for cell in cells_of(params, thief) for seed in cell_seeds(params, thief, *cell)]
    return tuple(dict.fromkeys((*base_control_seeds(params, thief), *cells)))


def base_control_seeds(params: Params, thief: str) -> tuple[int, ...]:
    """The seeds that a thief's controls have before any is added to an open cell."""
    further = params.headline.seeds if thief in params.headline.thieves else ()
    more = _first(params, params.all_thieves[thief].control_seeds or 0)
    return tuple(dict.fromkeys((*base_seeds(params, thief), *further, *more)))


def cells_of(params: Params, thief: str) -> list[tuple[str, str]]:
    """Defense and attack of each cell that a thief fills, in the order of the parameters."""
    wanted = params.all_thieves[thief]
    if wanted.queries == "none":
        return []
    return [
        (defense, attack)
        for defense in params.rows
        if not wanted.defenses or defense in wanted.defenses
        for attack in params.knockoff.attacks
        if not wanted.attacks or attack in wanted.attacks
    ]


def teacher_seeds(params: Params, key: str) -> tuple[int, ...]:
    """The seeds of a row's teachers: its own, and those of the defenses that start from it.

    The first of the run alone where they give the answers of a network from elsewhere, of which there is one.
    """
    if params.brought(key):
        return params.seeds[:1]
    users = [name for name in params.defenses if key in (name, *all_needs(params, name))]
    return tuple(dict.fromkeys(seed for name in (key, *users) for seed in seeds_of(params, name)))


def teacher_seed(params: Params, key: str, seed: int) -> int:
    """Whose teacher a knockoff of ``seed`` learns from."""
    return params.seeds[0] if params.brought(key) else seed


def seeds_of(params: Params, defense: str, *, robbed: bool = True) -> tuple[int, ...]:
    """The seeds of a defense: the run's, and those of the thieves who rob it; or as many as it asks for."""
    own = list(params.seeds)
    if robbed and "knockoffs" in params.families:
        for thief in params.thieves:
            cells = [attack for name, attack in cells_of(params, thief) if name == defense]
            own += [seed for attack in cells for seed in cell_seeds(params, thief, defense, attack)]
    return _afforded(params, defense, dict.fromkeys(own))


def all_needs(params: Params, key: str) -> tuple[str, ...]:
    """The defenses that one starts from, and those that they start from, the first to be trained first."""
    direct = params.rows[key].needs
    return tuple(dict.fromkeys(name for need in direct for name in (*all_needs(params, need), need)))


def _afforded(params: Params, defense: str, seeds: Iterable[int]) -> tuple[int, ...]:
    """Those of the seeds that a defense has, which may spend the first few only."""
    few = params.rows[defense].seeds
    return tuple(seed for seed in seeds if few is None or seed in _first(params, few))


def _first(params: Params, seeds: int | None) -> tuple[int, ...]:
    """The first seeds of the run, of the headline, and of all others; the run's alone if no number is given."""
    if seeds is None:
        return params.seeds
    listed = dict.fromkeys((*params.seeds, *params.headline.seeds))
    others = (seed for seed in count() if seed not in listed)
    return tuple(islice((*listed, *islice(others, max(0, seeds - len(listed)))), seeds))
