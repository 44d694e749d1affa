"""What cannot be asked of a network from elsewhere: a dash with its reason in place of a job that would fail."""

from collections.abc import Iterator
from typing import Any

from distillab.core.identity import ModelIdentity
from distillab.params.root import Params
from distillab.plan.pairs import network_of, teacher_of


def unable(params: Params, model: ModelIdentity, stage: str) -> str:
    """Why questions of a stage cannot be asked of a model; empty where they can."""
    brought = params.models.get(model.defense) if model.role == "teacher" else None
    if brought is None:
        return ""
    if not brought.gradients and stage in {"attack", "sensitivity"}:
        return f"no gradients through a model of kind {brought.name}"
    if not brought.traceable and stage == "certify":
        return f"certifiers cannot read the layers of a model of kind {brought.name}"
    return ""


def impossible_questions(params: Params) -> list[dict[str, Any]]:
    """Every question that the parameters ask of teachers and that a network from elsewhere cannot be asked."""
    if "teachers" not in params.families:
        return []
    models = [teacher_of(params, key, network_of(params, key), params.seeds[0]) for key in params.models]
    return [
        {"model": model.member_id, "stage": stage, "question": question, "reason": reason}
        for model in models
        for stage, question in _asked_of_teachers(params, model.defense)
        if (reason := unable(params, model, stage))
    ]


def _asked_of_teachers(params: Params, row: str) -> Iterator[tuple[str, str]]:
    """Stage and name of each question about a row's teachers that may have no answer, as tables call it."""
    robustness, certification = params.robustness, params.certification
    for key, attack in robustness.attacks.items():
        if attack.needs == "gradients" and "teachers" in (attack.families or robustness.families):
            yield "attack", f"{key} raw"
    if "teachers" in params.sensitivity.families:
        yield "sensitivity", "sensitivity"
    certified = not certification.defenses or row in certification.defenses
    if certified and params.studies_that_show("certify") and "teachers" in certification.families:
        yield from (("certify", key) for key in certification.certifiers)
