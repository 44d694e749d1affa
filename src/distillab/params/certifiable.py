"""What a study of certificates cannot do, found before anything is trained: networks with layers it does not know."""

from collections.abc import Iterator

from distillab.certify.trace import trace
from distillab.core.errors import SpecError
from distillab.models.untrained import untrained
from distillab.params.root import Params
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import ModelSpec


def uncertifiable(params: Params) -> Iterator[str]:
    """One line per reason; nothing where no chosen study shows certificates."""
    studies = params.studies_that_show("certify")
    if not studies:
        return
    wanted = params.certification
    if not wanted.certifiers:
        named = " and ".join(studies)
        yield f"certification.certifiers: the study {named} needs at least one; add one, or take it out of studies"
    for key, certifier in wanted.certifiers.items():
        if certifier.norm not in certifier.norms:
            yield (
                f"certification.certifiers.{key}.norm: expected {' or '.join(certifier.norms)} for {certifier.name}; "
                f"got {certifier.norm!r}"
            )
    for key in wanted.defenses:
        if key not in params.rows:
            yield f"certification.defenses: expected some of {', '.join(params.rows)}; got {key!r}"
    for network in _networks(params):
        if not network.misfit(params.data.facts.shape):
            yield from _unknown_layers(params, network)


def _networks(params: Params) -> list[ModelSpec]:
    """The networks of the models that are certified."""
    chosen = [d for key, d in params.defenses.items() if key in (params.certification.defenses or params.defenses)]
    trained = [defense for defense in chosen if not isinstance(defense, PostHocDefense)]
    teachers = [p.teacher for p in params.pairs if any(defense.protects(p.teacher.name) for defense in trained)]
    students = [pair.student for pair in params.pairs]
    by_family = {
        "teachers": teachers,
        "students": students,
        "knockoffs": students,
        "chains": [
            chain.network(step, params.pairs[0].teacher)
            for chain in params.chosen_chains.values()
            for step in range(chain.steps + 1)
        ],
    }
    certified = [family for family in params.certification.families if family in params.families]
    return list({network.name: network for family in certified for network in by_family[family]}.values())


def _unknown_layers(params: Params, network: ModelSpec) -> Iterator[str]:
    facts = params.data.facts
    try:
        trace(untrained(network, facts.shape, facts.classes).eval(), facts.shape)
    except SpecError as error:
        yield f"certification: {network.name} cannot be certified: {error}"
