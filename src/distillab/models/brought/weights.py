"""Weights of one of our architectures: a state_dict or safetensors, whose names may be another's."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from distillab.core.bounds import Held
from distillab.models.any_model import AnyModel
from distillab.models.brought.framed import framed
from distillab.models.load import build_model
from distillab.models.published import load_published
from distillab.specs.base import PASSING
from distillab.specs.brought import BroughtSpec
from distillab.specs.model import Domain


class WeightsModel(BroughtSpec):
    """A file of weights and the architecture that they are of. Nothing in it is run.

    Without `mean` and `std` the network sees pixels as the file or the architecture says, or else normalized by the
    statistics of the data set.
    """

    name: Literal["weights"] = "weights"
    label: ClassVar[str] = "weights"
    gradients: ClassVar[bool] = True
    traceable: ClassVar[bool] = True

    weights: Path = Field(description="state_dict (zip or legacy) or safetensors", json_schema_extra=PASSING)
    arch: AnyModel = Field(description="Its architecture")
    entry: str | None = Field(default=None, description="Entry of the file that holds the weights, if it has several")
    network: Held | None = Field(default=None, ge=0, description="Network of a cascade's file, counted from 0")

    @property
    def network_name(self) -> str:
        """Name of its architecture."""
        return self.arch.name

    def files(self) -> tuple[Path, ...]:
        """The file of weights."""
        return (self.weights,)

    def read(self, domain: Domain) -> dict[str, Tensor]:
        """The weights under our names, and the statistics that pixels are normalized by."""
        model = self._model(domain)
        load_published(model, self.weights, entry=self.entry, network=self.network)
        return dict(model.state_dict())

    def open(self, payload: dict[str, Tensor], domain: Domain) -> nn.Module:
        """The network with these weights."""
        model = self._model(domain)
        model.load_state_dict(payload)
        return framed(model, self, normalizes=True)

    def _model(self, domain: Domain) -> nn.Module:
        if self.mean is not None and self.std is not None:
            domain = replace(domain, mean=self.mean, std=self.std)
        return build_model(self.arch, domain, seed=0)
