"""An ONNX file, run by ONNX Runtime on the CPU."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.shapes import Images
from distillab.core.shown import shown
from distillab.models.brought.archive import BYTES, as_bytes, as_tensor
from distillab.models.brought.framed import framed
from distillab.specs.base import PASSING
from distillab.specs.brought import BroughtSpec
from distillab.specs.model import Domain

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
"""What ONNX Runtime calls the inputs that can be images in [0, 1]."""


class OnnxModel(BroughtSpec):
    """An ONNX file of standard operators. It answers, and has no gradients. Nothing but its operators is run."""

    name: Literal["onnx"] = "onnx"
    label: ClassVar[str] = "ONNX"

    onnx: Path = Field(description="The file; `distillab[onnx]` runs it", json_schema_extra=PASSING)

    def files(self) -> tuple[Path, ...]:
        """The file."""
        return (self.onnx,)

    def read(self, domain: Domain) -> dict[str, Tensor]:
        """The file's bytes, after it was opened once."""
        payload = {BYTES: as_tensor(self.onnx)}
        self.open(payload, domain)
        return payload

    def open(self, payload: dict[str, Tensor], domain: Domain) -> nn.Module:  # noqa: ARG002 - it knows its shape itself
        """A session of the file; asked in batches of the size that it has, where that is fixed."""
        session = _session(payload, str(self.onnx))
        if len(session.get_inputs()) != 1:
            names = ", ".join(each.name for each in session.get_inputs())
            raise SpecError("not a network of images", where=str(self.onnx), expected="one input", got=shown(names))
        (images,) = session.get_inputs()
        if images.type not in DTYPES:
            expected = "floating point images in [0, 1]"
            raise SpecError("not a network of images", where=str(self.onnx), expected=expected, got=images.type)
        batch = images.shape[0] if images.shape and isinstance(images.shape[0], int) else None
        return framed(_Session(session), self, batch=batch)


class _Session(nn.Module):
    """A session as a network without parameters."""

    def __init__(self, session: "InferenceSession") -> None:
        super().__init__()
        self.session = session
        self.input, self.output = session.get_inputs()[0], session.get_outputs()[0]

    def forward(self, x: Images) -> Tensor:
        """The first output, where the images are and in their precision."""
        given = x.detach().cpu().numpy().astype(DTYPES[self.input.type])
        (answer,) = self.session.run([self.output.name], {self.input.name: given})
        return torch.from_numpy(np.asarray(answer)).to(x)


def _session(payload: dict[str, Tensor], where: str) -> "InferenceSession":
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise SpecError(
            "needs ONNX Runtime", where=where, do="install it with `pip install 'distillab[onnx]'`"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            as_bytes(payload[BYTES]), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's own errors have no common base
        raise ArtifactError(
            "is no ONNX file that can be run", where=where, expected="standard operators", got=shown(str(error))
        ) from error
