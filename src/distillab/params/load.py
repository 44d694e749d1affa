"""From ``params.yaml`` to parameters that can be run: layers merged, validated, checked; every error at once."""

from pathlib import Path

from distillab.core.workspace import PARAMS
from distillab.params.checks import impossible
from distillab.params.layers import read_layers
from distillab.params.messages import all_errors, validate
from distillab.params.root import Params


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
