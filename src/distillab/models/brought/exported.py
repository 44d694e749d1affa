"""A program of ``torch.export``, as ``torch.export.save`` writes it."""

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from distillab.core.errors import ArtifactError
from distillab.models.brought.archive import BYTES, as_file, as_tensor
from distillab.models.brought.framed import framed
from distillab.specs.base import PASSING
from distillab.specs.brought import BroughtSpec
from distillab.specs.model import Domain

if TYPE_CHECKING:
    from torch.export import ExportedProgram


class ExportedModel(BroughtSpec):
    """A program of `torch.export`. Its loader unpickles and evaluates text: `trusted` must name it."""

    name: Literal["exported"] = "exported"
    label: ClassVar[str] = "torch.export"
    gradients: ClassVar[bool] = True
    runs_code: ClassVar[bool] = True

    exported: Path = Field(description="The archive, usually .pt2", json_schema_extra=PASSING)

    def files(self) -> tuple[Path, ...]:
        """The archive."""
        return (self.exported,)

    def read(self, domain: Domain) -> dict[str, Tensor]:
        """The archive's bytes, after it was opened once."""
        payload = {BYTES: as_tensor(self.exported)}
        self.open(payload, domain)
        return payload

    def open(self, payload: dict[str, Tensor], domain: Domain) -> nn.Module:  # noqa: ARG002 - it knows its shape itself
        """The program as a network; asked in batches of the size that it was exported for, where that is fixed."""
        try:
            program = _loaded(payload)
        except Exception as error:  # what a loader meets in a damaged file has no list
            raise ArtifactError(
                "is no program of torch.export", where=str(self.exported), expected="a file of torch.export.save"
            ) from error
        return framed(_Unmoded(program.module()), self, batch=_batch_of(program))


class _Unmoded(nn.Module):
    """A program whose mode was fixed when it was exported: torch refuses to be told another."""

    def __init__(self, program: nn.Module) -> None:
        super().__init__()
        self.program = program

    def train(self, mode: bool = True) -> "_Unmoded":
        """Nothing, to the program."""
        self.training = mode
        return self

    def forward(self, x: Tensor) -> Tensor:
        """What the program says."""
        outputs: Tensor = self.program(x)
        return outputs


def _loaded(payload: dict[str, Tensor]) -> "ExportedProgram":
    level = logging.getLogger("torch.export").level
    logging.getLogger("torch.export").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.load(as_file(payload))
    finally:
        logging.getLogger("torch.export").setLevel(level)


def _batch_of(program: "ExportedProgram") -> int | None:
    """How many images it takes at once; None where any number."""
    inputs = set(program.graph_signature.user_inputs)
    sizes = [node.meta["val"].shape[0] for node in program.graph.nodes if node.name in inputs and "val" in node.meta]
    return sizes[0] if sizes and isinstance(sizes[0], int) else None
