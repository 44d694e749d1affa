"""What tables and pages say of methods and data, so that they need neither registry nor spec."""

from typing import Any

from distillab.certify import CERTIFIERS
from distillab.core.shown import without_queries
from distillab.params.root import Params
from distillab.plan.abilities import impossible_questions
from distillab.plan.labels import labels_of
from distillab.plan.seeds import base_control_seeds, base_seeds
from distillab.specs.base import MethodSpec


def facts_of(params: Params) -> dict[str, Any]:
    """By kind of method, by key: label, provenance, and what tells where and how it is shown; and the data's."""
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
        "params": without_queries(params.identity(choices=True)),
        "data": params.data.facts.plain(),
        "thieves": {
            key: {
                "labels": thief.labels,
                "queries": thief.plain()["queries"],
                "answers": thief.plain()["answers"],
                "data": thief.data.facts.title if thief.data else "",
                "seeds": list(base_seeds(params, key)),
                "control_seeds": list(base_control_seeds(params, key)),
            }
            for key, thief in params.all_thieves.items()
        },
        "decide": params.decide.plain() | {"headline": params.headline.plain()},
        "defenses": {
            key: _method(spec)
            | {"label": labels["defenses"][key], "kind": spec.kind, "brought": params.brought(key) or ""}
            | ({"form": type(spec).label} if key in params.models else {})
            for key, spec in params.rows.items()
        },
        "knockoffs": {
            key: _method(spec) | {"label": labels["knockoffs"][key], "in_paper": spec.in_paper}
            for key, spec in params.knockoff.attacks.items()
        },
        "attacks": attacks,
        "impossible": impossible_questions(params),
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
