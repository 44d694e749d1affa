"""Stage ``attack``: one adversarial attack on one model, one row per image."""

import pandas as pd
import torch
from torch import nn

from distillab.attacks import ATTACKS
from distillab.attacks.projections import farthest_distance
from distillab.core.files import atomic
from distillab.core.job import Member
from distillab.core.seeds import derive
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.evaluate.run_attack import AttackRecord, run_attack
from distillab.evaluate.targets import random_targets
from distillab.models.brought.framed import Finite
from distillab.models.rescaled import rescaled
from distillab.stages.inputs import (
    TOGETHER,
    PreparedData,
    device_for,
    images_of,
    looked_at,
    prepared_data,
    trained_network,
)


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """The per-example table of the attack, the first successes with their pixels."""
    device = device_for(member, workspace)
    data = prepared_data(member, workspace, device)
    spec = ATTACKS.parse(member.spec["attack"])
    ids = looked_at(data, spec.images)
    x, y = images_of(data.test, ids)
    model = _attacked(member.parents["model"], workspace, data, device)
    model = rescaled(model, member.spec["temperature"])
    source = trained_network(member.parents["source"], workspace, data, device) if "source" in member.parents else None
    seed = derive(member.seed, "attack")
    record = run_attack(
        model,
        x,
        y,
        ids.tolist(),
        spec=spec,
        seed=seed,
        y_target=random_targets(y, ids, data.domain.classes, seed) if spec.target == "random" else None,
        keep=member.spec["examples"],
        source=source,
    )
    frame = _frame(record, x)
    farthest = [farthest_distance(part, spec.norm) for part in x.split(TOGETHER)]
    frame["farthest"] = torch.cat(farthest).cpu().numpy()
    with atomic(entry.payload) as temporary:
        frame.to_parquet(temporary, index=False)
    flags = {"zero_gradient": record.zero_gradient_share, "randomized_forward": record.randomized_forward}
    return Product(device.type, flags)


def _attacked(model_id: str, workspace: Workspace, data: PreparedData, device: torch.device) -> nn.Module:
    """The network; one from elsewhere that answers with probabilities may say zero, whose logarithm is not finite."""
    model = trained_network(model_id, workspace, data, device)
    answers = workspace.member(model_id).spec.get("brought", {}).get("answers")
    return nn.Sequential(model, Finite()) if answers == "probabilities" else model


def _frame(record: AttackRecord, x: torch.Tensor) -> pd.DataFrame:
    frame = pd.DataFrame(record.columns())
    rows = {int(i): row for row, i in enumerate(record.id.tolist())}
    frame["x"], frame["x_adv"] = None, None
    for i, adversarial in zip(record.kept_ids.tolist(), record.kept, strict=True):
        row = rows[int(i)]
        frame.at[row, "x"] = x[row].cpu().numpy().tobytes()
        frame.at[row, "x_adv"] = adversarial.cpu().numpy().tobytes()
    return frame
