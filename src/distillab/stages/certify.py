"""Stage ``certify``: certificates of one model by one certifier, one row per image and radius."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch

from distillab.certify import CERTIFIERS
from distillab.certify.graph import Graph
from distillab.certify.trace import trace
from distillab.core.files import atomic
from distillab.core.job import Member
from distillab.core.memory import PeakMemory
from distillab.core.shapes import Images, Labels
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.evaluate.run_certifier import radii, run_certifier
from distillab.specs.certifier import CertifierSpec
from distillab.stages.inputs import device_for, images_of, looked_at, prepared_data, trained_network

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """The per-example table; what it cost goes to the sidecar."""
    device, asked = device_for(member, workspace), member.spec
    data = prepared_data(member, workspace, device)
    ids = looked_at(data, asked["images"])
    x, y = images_of(data.test, ids)
    dtype = DTYPES[asked["precision"]]
    model = trained_network(member.parents["model"], workspace, data, device)
    model.to(dtype=dtype, memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    frame, cost = certificates(
        CERTIFIERS.parse(asked["certifier"]),
        trace(model, data.domain.shape),
        x.to(dtype),
        y,
        eps=asked["eps"],
        radius_steps=asked["radius_steps"],
    )
    frame.insert(0, "id", np.tile(ids.numpy(), len(asked["eps"])))
    with atomic(entry.payload) as temporary:
        frame.to_parquet(temporary, index=False)
    return Product(device.type, run=cost)


def certificates(
    spec: CertifierSpec,
    graph: Graph,
    x: Images,
    y: Labels,
    *,
    eps: Sequence[float],
    radius_steps: int = 0,
    progress: Callable[[str], None] = lambda _line: None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """One row per radius and image, and what they cost: CPU seconds an image, bytes of memory at the peak.

    ``radius`` is the largest certified one that was found, NaN where none was looked for.
    """
    peak, parts, seconds = PeakMemory(), [], []
    for value in eps:
        start = time.process_time()
        table = run_certifier(spec, graph, x, y, eps=value, progress=partial(_said, progress, value, len(x)))
        seconds.append((time.process_time() - start) / len(x))
        parts.append(pd.DataFrame(table.columns()).assign(eps=float(value)))
    frame = pd.concat(parts, ignore_index=True)
    start = time.process_time()
    frame["radius"] = np.nan
    if radius_steps:
        progress(f"radii up to {eps[-1]:g} in {radius_steps} halvings")
        searched = radii(spec, graph, x, y, largest=eps[-1], halvings=radius_steps).double()
        given = (frame["eps"] * frame["certified"]).to_numpy().reshape(len(eps), len(x))
        frame["radius"] = np.tile(np.maximum(searched.clamp(max=eps[-1]).numpy(), given.max(axis=0)), len(eps))
    cost = {
        "seconds_per_image": seconds,
        "radius_seconds_per_image": (time.process_time() - start) / len(x),
        "peak_memory": peak.bytes(),
    }
    return frame, cost


def _said(progress: Callable[[str], None], eps: float, images: int, done: int) -> None:
    progress(f"eps {eps:g}: {done:,} of {images:,} images")
