"""``distillab certify`` as people type it: published weights in a process of their own, and the stage beside it."""

from collections.abc import Callable

import pandas as pd
import pytest
import torch
from project import Project

from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.model import Domain

pytestmark = pytest.mark.workflow


def test_published_weights_of_the_old_format_are_certified(fresh: Callable[[str], Project]) -> None:
    project = fresh("project")
    network = build_model(MODELS.parse({"name": "wong_small"}), Domain((1, 8, 8), 10, (0.0,), (1.0,)), seed=0).network
    torch.save(network.state_dict(), project.root / "net.pth", _use_new_zipfile_serialization=False)
    command = ("distillab", "certify", "--weights", "net.pth", "--arch", "wong_small", "--data", "digits")
    command += ("--normalization", "none")
    done = project.run(*command, "--eps", "1/100", "--images", "9", "--output", "rows.parquet")
    assert done.stdout.startswith("wong_small on Digits (8x8), linf, best, 9 test images\n")
    assert len(pd.read_parquet(project.root / "rows.parquet")) == 9
    wrong = project.run(*command, "--eps", "8/0", check=False)
    assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (2, "", 1)


def test_weights_that_a_run_has_trained_get_the_same_certificates(finished: Project) -> None:
    frame = pd.read_parquet(finished.results / "certificates" / "teachers" / "ce-cnn_digits" / "dual-s0.parquet")
    path = finished.results / "teachers" / "ce-cnn_digits" / "s0.safetensors"
    output = finished.root.parent / "rows.parquet"
    finished.run(
        "distillab", "certify", "--weights", str(path), "--arch", "cnn_digits", "--data", "digits", "--certifier",
        "dual", "--eps", "0.01", "--output", str(output),
    )  # fmt: skip
    again = pd.read_parquet(output)
    near = frame[frame["eps"] == 0.01].set_index("id")
    same = again[again["id"].isin(near.index)].set_index("id")
    assert len(near) == 12
    assert (same["certified"] == near["certified"]).all()
    assert (same["margin"] - near["margin"]).abs().max() < 1e-4


def test_the_stage_lists_its_jobs(finished: Project) -> None:
    assert finished.run("distillab", "certify").stdout == "all  (4 members)\n"
