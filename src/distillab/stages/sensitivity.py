"""Stage ``sensitivity``: Jacobian amplitudes of one model, one row per test image."""

import pandas as pd

from distillab.core.files import atomic
from distillab.core.job import Member
from distillab.core.store import Entry
from distillab.core.workspace import Product, Workspace
from distillab.evaluate.sensitivity import sensitivity
from distillab.stages.inputs import device_for, looked_at, prepared_data, trained_network


def make(member: Member, workspace: Workspace, entry: Entry) -> Product:
    """The per-example table of amplitudes at temperature 1."""
    device = device_for(member, workspace)
    data = prepared_data(member, workspace, device)
    model = trained_network(member.parents["model"], workspace, data, device)
    table = sensitivity(model, data.test, looked_at(data, member.spec["images"]))
    frame = pd.DataFrame(table.columns())
    with atomic(entry.payload) as temporary:
        frame.to_parquet(temporary, index=False)
    return Product(device.type)
