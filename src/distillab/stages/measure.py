"""Stage ``measure``: what a model says about training, validation and test images, as its API releases it."""

from distillab.core.job import Member
from distillab.core.payloads import save_tensors
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.evaluate.predict import predict
from distillab.stages.inputs import device_for, prepared_data, release_of, trained_network


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """Released log-probabilities by split, in the order of the split index; of training images for teachers only."""
    device = device_for(member, workspace)
    data = prepared_data(member, workspace, device)
    source = workspace.member(member.parents["model"])
    model = trained_network(source.id, workspace, data, device)
    release = release_of(source.id, workspace, data, device)
    parts = {"val": (data.train, data.split.val), "test": (data.test, data.split.test)}
    if source.stage == "teach":
        parts["train"] = (data.train, data.split.train)
    log_probs = {split: predict(model, images, index, release=release) for split, (images, index) in parts.items()}
    save_tensors(entry.payload, log_probs)
    return Product(device.type)
