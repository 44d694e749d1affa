"""Run in a copy of the project to which the certifier ``oracle`` was added: what `best`, tables and pages make of it.

Writes ``found.json`` into the folder it is run in.
"""

import json
from pathlib import Path

import pandas as pd
import yaml
from attacked_run import AttackedRun
from certifier_cases import subject

from conftest import write_tables
from distillab.certify import CERTIFIERS
from distillab.evaluate.run_certifier import run_certifier
from distillab.plan.build import build_plan
from distillab.reporting.certified_views import certificate_table
from distillab.reporting.tables import Tables
from distillab.tables import certificates

EPS, N = 0.06, 6


def verdicts():
    """Of six images, two of them misclassified, at a radius that leaves one of each kind open."""
    graph, x, y = subject(N)
    found = run_certifier(CERTIFIERS.parse({"name": "best"}), graph, x, y, eps=EPS)
    return pd.DataFrame(found.columns()).assign(id=range(N), eps=EPS, radius=float("nan"))


def facts():
    """What the plan says of two certifiers."""
    asked = {"*": None, "best": {"name": "best"}, "oracle": {"name": "oracle"}}
    content = {"preset": "tiny", "override": {"certification": {"certifiers": asked}}}
    Path("params.yaml").write_text(yaml.safe_dump(content))
    return build_plan().facts["certifiers"]


def row_of(frame, said):
    """The row of the table."""
    run = AttackedRun(certifiers=said, defenses={"ce": {"label": "CE"}})
    run.certify(run.teacher("ce"), "best", frame)
    (row,) = certificates.rows(run)
    return row


def page_of(row, said):
    """The certificates on the page, of this row alone."""
    folder = write_tables(Path("tables"), seeds=1)
    pd.DataFrame([row]).to_parquet(folder / "certificates.parquet")
    content = json.loads((folder / "facts.json").read_text())
    content["methods"]["certifiers"] = said
    (folder / "facts.json").write_text(json.dumps(content))
    return certificate_table(Tables(folder)).text


if __name__ == "__main__":
    frame, said = verdicts(), facts()
    row = row_of(frame, said)
    found = {"by": frame["by"].tolist(), "facts": said, "row": row, "page": page_of(row, said)}
    Path("found.json").write_text(json.dumps(found))
