"""What the stages load: the device, the prepared data, trained networks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from distillab.core.errors import SpecError
from distillab.core.generators import generator
from distillab.core.gpus import gpus_here, take_gpu
from distillab.core.job import Member
from distillab.core.payloads import load_tensors
from distillab.core.shapes import Images, Labels
from distillab.core.workspace import HIDDEN, Workspace
from distillab.data import DATASETS
from distillab.data.dataset import ImageSource, ResidentImages, batches
from distillab.data.splits import Split, stratified_order
from distillab.data.streaming import ImageFiles, StreamedImages
from distillab.defenses import DEFENSES
from distillab.models import MODELS
from distillab.models.brought import BROUGHT
from distillab.models.brought.answering import Answering
from distillab.models.load import build_model
from distillab.specs.brought import BroughtSpec
from distillab.specs.data import DataSpec, StreamingDataSpec
from distillab.specs.model import Domain
from distillab.training.precision import use_exact_kernels

if TYPE_CHECKING:
    from distillab.specs.defense import Release

TOGETHER = 500
"""Images that are read at a time."""

RELEASE = "release."
"""How names in a teacher's payload begin that belong to the defense of its outputs."""


@dataclass(frozen=True)
class PreparedData:
    """The data set as training and evaluation see it, given out on one device."""

    train: ImageSource
    test: ImageSource
    split: Split
    domain: Domain
    epoch_images: int = 0
    """Images of an epoch; a smaller training split is gone through again, so that steps are equal."""


def device_for(member: Member, workspace: Workspace) -> torch.device:
    """The device of this run, after torch was set to the member's threads and to deterministic kernels.

    Of several GPUs it is one that no other job of the project has, if there is such a one.

    Raises:
        SpecError: ``device: cuda`` was asked for and there is none.
    """
    wanted = workspace.plan.device
    if wanted != "cpu":
        take_gpu(workspace.root / HIDDEN / "gpus", gpus_here())
    if wanted == "cuda" and not torch.cuda.is_available():
        raise SpecError(
            "no GPU",
            where="params: device",
            expected="a CUDA device",
            got="none",
            do="run it where there is one, or write `override: {device: cpu}` into params.yaml",
        )
    torch.set_num_threads(member.threads)
    device = torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        use_exact_kernels()
    return device


def prepared_data(member: Member, workspace: Workspace, device: torch.device) -> PreparedData:
    """The data set that ``member`` works on."""
    images = workspace.loaded(member.parents["images"], load_tensors)
    split = workspace.loaded(member.parents["split"], load_tensors)
    spec = DATASETS.parse(workspace.member(member.parents["images"]).spec["data"])
    train, test = (_source(spec, images, part, device) for part in ("train", "test"))
    facts = spec.facts
    return PreparedData(
        train=train,
        test=test,
        split=Split(**split),
        domain=Domain(facts.shape, facts.classes, tuple(images["mean"].tolist()), tuple(images["std"].tolist())),
    )


def fresh_network(member: Member, data: PreparedData, *, seed: int) -> nn.Module:
    """The member's network, initialized from ``seed``, on the CPU."""
    spec = MODELS.parse(member.spec["model"])
    return build_model(spec, data.domain, seed=seed)


def trained_network(
    model_id: str, workspace: Workspace, data: PreparedData, device: torch.device, *, expected: int = 0
) -> nn.Module:
    """A network of the plan on ``device``: frozen, in eval mode, in the memory format of its training.

    It was trained here, or is one from elsewhere, with a defense of its outputs or without.
    """
    member, kept = workspace.member(model_id), workspace.loaded(model_id, load_tensors)
    tensors = {name: tensor for name, tensor in kept.items() if not name.startswith(RELEASE)}
    if "brought" in member.spec:
        brought = BROUGHT.parse(member.spec["brought"])
        return opened_network(brought, tensors, workspace, data, expected=expected).to(device)
    model = fresh_network(member, data, seed=0)
    model.load_state_dict(tensors)
    if member.spec["train"]["channels_last"]:
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model.to(device).eval().requires_grad_(False)


def opened_network(
    spec: BroughtSpec, payload: dict[str, Tensor], workspace: Workspace, data: PreparedData, *, expected: int = 0
) -> nn.Module:
    """A network from elsewhere; one that is asked keeps what it is told in the project.

    Args:
        spec: which one it is.
        payload: what was read of it.
        workspace: the project.
        data: what it will be asked about.
        expected: how many images that are, for the progress that is told; 0 where nobody knows.
    """
    network = spec.open(payload, data.domain)
    if isinstance(network, Answering):
        network.root, network.expected = workspace.root, expected
    return network


def is_asked(member: Member) -> bool:
    """Whether a network is not here, so that nothing should be asked of it that is not needed."""
    return "brought" in member.spec and BROUGHT.parse(member.spec["brought"]).asked


def release_of(model_id: str, workspace: Workspace, data: PreparedData, device: torch.device) -> "Release":
    """What the API of a model does to its outputs: nothing, unless the model is a teacher with a defense of them."""
    member = workspace.member(model_id)
    if "defense" not in member.spec:
        return lambda log_probs, _images: log_probs
    tensors = workspace.loaded(model_id, load_tensors)
    state = {
        name.removeprefix(RELEASE): tensor.to(device) for name, tensor in tensors.items() if name.startswith(RELEASE)
    }
    return DEFENSES.parse(member.spec["defense"]).release(state, data.domain)


def looked_at(data: PreparedData, count: int | None) -> Tensor:
    """Positions of the test images that a look at so many sees, ascending; all where that is None.

    Of images that lie class by class, as those in folders do, they are of all classes alike; more of them contain the
    fewer. Of others they are the first.
    """
    test = data.split.test
    labels = data.test.y.cpu()[test]
    if count is None or bool((labels.diff() < 0).any()):
        return test[:count]
    return test[stratified_order(labels, generator(0, "looked at"))[:count].sort().values]


def images_of(source: ImageSource, index: Tensor) -> tuple[Images, Labels]:
    """The images at ``index`` in [0, 1] and their labels, all at once, on the source's device."""
    parts = list(batches(source, index, batch_size=TOGETHER))
    return torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts])


def _source(spec: DataSpec, tensors: dict[str, Tensor], part: str, device: torch.device) -> ImageSource:
    labels = tensors[f"{part}_y"]
    if f"{part}_x" in tensors:
        return ResidentImages(tensors[f"{part}_x"], labels, int(tensors["levels"])).to(device)
    if not isinstance(spec, StreamingDataSpec):
        raise SpecError("the prepared data holds no images", where="data-images", do="run snakemake again")
    names = np.array(bytes(tensors[f"{part}_names"].tolist()).split(b"\n"))
    return StreamedImages(ImageFiles(spec.folder_path, names, labels), spec.facts.shape[1], spec.workers, device)
