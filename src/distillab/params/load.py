"""From ``params.yaml`` to parameters that can be run: layers merged, validated, checked; every error at once."""

from pathlib import Path

from distillab.core.errors import SpecError
from distillab.core.workspace import PARAMS
from distillab.params.checks import impossible
from distillab.params.layers import ParamsLayers, read_layers
from distillab.params.messages import all_errors, validate
from distillab.params.owners import with_owner
from distillab.params.root import Params


def load_params(root: Path = Path(), preset: str | None = None) -> Params:
    """The validated parameters of ``params.yaml``, or those of another preset with the same override.

    Raises:
        SpecError: every error at once, one line each.
    """
    layers = read_layers(root / PARAMS, preset)
    try:
        params = validate(Params, layers.merged())
    except SpecError as error:
        raise _owned(str(error).splitlines(), layers) from error
    lines = impossible(params)
    if lines:
        raise _owned(lines, layers)
    return params


def _owned(lines: list[str], layers: ParamsLayers) -> SpecError:
    return all_errors([with_owner(line, layers) for line in lines])
