"""What audit.yaml may say: one model, one's own labeled images, and how much may be spent on asking."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationError

from distillab.core.bounds import ImageCount, SeedCount
from distillab.core.errors import SpecError
from distillab.data import DATASETS
from distillab.defenses import DEFENSES
from distillab.defenses.mad import MaximizingAngularDeviation
from distillab.models.any_model import AnyModel
from distillab.params.layers import read_yaml
from distillab.params.messages import validate
from distillab.params.vocabulary import AnyBrought, AnyData, AnyDefense
from distillab.specs.base import Spec
from distillab.specs.thief import RoundedProbabilities, TopClasses

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=40)]
"""Of an audit: part of a path."""


class Folder(Spec):
    """Images of the user's own; written as the path alone."""

    name: Literal["folder"] = "folder"
    folder: str = Field(min_length=1, description="A folder or archive")


class LabelAlone(Spec):
    """The likeliest class and nothing else; written as ``label``."""

    name: Literal["label"] = "label"


class TopAlone(TopClasses):
    """Written as ``{top: k}``."""

    name: Literal["top"] = "top"


class Rounded(RoundedProbabilities):
    """Written as ``{rounded: digits}``."""

    name: Literal["rounded"] = "rounded"


Form: TypeAlias = LabelAlone | TopAlone | Rounded
"""What an answer may show instead of all probabilities."""


def _folder(value: object) -> object:
    return {"name": "folder", "folder": value} if isinstance(value, str) else value


def _named(value: object) -> object:
    """``mad`` is short for ``{name: mad}``, and a form is named by its only key."""
    if isinstance(value, str):
        return {"name": value}
    short = [form for form in ("top", "rounded") if isinstance(value, dict) and form in value and "name" not in value]
    return {"name": short[0]} | value if short and isinstance(value, dict) else value


def _whole_or_share(value: object) -> object:
    """1.0 would be one image, and is meant as all of them."""
    if isinstance(value, float) and value >= 1:
        raise ValueError("expected a whole number of images, or a share below 1")
    return value


HeldOut = Annotated[
    Annotated[ImageCount, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)], BeforeValidator(_whole_or_share)
]
"""A number of images, or a share of them."""


if TYPE_CHECKING:
    Images: TypeAlias = Folder | AnyData
    Protection: TypeAlias = Form | AnyDefense
else:
    Images = Annotated[Folder | DATASETS.union, Field(discriminator="name"), BeforeValidator(_folder)]
    Protection = Annotated[Form | DEFENSES.union, Field(discriminator="name"), BeforeValidator(_named)]


class AuditBudget(Spec):
    """What an audit may take."""

    minutes: float = Field(
        default=10.0, gt=0, le=100_000, description="On two cores; the longer, the more images and passes over them"
    )
    answers: Annotated[ImageCount, Field(ge=1)] | None = Field(
        default=None,
        description="Answers that may be bought in all, each image once; as many as the minutes allow if absent",
    )


class AuditFile(Spec):
    """An audit: the model, the images, and what is tried."""

    name: Name | None = Field(default=None, description="Of the audit and its folder; the file's name if absent")
    model: AnyBrought = Field(description="The model: nothing but its answers is used")
    trusted: bool = Field(default=False, description="Whether the model may run code of its own, as some kinds do")
    images: Images = Field(
        description="Your images: a folder or archive of class folders, with or without train/ and test/; or a data set"
    )
    labels_from: str | None = Field(
        default=None, description="Table with the columns file and label; the class folders' names if absent"
    )
    resize: bool = Field(
        default=False,
        description="Bring the images of a folder to the size that most have; otherwise others are errors",
    )
    test: HeldOut | None = Field(
        default=None, description="Images held out to judge with, or their share; a fifth, at most 1,000, if absent"
    )
    labels: Annotated[ImageCount, Field(ge=1)] | None = Field(
        default=None, description="Labels that the thief has; 10 of each class if absent"
    )
    queries: Annotated[ImageCount, Field(ge=1)] | None = Field(
        default=None, description="Images that the thief asks about; as many as the budget allows if absent"
    )
    budget: AuditBudget = Field(default=AuditBudget(), description="What the audit may take")
    seeds: Annotated[SeedCount, Field(ge=3)] = Field(default=5, description="How often each theft is repeated")
    defenses: tuple[Protection, ...] = Field(
        default=(LabelAlone(), Rounded(rounded=1), TopAlone(top=3), MaximizingAngularDeviation()),
        description="What could protect the model: forms of an answer (label, {rounded: digits}, {top: k}), and "
        "defenses of the outputs by name",
    )
    student: AnyModel | None = Field(
        default=None, description="Network of thieves and controls; a small one that fits the images if absent"
    )
    price: float | None = Field(default=None, ge=0, le=1e6, description="Of one answer of an endpoint")
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,8}$")] = Field(
        default="USD", description="Of the price"
    )
    device: str = Field(default="auto", pattern="^(auto|cpu|cuda)$", description="auto takes a GPU where there is one")


def name_of(audit: AuditFile, path: Path) -> str:
    """What the folder of an audit is called: as it says, else as its file.

    Raises:
        SpecError: it says nothing, and the file's name is none for a folder.
    """
    if audit.name:
        return audit.name
    try:
        return TypeAdapter(Name).validate_python(path.stem)
    except ValidationError as error:
        expected = "at most 40 letters, digits, _ and -"
        do = "write name: into it, or rename it"
        raise SpecError("no name for the audit's folder", where=path.name, expected=expected, do=do) from error


def read_audit(path: Path) -> AuditFile:
    """The audit in a file.

    Raises:
        SpecError: it is absent, is no YAML, or says something that no audit can; every error at once.
    """
    if not path.is_file():
        raise SpecError("no such file", where=str(path), do="`distillab audit --example` writes one")
    return validate(AuditFile, read_yaml(path), where=path.name)
