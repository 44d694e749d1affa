"""Stage ``prepare``: raw files become stored pixels, statistics, and an index file of the splits."""

import torch
from torch import Tensor

from distillab.core.errors import ArtifactError
from distillab.core.fingerprints import content_of
from distillab.core.job import Member
from distillab.core.payloads import save_tensors
from distillab.core.store import Entry
from distillab.core.workspace import FINGERPRINTS, Product, Workspace
from distillab.data import DATASETS
from distillab.data.dataset import ImageSource, ResidentImages
from distillab.data.listing import Listing
from distillab.data.raw import RawData
from distillab.data.splits import Split, make_split
from distillab.data.statistics import channel_statistics
from distillab.data.streaming import ImageFiles, StreamedImages
from distillab.specs.data import DataSpec, StreamingDataSpec

STATISTICS_LIMIT = 50_000
"""Training images, spread over the split, from which the normalization is computed."""


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """The images with their statistics, or the split index: ``part`` of the member's spec says which.

    Raises:
        ArtifactError: files are absent, are not what they should be, or not those that the run was planned with.
    """
    spec = DATASETS.parse(member.spec["data"])
    raw = spec.listing() if isinstance(spec, StreamingDataSpec) else spec.read()
    if content_of(spec.own_files(), workspace.root / FINGERPRINTS) != member.spec.get("content", ""):
        raise ArtifactError("images changed since the run was planned", where=member.id, do="run snakemake again")
    split = make_split(spec, *_labels(raw))
    if member.spec["part"] == "split":
        choice = {"choice": split.choice} if spec.refit else {}
        save_tensors(entry.payload, {"train": split.train, "val": split.val, "test": split.test} | choice)
        counts = {"train": len(split.train), "val": len(split.val), "test": len(split.test)}
        return Product("cpu", {"counts": counts})
    if isinstance(raw, Listing):  # those in memory were decoded already
        raw = raw.examined(getattr(spec, "workers", 0))
    save_tensors(entry.payload, _stored(raw) | _statistics(spec, raw, split))
    intake = {"intake": raw.inventory.counts()} if raw.inventory else {}
    return Product("cpu", {"class_names": list(raw.class_names)} | intake)


def _labels(raw: RawData | Listing) -> tuple[Tensor, Tensor]:
    return (raw.train_y, raw.test_y) if isinstance(raw, RawData) else (raw.train.y, raw.test.y)


def _stored(raw: RawData | Listing) -> dict[str, Tensor]:
    if isinstance(raw, RawData):
        pixels = {"train_x": raw.train_x, "test_x": raw.test_x, "levels": torch.tensor(raw.levels)}
        return pixels | {"train_y": raw.train_y, "test_y": raw.test_y}
    names = {"train_names": _joined(raw.train), "test_names": _joined(raw.test)}
    return names | {"train_y": raw.train.y, "test_y": raw.test.y}


def _joined(files: ImageFiles) -> Tensor:
    return torch.frombuffer(bytearray(b"\n".join(files.names.tolist())), dtype=torch.uint8)


def _statistics(spec: DataSpec, raw: RawData | Listing, split: Split) -> dict[str, Tensor]:
    source: ImageSource
    if isinstance(raw, RawData):
        source = ResidentImages(raw.train_x, raw.train_y, raw.levels)
    else:
        source = StreamedImages(raw.train, spec.facts.shape[1], getattr(spec, "workers", 0))
    stride = -(-len(split.train) // STATISTICS_LIMIT)
    statistics = channel_statistics(source, split.train[::stride])
    return {
        "mean": torch.tensor(statistics.mean, dtype=torch.float64),
        "std": torch.tensor(statistics.std, dtype=torch.float64),
    }
