"""What is generated: ``config/README.md`` and the JSON schema from parameter models, ``docs/tables.md`` from tables."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from distillab.attacks import ATTACKS
from distillab.blackbox.endpoint import EndpointSpec
from distillab.certify import CERTIFIERS
from distillab.core.registry import Registry
from distillab.data import DATASETS
from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.models import MODELS
from distillab.models.brought import BROUGHT
from distillab.params.annotations import method_variants
from distillab.params.chains import ChainParams
from distillab.params.layers import CONFIG
from distillab.params.root import (
    CertificationParams,
    KnockoffParams,
    Pair,
    Params,
    RobustnessParams,
    SensitivityParams,
    params_schema,
)
from distillab.params.thieves import DecideParams, LabelCurveParams, Thief
from distillab.specs.augment import AugmentSpec
from distillab.specs.measure import MeasureParams
from distillab.specs.train import AdamSpec, ConstantSpec, CosineSpec, InverseSpec, MilestonesSpec, SGDSpec, TrainSpec
from distillab.tables.dictionary import data_dictionary

SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("Top level", Params),
    ("`pairs`: each of", Pair),
    ("`train` and `student_train`", TrainSpec),
    ("`knockoff`", KnockoffParams),
    ("`thieves`: each of", Thief),
    ("`label_curve`", LabelCurveParams),
    ("`decide`", DecideParams),
    ("`robustness`", RobustnessParams),
    ("`certification`", CertificationParams),
    ("`chains`: each of", ChainParams),
    ("`measure`", MeasureParams),
    ("`sensitivity`", SensitivityParams),
    ("`data.augment`", AugmentSpec),
    ("`models`: `endpoint`", EndpointSpec),
)

METHODS: tuple[tuple[str, tuple[type[BaseModel], ...] | Registry[Any]], ...] = (
    ("`data`", DATASETS),
    ("`pairs[].teacher`, `pairs[].student`", MODELS),
    ("`defenses`", DEFENSES),
    ("`models`", BROUGHT),
    ("`knockoff.attacks`", KNOCKOFFS),
    ("`robustness.attacks`", ATTACKS),
    ("`certification.certifiers`", CERTIFIERS),
    ("`train.optimizer`", (SGDSpec, AdamSpec)),
    ("`train.schedule`", (ConstantSpec, MilestonesSpec, CosineSpec, InverseSpec)),
)

INTRODUCTION = """# Parameters

*Generated from the parameter models by `make docs`; do not edit.*

`params.yaml` names a preset and what you want different from it. `base.yaml` is read first, the preset over it, the
override over both. Unknown keys are errors. In tables of named methods (`defenses`, `models`, `knockoff.attacks`,
`thieves`, `chains`, `robustness.attacks`, `certification.certifiers`) a `null` takes an inherited method out, and
`"*": null` every one that is not named beside it (`ce: {}` keeps one as it is). `distillab check` validates,
`distillab plan` shows what will run, and `params.schema.json` completes keys in editors.
"""


def generated_files() -> dict[Path, str]:
    """Path to content of everything generated from parameter models and from tables."""
    folder = Path(CONFIG)
    return {
        folder / "README.md": parameter_guide(),
        folder / "params.schema.json": schema_text(),
        Path("docs/tables.md"): data_dictionary(),
    }


def parameter_guide() -> str:
    """The whole of ``config/README.md``."""
    parts = [INTRODUCTION]
    parts += [f"## {title}\n\n{_table(model)}" for title, model in SECTIONS]
    parts.append("# Methods\n\nEach is chosen by its `name`; one of `models` by the key of its file or function.\n")
    for title, members in METHODS:
        parts.append(f"## {title}\n\n" + "\n".join(_method(member) for member in members))
    return "\n".join(parts)


def schema_text() -> str:
    """The JSON schema of a resolved params file, as text."""
    return json.dumps(params_schema(), indent=1, sort_keys=True) + "\n"


def _method(member: type[BaseModel]) -> str:
    name = member.model_fields["name"].default
    first_line = (member.__doc__ or "").strip().splitlines()[0]
    return f"### `{name}`\n\n{first_line}\n\n{_table(member)}"


def _table(model: type[BaseModel]) -> str:
    rows = [row for name, field in model.model_fields.items() if name != "name" for row in _row(name, field)]
    if not rows:
        return "No parameters.\n"
    return "| key | type | default | meaning |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> Iterator[str]:
    default = "required" if field.is_required() else f"`{_default(field)}`"
    yield f"| `{name}` | {_type(field.annotation)} | {default} | {field.description or ''} |"


def _default(field: FieldInfo) -> str:
    value = field.default.model_dump() if isinstance(field.default, BaseModel) else field.default
    return json.dumps(value, default=_own).replace("|", "\\|")


def _own(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_defaults=True)


def _type(annotation: Any) -> str:  # noqa: ANN401 - a type expression
    if len(method_variants(annotation)) > 1:
        return "a method"
    if hasattr(annotation, "__metadata__"):
        return _type(get_args(annotation)[0])
    if isinstance(annotation, type):
        return "a table" if issubclass(annotation, BaseModel) else annotation.__name__
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    return _compound(annotation)


def _compound(annotation: Any) -> str:  # noqa: ANN401 - a type expression
    names = [_type(argument) for argument in get_args(annotation) if argument not in {type(None), Ellipsis}]
    if get_origin(annotation) is dict:
        return "names to methods" if "a method" in names else "a table"
    if get_origin(annotation) is tuple:
        return f"list of {names[0]}"
    return " or ".join(dict.fromkeys(names))
