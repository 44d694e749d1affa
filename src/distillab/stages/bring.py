"""Networks from elsewhere: read once, tried, and kept whole, so that all that follows works from the store."""

from collections.abc import Iterator

import torch

from distillab.blackbox.pixels import Pixels
from distillab.core.errors import ArtifactError
from distillab.core.job import Member
from distillab.core.payloads import save_tensors
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.data import DATASETS
from distillab.data.dataset import batches
from distillab.data.ids import image_ids
from distillab.evaluate.answers import require_answers
from distillab.models.brought import BROUGHT
from distillab.models.count import parameter_count
from distillab.specs.brought import NamedImages
from distillab.stages.inputs import TOGETHER, PreparedData, device_for, images_of, opened_network, prepared_data

TRIED = 5
"""Images that a network is tried on."""


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """What the network is made of, after it answered a few images.

    Raises:
        ArtifactError: a file is damaged, of another kind, or not the one that the run was planned with.
        SpecError: it holds another network than was said.
        ContractError: its answers are none to images of this data set.
    """
    device = device_for(member, workspace)
    data = prepared_data(member, workspace, device)
    brought = BROUGHT.parse(member.spec["brought"])
    payload = brought.matched(brought.read(data.domain), _named_images(member, workspace, data))
    if brought.fingerprint() != member.spec["content"]:
        raise ArtifactError("changed since the run was planned", where=member.id, do="run snakemake again")
    model = opened_network(brought, payload, workspace, data).to(device)
    x, _ = images_of(data.train, data.split.train[:TRIED])
    require_answers(
        model,
        x,
        classes=data.domain.classes,
        probabilities=brought.answers != "logits",
        where=f"models.{member.model.defense}" if member.model else member.id,
    )
    save_tensors(entry.payload, payload)
    return Product(device.type, {"history": [], "parameters": parameter_count(model)})


def _named_images(member: Member, workspace: Workspace, data: PreparedData) -> NamedImages:
    """The images of the run with their names; the names are read when they are needed."""
    spec = DATASETS.parse(workspace.member(member.parents["images"]).spec["data"])
    parts = (("train", data.train, torch.cat([data.split.train, data.split.val])), ("test", data.test, data.split.test))

    def walk(names: dict[str, list[str]]) -> Iterator[tuple[list[str], Pixels]]:
        for split, source, index in parts:
            for batch in batches(source, index, batch_size=TOGETHER):
                yield [names[split][i] for i in batch.index.tolist()], batch.x.cpu().numpy()

    return NamedImages(lambda: image_ids(spec), sum(len(index) for _, _, index in parts), walk)
