"""Certificates image by image."""

import numpy as np
import pytest
from attacked_run import AttackedRun, assert_row
from certified_run import FAR, IDS, NEAR, certified

from distillab.tables import certified_images

RADII = (0.06, 0.05, 0.02, 0.09, 0.0, 0.1, 0.07, 0.055)


@pytest.fixture
def run():
    run = AttackedRun()
    teacher, student = run.teacher("nt", seed=5, arch="cnn"), run.step(4.0, 2, seed=7)
    run.certify(student, "dual", certified({0.2: ("dual", "")}), norm="linf")
    run.certify(teacher, "best", certified({0.05: NEAR, 0.1: FAR}, radius=np.array(RADII)))
    return run


def test_images_are_listed_one_by_one(run):
    rows = certified_images.rows(run)
    teachers = {"family": "teachers", "model": "nt-cnn", "certifier": "best", "seed": 5}
    assert len(rows) == 2 + 16
    assert [(row["model"], row["id"]) for row in rows] == [
        *(("ta-T4-step2", id_) for id_ in IDS[:2]),
        *(("nt-cnn", id_) for id_ in IDS * 2),
    ]
    assert_row(
        rows[5], teachers | {"id": 7, "eps": 0.05, "label": 3, "certified": True, "by": "milp", "margin": -0.65}
        | {"radius": 0.09},
    )  # fmt: skip
    assert_row(
        rows[14], teachers | {"id": 21, "eps": 0.1, "label": 1, "certified": False, "by": "", "margin": 1.1}
        | {"radius": 0.0},
    )  # fmt: skip


def test_of_many_images_the_first_are_listed_at_every_radius(monkeypatch, run):
    assert certified_images.SHOWN == 1000
    monkeypatch.setattr(certified_images, "SHOWN", 2)
    assert [(row["id"], row["eps"]) for row in certified_images.rows(run)[2:]] == [
        (40, 0.05),
        (12, 0.05),
        (40, 0.1),
        (12, 0.1),
    ]
