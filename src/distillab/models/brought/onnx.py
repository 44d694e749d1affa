"""An ONNX file, run by ONNX Runtime on the CPU."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.shapes import Images
from distillab.core.shown import shortened, shown
from distillab.models.brought.archive import BYTES, as_bytes, as_tensor
from distillab.models.brought.framed import framed
from distillab.models.brought.onnx_parts import files_beside
from distillab.specs.base import PASSING
from distillab.specs.brought import BroughtSpec, content_hash
from distillab.specs.model import Domain

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BESIDE = "beside/"
"""How the names begin under which a payload keeps the files beside the first."""

DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
"""What ONNX Runtime calls the inputs that can be images in [0, 1]."""


class OnnxModel(BroughtSpec):
    """An ONNX file of standard operators. It answers, and has no gradients. Nothing but its operators is run.

    Weights may lie in files beside it.
    """

    name: Literal["onnx"] = "onnx"
    label: ClassVar[str] = "ONNX"

    onnx: Path = Field(description="The file; `distillab[onnx]` runs it", json_schema_extra=PASSING)

    def files(self) -> tuple[Path, ...]:
        """The file, and those beside it that hold its weights."""
        content_hash(self.onnx)
        return (self.onnx, *dict.fromkeys(files_beside(self.onnx).values()))

    def read(self, domain: Domain) -> dict[str, Tensor]:
        """The bytes of the file and of those beside it, after it was opened once."""
        beside = {f"{BESIDE}{name}": as_tensor(file) for name, file in files_beside(self.onnx).items()}
        payload = {BYTES: as_tensor(self.onnx)} | beside
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
    beside = {name.removeprefix(BESIDE): as_bytes(kept) for name, kept in payload.items() if name.startswith(BESIDE)}
    if beside:
        sizes = [len(content) for content in beside.values()]
        options.add_external_initializers_from_files_in_memory([*beside], [*beside.values()], sizes)
    try:
        return onnxruntime.InferenceSession(
            as_bytes(payload[BYTES]), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's own errors have no common base
        raise ArtifactError(
            "is no ONNX file that can be run",
            where=where,
            expected="standard operators",
            got=shortened(str(error), 240),
        ) from error
