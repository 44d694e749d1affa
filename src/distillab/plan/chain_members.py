"""The members of distillation chains: each step's weights, and the soft labels that the next one learns from."""

from distillab.core.identity import ModelIdentity
from distillab.params.chains import ChainParams
from distillab.params.root import Params
from distillab.plan.members import DATA, Roster
from distillab.plan.pairs import teacher_of
from distillab.plan.seeds import seeds_of
from distillab.specs.augment import AugmentSpec
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
    return seeds_of(params, chain.teacher_defense, robbed=False) if chain.teacher_defense else params.seeds


def step_of(params: Params, key: str, temperature: float, step: int, seed: int) -> ModelIdentity:
    """A step that a chain trains."""
    chain, first = params.chains[key], params.pairs[0].teacher
    defense = chain.teacher_defense
    start = teacher_of(params, defense, chain.network(0, first).name, seed) if defense else None
    return ModelIdentity(
        role="chain",
        arch=chain.network(step, first).name,
        seed=seed,
        defense=start.defense if start else "",
        teacher=start.name if start else "",
        chain=key,
        temperature=temperature,
        step=step,
    )


def _add_step(roster: Roster, key: str, temperature: float, step: int, seed: int) -> list[str]:
    """What the step trains: nothing where it is a defended teacher, which is a member already."""
    params, chain = roster.params, roster.params.chains[key]
    network = chain.network(step, params.pairs[0].teacher)
    if step == 0 and chain.teacher_defense:
        trained, model = [], teacher_of(params, chain.teacher_defense, network.name, seed).member_id
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
        parents["soft_labels"] = f"{step_of(params, key, temperature, step - 1, seed).member_id}-labels"
    if chain.init == "common_warm":
        parents["warm"] = _add_warm_start(roster, key, chain, network, seed)
    return roster.add_model(
        "distill",
        step_of(params, key, temperature, step, seed),
        # no augmentation: soft labels belong to the images they were computed on
        {"model": network, "train": recipe, "augment": AugmentSpec()},
        facts={"part": "weights", "temperature": temperature, "step": step},
        axes={"part": "weights"},
        parents=parents,
        threads=recipe.threads,
    )


def _add_labels(roster: Roster, key: str, temperature: float, step: int, model: str) -> None:
    teacher = roster.members[model]
    named = step_of(roster.params, key, temperature, step, teacher.seed)
    roster.add(
        "distill",
        f"{named.member_id}-labels",
        named.axes | {"part": "labels"},
        {},
        facts={"part": "labels", "temperature": temperature},
        parents=DATA | {"model": model},
        seed=teacher.seed,
        threads=teacher.threads,
    )


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
