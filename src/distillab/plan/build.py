"""Building a plan: parameters read, merged, validated, checked, expanded."""

from pathlib import Path
from typing import Any

from distillab.certify import CERTIFIERS
from distillab.core.job import Plan
from distillab.core.workspace import PARAMS
from distillab.plan.checks import impossible
from distillab.plan.expand import expand
from distillab.plan.jobs import jobs_of
from distillab.plan.labels import labels_of
from distillab.plan.load import read_layers
from distillab.plan.messages import all_errors, validate
from distillab.plan.params import Params
from distillab.plan.resources import passes_of
from distillab.specs.base import MethodSpec


def load_params(root: Path = Path(), preset: str | None = None) -> Params:
    """The validated parameters of ``params.yaml``, or those of another preset with the same override.

    Raises:
        SpecError: every error at once, one line each.
    """
    params = validate(Params, read_layers(root / PARAMS, preset))
    lines = impossible(params)
    if lines:
        raise all_errors(lines)
    return params


def build_plan(root: Path = Path(), preset: str | None = None) -> Plan:
    """The plan of ``params.yaml`` or of another preset with its override, expanded to members and jobs."""
    params = load_params(root, preset)
    members = expand(params, root)
    plan = Plan(
        preset=params.preset,
        params=params.plain(),
        members=members,
        jobs=jobs_of(params, members),
        studies={study: (f"results/{params.preset}/reports/{study}.html",) for study in params.studies},
        facts=_facts(params),
    )
    jobs = tuple(job.model_copy(update={"passes": passes_of(plan, job)}) for job in plan.jobs)
    return plan.model_copy(update={"jobs": jobs})


def _facts(params: Params) -> dict[str, Any]:
    """What a report says about methods and data, so that it needs neither registry."""
    labels = labels_of(params)
    attacks = {
        key: _method(spec)
        | {
            "label": labels["attacks"][key],
            "passes": spec.passes,
            "kind": spec.kind,
            "norm": spec.norm,
            "targeted": spec.target != "untargeted",
        }
        for key, spec in params.robustness.attacks.items()
    }
    return {
        "data": params.data.facts.plain(),
        "defenses": {
            key: _method(spec) | {"label": labels["defenses"][key], "kind": spec.kind}
            for key, spec in params.defenses.items()
        },
        "knockoffs": {
            key: _method(spec) | {"label": labels["knockoffs"][key], "in_paper": spec.in_paper}
            for key, spec in params.knockoff.attacks.items()
        },
        "attacks": attacks,
        "certifiers": {
            key: _method(spec)
            | {
                "label": labels["certifiers"][key],
                "norm": spec.norm,
                "rank": CERTIFIERS.names.index(spec.name),
                "deciders": [{"name": name, "label": labels["deciders"][name]} for name in spec.deciders],
            }
            for key, spec in params.certification.certifiers.items()
        },
    }


def _method(spec: MethodSpec) -> dict[str, Any]:
    return {"label": spec.label, "grade": spec.grade, "paper": spec.paper}
