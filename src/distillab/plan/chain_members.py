"""The members of distillation chains: each step's weights, and the soft labels that the next one learns from."""

from distillab.plan.chains import ChainParams
from distillab.plan.knockoff_matrix import seeds_of, teacher_name
from distillab.plan.members import DATA, Roster
from distillab.plan.params import Params
from distillab.specs.data import AugmentSpec
from distillab.specs.model import ModelSpec


def add_chains(roster: Roster) -> list[str]:
    """The weights of every step that a chain trains; beside each step that another one learns from, its soft labels."""
    return [
        trained
        for key, chain in roster.params.chosen_chains.items()
        for temperature, step, seed in chain.links(chain_seeds(roster.params, chain))
        for trained in _add_step(roster, key, temperature, step, seed)
    ]


def chain_seeds(params: Params, chain: ChainParams) -> tuple[int, ...]:
    """The run's seeds, or those of the defended teacher that a chain starts from."""
    return seeds_of(params, chain.teacher_defense, headline=False) if chain.teacher_defense else params.seeds


def chain_name(key: str, temperature: float, step: int) -> str:
    """Flat id of a step without its seed."""
    return f"{key}-T{temperature:g}-step{step}"


def _add_step(roster: Roster, key: str, temperature: float, step: int, seed: int) -> list[str]:
    """What the step trains: nothing where it is a defended teacher, which is a member already."""
    params, chain = roster.params, roster.params.chains[key]
    network = chain.network(step, params.pairs[0].teacher)
    if step == 0 and chain.teacher_defense:
        trained, model = [], f"{teacher_name(chain.teacher_defense, network)}-s{seed}"
    else:
        model = _add_weights(roster, key, temperature, step, seed)
        trained = [model]
    if step < chain.steps and seed in chain.seeds(step + 1, chain_seeds(params, chain)):
        _add_labels(roster, key, temperature, step, model)
    return trained


def _add_weights(roster: Roster, key: str, temperature: float, step: int, seed: int) -> str:
    params, chain = roster.params, roster.params.chains[key]
    network = chain.network(step, params.pairs[0].teacher)
    recipe = chain.recipe(temperature, params.train)
    parents = dict(DATA)
    if step:
        parents["soft_labels"] = f"{chain_name(key, temperature, step - 1)}-s{seed}-labels"
    if chain.init == "common_warm":
        parents["warm"] = _add_warm_start(roster, key, chain, network, seed)
    return roster.add(
        "distill",
        f"{chain_name(key, temperature, step)}-s{seed}",
        _axes(key, temperature, step, seed) | {"part": "weights"},
        # no augmentation: soft labels belong to the images they were computed on
        {"model": network, "train": recipe, "augment": AugmentSpec()},
        facts={"part": "weights", "temperature": temperature, "step": step},
        parents=parents,
        seed=seed,
        threads=recipe.threads,
    )


def _add_labels(roster: Roster, key: str, temperature: float, step: int, model: str) -> None:
    teacher = roster.members[model]
    roster.add(
        "distill",
        f"{chain_name(key, temperature, step)}-s{teacher.seed}-labels",
        _axes(key, temperature, step, teacher.seed) | {"part": "labels"},
        {},
        facts={"part": "labels", "temperature": temperature},
        parents=DATA | {"model": model},
        seed=teacher.seed,
        threads=teacher.threads,
    )


def _axes(key: str, temperature: float, step: int, seed: int) -> dict[str, str]:
    return {"chain": key, "temperature": f"{temperature:g}", "step": str(step), "seed": str(seed)}


def _add_warm_start(roster: Roster, key: str, chain: ChainParams, network: ModelSpec, seed: int) -> str:
    recipe = (chain.train or roster.params.train).model_copy(update={"epochs": 1})
    return roster.add(
        "warm",
        f"{key}-warm-{network.name}-s{seed}",
        {},
        {"model": network, "train": recipe, "augment": AugmentSpec()},
        parents=DATA,
        seed=seed,
        threads=recipe.threads,
        stored_only=True,
    )
