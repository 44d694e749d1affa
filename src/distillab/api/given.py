"""What a caller gives: a method by name, images and labels as tensors, a student as a name or a function."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from jaxtyping import Int
from torch import Tensor, nn

from distillab.api.settings import float32_by_default
from distillab.core.errors import SpecError
from distillab.core.generators import forked
from distillab.core.registry import Registry
from distillab.core.shapes import Images, Labels
from distillab.data.augment import augmented
from distillab.data.dataset import Batch
from distillab.evaluate.checks import written_into
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.params.messages import validate
from distillab.specs.augment import AugmentSpec
from distillab.specs.base import MethodSpec
from distillab.specs.model import Domain

MethodT = TypeVar("MethodT", bound=MethodSpec)

Student = str | Mapping[str, object] | Callable[[], nn.Module]
"""A network by its name, with parameters as ``{"name": ..., ...}``, or a function that makes one from images in [0, 1]
to logits; its weights are drawn from torch's global generator, which is seeded for it and restored."""


def method_of(
    registry: Registry[MethodT], method: str | MethodT, parameters: Mapping[str, object], *, where: str
) -> MethodT:
    """The method that is named, with these parameters, or the one that is given.

    Raises:
        SpecError: there is no such method, it has no such parameter, or one has no such value; every error at once.
    """
    if isinstance(method, str):
        return validate(registry[method], {"name": method, **parameters}, where=where)
    if parameters:
        raise SpecError("a method has its parameters already", where=where, got=", ".join(parameters))
    return method


@dataclass(frozen=True)
class GivenImages:
    """Float images in memory as training sees them: an `ImageSource`."""

    x: Images
    y: Labels

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device | str) -> "GivenImages":
        """The same images on ``device``."""
        return GivenImages(self.x.to(device), self.y.to(device))

    def with_labels(self, y: Labels) -> "GivenImages":
        """The same images with other labels."""
        return replace(self, y=y.to(self.y.device))

    def walk(
        self, index: Int[Tensor, " m"], *, batch_size: int, augment: AugmentSpec, stream: torch.Generator | None
    ) -> Iterator[Batch]:
        """The images at ``index`` in its order, as `distillab.data.dataset.batches` asks for them."""
        for rows in torch.split(index, batch_size):
            here = rows.to(self.x.device)
            x = self.x[here]
            yield Batch(x if stream is None else augmented(x, augment, stream), self.y[here], rows)


def student_name(student: Student) -> str:
    """What the random streams of a student's training are named after."""
    if callable(student):
        return "given"
    return student if isinstance(student, str) else str(student.get("name"))


def fresh_student(student: Student, domain: Domain, *, seed: int) -> nn.Module:
    """An untrained student on the CPU, from images in [0, 1] to logits.

    Raises:
        SpecError: there is no such network, or images do not fit it.
        ContractError: it writes into its images.
    """
    if callable(student):
        with forked(seed, "init"), float32_by_default():
            made = student()
        _require_outputs(made, domain)
        return made
    plain = {"name": student} if isinstance(student, str) else dict(student)
    if "name" not in plain:
        raise SpecError("no network is named", where="student", expected=f"name: one of {', '.join(MODELS.names)}")
    spec = validate(MODELS[str(plain["name"])], plain, where="student")
    with float32_by_default():
        return build_model(spec, domain, seed=seed)


def _require_outputs(made: object, domain: Domain) -> None:
    """Refuse what does not give as many logits as there are classes, or changes the images.

    Raises:
        SpecError: it does not.
        ContractError: it does.
    """
    if not isinstance(made, nn.Module):
        raise SpecError(
            "the function makes no network", where="student", expected="a torch module", got=type(made).__name__
        )
    training, first = made.training, next(made.parameters(), torch.zeros(()))
    images = torch.full((1, *domain.shape), 0.25, dtype=torch.float32, device=first.device)
    try:
        with torch.no_grad():
            said = made.eval()(images)
    except RuntimeError as error:
        fitting = f"a network of images {domain.shape}"
        raise SpecError("does not take these images", where="student", expected=fitting, got=str(error)) from error
    finally:
        made.train(training)
    if bool((images != 0.25).any()):
        raise written_into("the network", where="student")
    got = tuple(said.shape) if isinstance(said, Tensor) else type(said).__name__
    if got != (1, domain.classes):
        raise SpecError("gives other outputs", where="student", expected=f"logits (n, {domain.classes})", got=str(got))
