"""How images and answers are written between us and an endpoint.

======== ============================================= ==========================================
``send`` the body of the request                       the body of the reply
======== ============================================= ==========================================
npy      one ``.npy`` array (n, c, h, w), float32      one ``.npy`` array (n, k), or (n,) of labels
json     ``{"images": [[[[0.5, ...]]]]}``              ``{"probabilities": [[...]]}``
png      ``{"images": ["<base64 of a PNG>", ...]}``    or ``{"labels": [...]}``, or the bare list
======== ============================================= ==========================================

Either reply may follow either request: an array is known by its first bytes. Nothing is unpickled.
"""

import base64
import io
import json
from typing import Any

import numpy as np
from numpy.lib import format as npy

from distillab.blackbox.endpoint import EndpointSpec
from distillab.blackbox.forms import AnswerFormat, Fault
from distillab.blackbox.npy import MAGIC, array_of
from distillab.blackbox.pixels import Pixels, in_bytes
from distillab.core.errors import SpecError
from distillab.core.shown import shown

CHARACTERS = 64
"""Of one number in JSON, with what stands around it."""

BESIDE = 2**20
"""Bytes of a reply beside its numbers."""

TYPES = {"npy": "application/octet-stream", "json": "application/json", "png": "application/json"}
"""Content types of requests."""


def body_of(x: Pixels, spec: EndpointSpec) -> bytes:
    """The images as a request's body.

    Raises:
        SpecError: they cannot be written so without being changed.
    """
    if spec.send == "png":
        return _json(spec, [base64.b64encode(_png(image)).decode("ascii") for image in _bytes(x, spec)])
    array = _bytes(x, spec) if spec.pixels == "bytes" else x
    if spec.layout == "nhwc":
        array = array.transpose(0, 2, 3, 1)
    if spec.send == "json":
        return _json(spec, array.tolist())
    file = io.BytesIO()
    npy.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
    return file.getvalue()


def longest_reply(answer: AnswerFormat, n: int) -> int:
    """Bytes that answers to n images can take."""
    return BESIDE + n * (answer.width + 1) * CHARACTERS


def values_of(content: bytes, name: str) -> "np.ndarray[Any, Any] | Fault":
    """The numbers of a reply, of whatever shape, or why there are none.

    Args:
        content: the reply.
        name: of the answers in JSON.
    """
    if content.startswith(MAGIC):
        return _array(content)
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return Fault("is neither JSON nor a .npy array", "answers", "")
    if isinstance(said, dict):
        if name not in said:
            return Fault("has no such field", f"{name}, which answers_field names", shown(list(said)))
        said = said[name]
    try:
        values = np.asarray(said)
    except (ValueError, OverflowError):  # rows of different lengths
        return Fault("answers are no table", f"a list of {name}, one for each image", shown(said))
    return values if values.dtype.kind in "iuf" else Fault("answers are not numbers", name, shown(said))


def _array(content: bytes) -> "np.ndarray[Any, Any] | Fault":
    try:
        return array_of(content)
    except ValueError as error:
        return Fault("is no .npy array of answers", "numbers in numpy's format", str(error))


def _json(spec: EndpointSpec, images: list[Any]) -> bytes:
    return json.dumps({spec.images_field: images}, allow_nan=False, separators=(",", ":")).encode()


def _bytes(x: Pixels, spec: EndpointSpec) -> "np.ndarray[Any, Any]":
    stored = in_bytes(x)
    if stored is None:
        raise SpecError(
            "pixels lie between the levels of 8 bits",
            where="endpoint: " + ("send" if spec.send == "png" else "pixels"),
            expected="images of 8 bits",
            got="others, such as rotated or perturbed ones",
            do="use send: npy or json with pixels: unit",
        )
    return stored


def _png(image: "np.ndarray[Any, Any]") -> bytes:
    from PIL import Image

    if len(image) not in {1, 3}:
        raise SpecError("no PNG has so many channels", where="endpoint: send", expected="1 or 3", got=str(len(image)))
    file = io.BytesIO()
    Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0)).save(file, format="png")
    return file.getvalue()
