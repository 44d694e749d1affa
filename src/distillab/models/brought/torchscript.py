"""A TorchScript archive, as ``torch.jit.save`` writes it."""

import warnings
from pathlib import Path
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from distillab.core.errors import ArtifactError
from distillab.models.brought.archive import BYTES, as_file, as_tensor
from distillab.models.brought.framed import framed
from distillab.specs.base import PASSING
from distillab.specs.brought import BroughtSpec
from distillab.specs.model import Domain


class TorchScriptModel(BroughtSpec):
    """A TorchScript archive. It is a program, which may read and write files: `trusted` must name it."""

    name: Literal["torchscript"] = "torchscript"
    label: ClassVar[str] = "TorchScript"
    gradients: ClassVar[bool] = True
    runs_code: ClassVar[bool] = True

    torchscript: Path = Field(description="The archive", json_schema_extra=PASSING)

    def files(self) -> tuple[Path, ...]:
        """The archive."""
        return (self.torchscript,)

    def read(self, domain: Domain) -> dict[str, Tensor]:
        """The archive's bytes, after it was opened once."""
        payload = {BYTES: as_tensor(self.torchscript)}
        self.open(payload, domain)
        return payload

    def open(self, payload: dict[str, Tensor], domain: Domain) -> nn.Module:  # noqa: ARG002 - it knows its shape itself
        """The program, in evaluation mode."""
        try:
            with warnings.catch_warnings():  # that TorchScript is no longer developed
                warnings.simplefilter("ignore")
                network = torch.jit.load(as_file(payload), map_location="cpu")
        except Exception as error:  # what a loader meets in a damaged file has no list
            raise ArtifactError(
                "is no TorchScript archive", where=str(self.torchscript), expected="a file of torch.jit.save"
            ) from error
        return framed(network, self)
