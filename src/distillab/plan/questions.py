"""What is asked of each network: its answers, its sensitivity, attacks, certificates."""

from typing import Any

from distillab.core.identity import PAPER, Family, ModelIdentity
from distillab.core.job import Member
from distillab.params.root import Params
from distillab.plan.abilities import unable
from distillab.plan.members import DATA, Roster
from distillab.specs.base import Spec
from distillab.specs.defense import PostHocDefense


def add_questions(roster: Roster, family: Family, model: str) -> list[str]:
    """Everything that is measured on one model: predictions, sensitivity, attacks, certificates."""
    params, own = roster.params, roster.model(model)
    asked = [add_measure(roster, family, model)]
    if is_asked_elsewhere(params, own):
        return asked
    judged = _judged_as(params, family, own)
    if judged in params.sensitivity.families and not unable(params, own, "sensitivity"):
        asked.append(add_sensitivity(roster, family, model))
    for key, attack in params.robustness.attacks.items():
        if attack.needs == "gradients" and unable(params, own, "attack"):
            continue
        if judged in (attack.families or params.robustness.families):
            views = logits_of(roster.members[model]) if attack.rescaled else ("raw",)
            asked += [add_attack(roster, family, model, key, logits) for logits in views]
        if key in params.robustness.transfer and family == "teachers":
            sources = sources_of(roster, model)
            asked += [add_attack(roster, family, model, key, name, source=source) for name, source in sources.items()]
    if is_certified(params, family, own):
        asked += [add_certificates(roster, family, model, key) for key in params.certification.certifiers]
    return asked


def is_certified(params: Params, family: Family, model: ModelIdentity) -> bool:
    """Whether a model is certified: that is asked for, and it can be."""
    return is_to_be_certified(params, family, model) and not unable(params, model, "certify")


def is_to_be_certified(params: Params, family: Family, model: ModelIdentity) -> bool:
    """Whether a chosen study shows certificates, and the parameters ask for them of the model."""
    wanted = params.certification
    chosen = not wanted.defenses or model.role == "chain" or model.defense in {"", *wanted.defenses}
    return bool(params.studies_that_show("certify")) and family in wanted.families and chosen


def sources_of(roster: Roster, model: str) -> dict[str, str]:
    """Where attacks on a teacher may be carried over from: how tables name it, and the member.

    ``from_copy`` is the same teacher of the next seed, ``from_plain`` the unprotected one of the same network and seed,
    ``from_other`` the same defense on the next network. Reference: Madry et al. 2018, section 5.
    """
    params, own = roster.params, roster.model(model)
    networks = list(dict.fromkeys(pair.teacher.name for pair in params.pairs))
    other = networks[(networks.index(own.arch) + 1) % len(networks)] if own.arch in networks else own.arch
    seed = params.seeds[(params.seeds.index(own.seed) + 1) % len(params.seeds)]
    wanted = {
        "from_copy": own.model_copy(update={"seed": seed}),
        "from_plain": own.model_copy(update={"defense": "ce"}),
        "from_other": own.model_copy(update={"arch": other}),
    }
    found = {name: source.member_id for name, source in wanted.items()}
    return {name: source for name, source in found.items() if source != model and source in roster.members}


def _judged_as(params: Params, family: Family, model: ModelIdentity) -> Family:
    """Whose attacks a model meets: those of teachers where its chain starts from one, so that both can be compared."""
    chain = params.chains.get(model.chain)
    return "teachers" if chain and chain.teacher_defense else family


def is_asked_elsewhere(params: Params, model: ModelIdentity) -> bool:
    """Whether attacks and certifiers skip a model: its weights are another's, or it is one more seed or thief's."""
    defense = params.rows[model.defense] if model.role == "teacher" else None
    further = model.seed not in params.seeds or model.thief not in ("", PAPER)
    return isinstance(defense, PostHocDefense) or further


def logits_of(member: Member) -> tuple[str, ...]:
    """How a model's logits are given to attacks: as they are, and over the temperature of its training."""
    return ("raw",) if member.spec.get("temperature", 1.0) == 1.0 else ("raw", "rescaled")


def add_measure(roster: Roster, family: Family, model: str) -> str:
    """What one model answers, and what is computed from its answers."""
    return _add_question(roster, "measure", family, model, specs={"measure": roster.params.measure})


def add_sensitivity(roster: Roster, family: Family, model: str) -> str:
    """The Jacobian amplitudes of one model at its test images."""
    return _add_question(roster, "sensitivity", family, model, facts={"images": roster.params.sensitivity.images})


def add_attack(roster: Roster, family: Family, model: str, key: str, logits: str, *, source: str = "") -> str:
    """One adversarial attack on one model: on its logits, on its logits over its temperature, or on a ``source``."""
    member, spec = roster.members[model], roster.params.robustness.attacks[key]
    temperature = member.spec["temperature"] if logits == "rescaled" else 1.0
    return _add_question(
        roster,
        "attack",
        family,
        model,
        name=key if logits == "raw" else f"{key}-{logits}",
        axes={"attack": key, "logits": logits},
        specs={"attack": spec},
        facts={"examples": roster.params.robustness.examples, "temperature": temperature},
        parents={"source": source} if source else None,
    )


def add_certificates(roster: Roster, family: Family, model: str, key: str) -> str:
    """The certificates of one model by one certifier."""
    wanted = roster.params.certification
    return _add_question(
        roster,
        "certify",
        family,
        model,
        name=f"certify-{key}",
        axes={"certifier": key},
        specs={"certifier": wanted.certifiers[key]},
        facts=wanted.model_dump(mode="json", include={"eps", "images", "radius_steps", "precision"}),
    )


def _add_question(  # noqa: PLR0913 - a question is this many things
    roster: Roster,
    stage: str,
    family: Family,
    model: str,
    *,
    name: str | None = None,
    axes: dict[str, str] | None = None,
    specs: dict[str, Spec] | None = None,
    facts: dict[str, Any] | None = None,
    parents: dict[str, str] | None = None,
) -> str:
    member = roster.members[model]
    return roster.add(
        stage,
        f"{model}-{name or stage}",
        {"family": family, "model": roster.model(model).name} | (axes or {}) | {"seed": str(member.seed)},
        specs or {},
        facts=facts,
        parents=DATA | {"model": model} | (parents or {}),
        seed=member.seed,
        threads=member.threads,
    )
