"""Combinations that types cannot rule out, checked before any job exists."""

from collections.abc import Iterator

from distillab.core.stages import BATCHABLE
from distillab.defenses.snt import SemanticNastyTeacher
from distillab.params.brought_checks import impossible_models
from distillab.params.certifiable import uncertifiable
from distillab.params.chains import ChainParams
from distillab.params.radius_checks import too_wide
from distillab.params.root import Params
from distillab.params.thief_checks import impossible_thieves
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import ModelSpec
from distillab.studies import STUDIES


def impossible(params: Params) -> list[str]:
    """One line per impossible combination; empty where there is none."""
    return [f"params: {line}" for line in _lines(params)]


def _lines(params: Params) -> Iterator[str]:
    for position, pair in enumerate(params.pairs):
        for role, network in (("teacher", pair.teacher), ("student", pair.student)):
            yield from _misfit(params, f"pairs[{position}].{role}", network)
    for key, chain in params.chains.items():
        for position, network in enumerate(chain.networks):
            yield from _misfit(params, f"chains.{key}.networks[{position}]", network)
    yield from _chains(params)
    yield from _duplicates(params)
    yield from _missing_needs(params)
    yield from impossible_models(params)
    yield from _missing_vectors(params)
    yield from _undecidable(params)
    yield from _unknown_headline(params)
    yield from impossible_thieves(params)
    yield from _unknown_transfer(params)
    yield from _unknown_axes(params)
    yield from too_wide(params)
    yield from uncertifiable(params)
    yield from _too_few_images(params)


def _misfit(params: Params, path: str, network: ModelSpec) -> Iterator[str]:
    facts = params.data.facts
    wanted = network.misfit(facts.shape)
    if wanted:
        channels, height, width = facts.shape
        yield (
            f"{path}: {network.name} does not fit {facts.title}; expected {wanted}; "
            f"got {channels}x{height}x{width} images; choose another network or data set"
        )


def _duplicates(params: Params) -> Iterator[str]:
    if len(set(params.seeds)) != len(params.seeds):
        yield f"seeds: expected distinct seeds; got {list(params.seeds)}"
    by_name: dict[str, ModelSpec] = {}
    for pair in params.pairs:
        for network in (pair.teacher, pair.student):
            if by_name.setdefault(network.name, network) != network:
                yield f"pairs: {network.name} appears with different settings; expected one form of it"


def _chains(params: Params) -> Iterator[str]:
    for study in params.studies:
        needs = "chains" in STUDIES[study].families and not STUDIES[study].defended_chains
        if needs and not any(study in chain.studies for chain in params.chains.values()):
            yield f"chains: the study {study} needs at least one; add one, or take {study} out of studies"
    for key, chain in params.chains.items():
        yield from _first_teacher(params, key, chain)
        if len(chain.networks) > chain.steps + 1:
            yield (
                f"chains.{key}.networks: expected at most one for each of the {chain.steps + 1} steps, the teacher's "
                f"included; got {len(chain.networks)}; raise steps or drop networks"
            )
        if len(set(chain.temperatures)) != len(chain.temperatures):
            yield f"chains.{key}.temperatures: expected distinct values; got {list(chain.temperatures)}"


def _first_teacher(params: Params, key: str, chain: ChainParams) -> Iterator[str]:
    """A chain's defended teacher must be one that is trained anyway."""
    if chain.teacher_defense is None:
        return
    where, defense = f"chains.{key}.teacher_defense", params.defenses.get(chain.teacher_defense)
    first = chain.network(0, params.pairs[0].teacher)
    if defense is None:
        own = "a model from elsewhere: chains start from teachers that are trained here; "
        why = own if chain.teacher_defense in params.models else ""
        yield f"{where}: {why}expected one of {', '.join(params.defenses)}; got {chain.teacher_defense!r}"
    elif isinstance(defense, PostHocDefense):
        yield f"{where}: {chain.teacher_defense} protects outputs, its weights are those of ce; expected another"
    elif first not in [pair.teacher for pair in params.pairs if defense.protects(pair.teacher.name)]:
        yield (
            f"{where}: no teacher of network {first.name} has the defense {chain.teacher_defense}; "
            f"name a teacher's network first in chains.{key}.networks"
        )


def _missing_needs(params: Params) -> Iterator[str]:
    for key, defense in params.defenses.items():
        models = params.models if isinstance(defense, PostHocDefense) else {}
        for need in defense.needs:
            if need not in params.defenses and need not in models:
                yield f"defenses.{key}: starts from teachers of {need!r}; add defenses.{need}"
            elif isinstance(params.rows[need], PostHocDefense):
                yield f"defenses.{key}.base: {need} protects outputs itself; expected a defense that is trained"
        if _needs_itself(params, key):
            yield f"defenses.{key}.after: leads back to {key!r}; the first network of a cascade has no after"


def _needs_itself(params: Params, key: str) -> bool:
    reached: set[str] = set()
    new = set(params.defenses[key].needs)
    while new:
        reached |= new
        new = {need for name in new & params.defenses.keys() for need in params.defenses[name].needs} - reached
    return key in reached


def _missing_vectors(params: Params) -> Iterator[str]:
    for key, defense in params.defenses.items():
        if isinstance(defense, SemanticNastyTeacher) and defense.vectors and not defense.vectors.is_file():
            yield (
                f"defenses.{key}.vectors: no such file: {defense.vectors}; put it there, or leave vectors and "
                "vectors_sha256 out: classes are then alike whose mean images are"
            )


def _unknown_transfer(params: Params) -> Iterator[str]:
    for key in params.robustness.transfer:
        if key not in params.robustness.attacks:
            yield f"robustness.transfer: expected some of {', '.join(params.robustness.attacks)}; got {key!r}"


def _unknown_headline(params: Params) -> Iterator[str]:
    headline = params.headline
    for field, keys, methods in (
        ("thieves", headline.thieves if headline.seeds else (), list(params.thieves)),
        ("defenses", headline.defenses, list(params.rows)),
        ("attacks", headline.attacks, list(params.knockoff.attacks)),
    ):
        for key in keys:
            if key not in methods:
                yield f"headline.{field}: expected some of {', '.join(methods)}; got {key!r}"


def _undecidable(params: Params) -> Iterator[str]:
    if params.knockoff.trials and params.data.val == 0:
        yield f"knockoff.trials: {params.knockoff.trials} to choose from, but data.val is 0; expected validation images"
    if params.knockoff.trials and params.data.refit:
        yield "knockoff.trials: their choice needs images that are held out to the end; take out data.refit"
    if params.data.refit and params.data.val == 0:
        yield "data.refit: no image is held out; expected data.val above 0, or no refit"
    if len(params.knockoff.label_smoothing) > 1 and params.data.val == 0:
        yield (
            f"knockoff.label_smoothing: {len(params.knockoff.label_smoothing)} values to choose from, but data.val "
            "is 0; expected validation images to choose on, or one value"
        )


def _unknown_axes(params: Params) -> Iterator[str]:
    for stage, axes in params.batch.items():
        for axis in axes:
            if axis not in BATCHABLE[stage]:
                yield f"batch.{stage}: expected some of {', '.join(BATCHABLE[stage])}; got {axis!r}"


def _too_few_images(params: Params) -> Iterator[str]:
    facts, available = params.data.facts, params.data.facts.train
    if available is not None and params.data.val >= available:
        yield f"data.val: expected fewer than the {available} training images of {facts.title}; got {params.data.val}"
