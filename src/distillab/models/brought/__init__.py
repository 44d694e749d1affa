"""Networks from elsewhere: one kind of file or function each, one line here."""

from distillab.core.registry import Registry
from distillab.models.brought.callable import CallableModel
from distillab.models.brought.endpoint import EndpointModel
from distillab.models.brought.exported import ExportedModel
from distillab.models.brought.onnx import OnnxModel
from distillab.models.brought.recorded import RecordedModel
from distillab.models.brought.torchscript import TorchScriptModel
from distillab.models.brought.weights import WeightsModel
from distillab.specs.brought import BroughtSpec

BROUGHT: Registry[BroughtSpec] = Registry(
    "kind of model",
    WeightsModel,
    TorchScriptModel,
    ExportedModel,
    OnnxModel,
    CallableModel,
    EndpointModel,
    RecordedModel,
)
"""Every kind of network that parameters can bring in; a kind's name is the key of the field that says where it is."""
