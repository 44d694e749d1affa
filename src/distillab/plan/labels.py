"""What tables and figures call the methods of a run."""

from collections.abc import Mapping

from distillab.certify import CERTIFIERS
from distillab.core.labels import distinct
from distillab.params.root import Params
from distillab.specs.base import MethodSpec


def labels_of(params: Params) -> dict[str, dict[str, str]]:
    """Kind of method to key to label; no two labels of defenses, knockoff attacks or certifiers are alike.

    A network from elsewhere is called by its key. Attacks are told apart by norm where they are shown. What decides an
    image inside a certifier that combines several has the label of its method.
    """
    certifiers = params.certification.certifiers
    deciders = dict.fromkeys(name for certifier in certifiers.values() for name in certifier.deciders)
    return {
        "defenses": _distinct(params.defenses) | {key: key for key in params.models},
        "knockoffs": _distinct(params.knockoff.attacks),
        "certifiers": _distinct(certifiers),
        "deciders": {name: CERTIFIERS[name].label for name in deciders},
        "attacks": {key: spec.display_name for key, spec in params.robustness.attacks.items()},
    }


def _distinct(specs: Mapping[str, MethodSpec]) -> dict[str, str]:
    labels = {key: spec.display_name for key, spec in specs.items()}
    return distinct(labels, {key: spec.name for key, spec in specs.items()})
