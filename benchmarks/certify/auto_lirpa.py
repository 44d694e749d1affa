"""auto_LiRPA 0.3, which asks for torch below 1.13, on the torch of today.

Its bounds are untouched. Its import and its reading of a network need four names that have moved or gone since:
a module of numpy, two of torch's ONNX exporter, and the attributes of a graph node by index.
"""

import importlib
import sys
import warnings
from typing import Any

import numpy as np
import torch
from torch.onnx._internal.torchscript_exporter import utils
from torch.onnx._internal.torchscript_exporter._globals import GLOBALS


def _set_opset_version(version: int) -> None:
    GLOBALS.export_onnx_opset_version = version


def _attribute(node: Any, name: str) -> Any:  # noqa: ANN401 - an attribute has any type
    return getattr(node, node.kindOf(name))(name)


sys.modules["numpy.lib.arraysetops"] = np
sys.modules["torch.onnx.utils"] = utils
setattr(importlib.import_module("torch.onnx.symbolic_helper"), "_set_opset_version", _set_opset_version)  # noqa: B010
setattr(torch._C.Node, "__getitem__", _attribute)  # noqa: B010
utils._trigger_symbolic_function_registration()

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from auto_LiRPA import BoundedModule, BoundedTensor
    from auto_LiRPA.perturbations import PerturbationLpNorm

__all__ = ["BoundedModule", "BoundedTensor", "PerturbationLpNorm"]
