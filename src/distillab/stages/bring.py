"""Networks from elsewhere: read once, tried, and kept whole, so that all that follows works from the store."""

from distillab.core.errors import ArtifactError
from distillab.core.job import Member
from distillab.core.payloads import save_tensors
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.evaluate.answers import require_answers
from distillab.models.brought import BROUGHT
from distillab.models.count import parameter_count
from distillab.stages.inputs import device_for, images_of, prepared_data

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
    payload = brought.read(data.domain)
    if brought.fingerprint() != member.spec["content"]:
        raise ArtifactError("changed since the run was planned", where=member.id, do="run snakemake again")
    model = brought.open(payload, data.domain).to(device)
    x, _ = images_of(data.train, data.split.train[:TRIED])
    require_answers(
        model,
        x,
        classes=data.domain.classes,
        probabilities=brought.answers == "probabilities",
        where=f"models.{member.model.defense}" if member.model else member.id,
    )
    save_tensors(entry.payload, payload)
    return Product(device.type, {"history": [], "parameters": parameter_count(model)})
