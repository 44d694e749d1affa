"""The members of distillation chains: each step's weights, and the soft labels that the next one learns from."""

from distillab.plan.chains import ChainParams
from distillab.plan.members import DATA, Roster
from distillab.specs.data import AugmentSpec
from distillab.specs.model import ModelSpec


def add_chains(roster: Roster) -> list[str]:
    """The weights of every step of every chain; steps that another one learns from have soft labels beside them."""
    return [
        _add_step(roster, key, temperature, step, seed)
        for key, chain in roster.params.chains.items()
        for temperature, step, seed in chain.links(roster.params.seeds)
    ]


def chain_name(key: str, temperature: float, step: int) -> str:
    """Flat id of a step without its seed."""
    return f"{key}-T{temperature:g}-step{step}"


def _add_step(roster: Roster, key: str, temperature: float, step: int, seed: int) -> str:
    params, chain = roster.params, roster.params.chains[key]
    network = chain.network(step, params.pairs[0].teacher)
    recipe = chain.recipe(temperature, params.train)
    member_id = f"{chain_name(key, temperature, step)}-s{seed}"
    axes = {"chain": key, "temperature": f"{temperature:g}", "step": str(step), "seed": str(seed)}
    parents = dict(DATA)
    if step:
        parents["soft_labels"] = f"{chain_name(key, temperature, step - 1)}-s{seed}-labels"
    if chain.init == "common_warm":
        parents["warm"] = _add_warm_start(roster, key, chain, network, seed)
    roster.add(
        "distill",
        member_id,
        axes | {"part": "weights"},
        # no augmentation: soft labels belong to the images they were computed on
        {"model": network, "train": recipe, "augment": AugmentSpec()},
        facts={"part": "weights", "temperature": temperature, "step": step},
        parents=parents,
        seed=seed,
        threads=recipe.threads,
    )
    if step < chain.steps and seed in chain.seeds(step + 1, params.seeds):
        roster.add(
            "distill",
            f"{member_id}-labels",
            axes | {"part": "labels"},
            {},
            facts={"part": "labels", "temperature": temperature},
            parents=DATA | {"model": member_id},
            seed=seed,
            threads=recipe.threads,
        )
    return member_id


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
