"""Stage ``baseline``: students without a teacher: LS students, and students of their pseudo-labels."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from distillab.core.files import write_text
from distillab.core.job import Member
from distillab.core.payloads import load_tensors
from distillab.core.shapes import Labels
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.data.dataset import Batch
from distillab.evaluate.predict import predict
from distillab.specs.thief import LABELER
from distillab.stages.inputs import PreparedData, device_for, fresh_network, trained_network
from distillab.stages.means import held_data, named
from distillab.stages.training import train_member
from distillab.training.supervised import CrossEntropyObjective


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """A control's weights; beside them, where it is refitted, how good it was on the images of the choice before."""
    data = _data(member, workspace)
    if not member.spec.get("refit"):
        return _trained(member, workspace, entry, data)
    apart = Entry(entry.folder / "choice", entry.suffix)
    before = _before_choice(member, workspace, apart, data)
    product = _trained(member, workspace, entry, data)
    shutil.rmtree(apart.folder)
    return Product(product.device, product.results | before, product.run)


def _trained(member: Member, workspace: Workspace, entry: Entry, data: PreparedData) -> Product:
    smoothing = member.spec["label_smoothing"]
    return train_member(
        member, workspace, entry, role="student", objective=lambda *_task: CrossEntropyObjective(smoothing), data=data
    )


def _before_choice(member: Member, workspace: Workspace, apart: Entry, data: PreparedData) -> dict[str, Any]:
    """Accuracy of the same training without the images on which smoothings are compared, on these.

    It is kept until the other training is done, which may be killed: this one is not repeated then.
    """
    path, origin = apart.folder / "choice.json", workspace.lineage.identity(member)
    kept = _read_kept(path, origin)
    if kept is None:
        kept = _accuracy_before(member, workspace, apart, data)
        write_text(path, _proved(origin, json.dumps(kept)))
        for made in (apart.payload, apart.checkpoint):
            made.unlink(missing_ok=True)
    return kept


def _read_kept(path: Path, origin: str) -> dict[str, Any] | None:
    """What was kept of the member's own training before; None where it is absent, damaged or another's."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    content = text.partition("\n")[2]
    found: dict[str, Any] | None = json.loads(content) if text == _proved(origin, content) else None
    return found


def _proved(origin: str, content: str) -> str:
    return hashlib.blake2b(f"{origin}\n{content}".encode(), digest_size=32).hexdigest() + "\n" + content


def _accuracy_before(member: Member, workspace: Workspace, apart: Entry, data: PreparedData) -> dict[str, Any]:
    apart.folder.mkdir(exist_ok=True)
    held = data.split.choice
    _trained(member, workspace, apart, replace(data, split=replace(data.split, train=data.split.before_choice)))
    network = fresh_network(member, data, seed=0)
    network.load_state_dict(load_tensors(apart.payload))
    said = predict(network.to(data.train.y.device), data.train, held, release=lambda log_probs, _images: log_probs)
    right = said.argmax(dim=1) == data.train.y.cpu()[held]
    return {"choice_accuracy": float(right.double().mean()), "choice_n": len(held)}


def _data(member: Member, workspace: Workspace) -> PreparedData:
    device = device_for(member, workspace)
    data = held_data(member, workspace, device)
    if LABELER not in member.parents:
        return data
    student = trained_network(member.parents[LABELER], workspace, data, device)

    def label(batch: Batch) -> Labels:
        classes: Labels = student(batch.x).argmax(dim=1)
        return classes

    return named(data, label)
