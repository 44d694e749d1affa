"""distillab: distillation as a defense, as a theft, and as a thing to defend against.

Without the workflow: `attack_model`, `certify_model`, `steal_model` and `audit_model` take tensors, and their results
hold one value per image. Importing this package loads none of them, and not torch; the first use does.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distillab.api.attack import AttackedModel, attack_model
    from distillab.api.audit import AuditedModel, audit_model
    from distillab.api.certify import CertifiedModel, certify_model
    from distillab.api.steal import Knockoff, steal_model
    from distillab.core.errors import ArtifactError, ContractError, DistillabError, SpecError
    from distillab.metrics.intervals import Estimate

__version__ = "0.1.0"

__all__ = [
    "ArtifactError",
    "AttackedModel",
    "AuditedModel",
    "CertifiedModel",
    "ContractError",
    "DistillabError",
    "Estimate",
    "Knockoff",
    "SpecError",
    "__version__",
    "attack_model",
    "audit_model",
    "certify_model",
    "steal_model",
]

_HOMES = {
    "api.attack": ("AttackedModel", "attack_model"),
    "api.audit": ("AuditedModel", "audit_model"),
    "api.certify": ("CertifiedModel", "certify_model"),
    "api.steal": ("Knockoff", "steal_model"),
    "core.errors": ("ArtifactError", "ContractError", "DistillabError", "SpecError"),
    "metrics.intervals": ("Estimate",),
}
"""Module to the public names that it defines."""


def __getattr__(name: str) -> object:
    """A public name, from its module when it is first asked for."""
    for home, names in _HOMES.items():
        if name in names:
            value: object = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
