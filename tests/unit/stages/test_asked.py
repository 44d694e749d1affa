"""Models that are not here: an endpoint and a table of its answers are robbed as the network behind them would be."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from small_project import OVERRIDE, SmallProject, images

sys.path.insert(0, str(Path(__file__).parents[1] / "blackbox"))

from paid_endpoint import running

from distillab.core.errors import ArtifactError, UnansweredError
from distillab.models.brought import BROUGHT
from distillab.stages import bring

ALONE = OVERRIDE | {"studies": ["undistillable"], "defenses": {"*": None, "ce": {}}, "seeds": [0]}
ASKED = {"batch": 16, "rate": 1000}
CLASSES = 5


def said(x):
    """What the model behind all of them says: of each image the brightness of five stripes, as a softmax."""
    stripes = np.stack([part.sum(axis=(1, 2, 3)) for part in np.array_split(x.astype(np.float64), CLASSES, axis=2)])
    return np.exp(stripes.T) / np.exp(stripes.T).sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def endpoint():
    with running() as server:
        server.reply = lambda x: (str(said(x).tolist()).encode(), "application/json")
        yield server


def table(folder, form="probabilities", leave_out=()):
    """A csv of answers to all images of the small project's data."""
    frames = []
    for split in ("train", "test"):
        x, _ = images(split)
        probs = said(x.float().numpy())
        columns = {"label": probs.argmax(1)} if form == "labels" else {f"p{i}": probs[:, i] for i in range(CLASSES)}
        frames.append(pd.DataFrame({"id": [f"{split}/{i}" for i in range(len(x))]} | columns))
    path = folder / f"{form}.csv"
    frame = pd.concat(frames)
    frame[~frame["id"].isin(leave_out)].to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def project(endpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    models = {
        "far": {"endpoint": {"url": endpoint.url} | ASKED},
        "noted": {"recorded": str(table(folder))},
        "named": {"recorded": str(table(folder, "labels")), "answers": "labels"},
    }
    return SmallProject(folder / "project", ALONE | {"models": models})


def test_both_doors_lead_to_the_model_behind_them(project, endpoint):
    x, _ = images("test")
    expected = torch.from_numpy(said(x.float().numpy()))[project.index("test")].float()
    far, noted = (project.made(f"{key}-{key}-s0-measure").tensors
                  for key in ("far", "noted"))  # fmt: skip
    assert torch.allclose(far["test"].exp(), expected, atol=1e-6)
    assert torch.allclose(noted["test"].exp(), expected, atol=1e-6)
    named = project.made("named-named-s0-measure").tensors
    assert torch.equal(named["test"].exp().argmax(1), expected.argmax(1))
    assert set(named["test"].exp().unique().tolist()) == {0.0, 1.0}


def test_each_image_is_paid_for_once_across_stages_and_none_that_is_not_needed(project, endpoint):
    project.made("far-far-s0-measure")
    measured = set(endpoint.paid)
    wanted = {
        image.float().numpy().tobytes()
        for split, part in (("val", "train"), ("test", "test"))
        for image in images(part)[0][project.index(split)]
    }
    tried = {image.float().numpy().tobytes() for image in images("train")[0][project.index("train")[: bring.TRIED]]}
    assert measured == wanted | tried
    project.made("far-far--kd-cnn_digits-s0")
    bought = {image.float().numpy().tobytes() for image in images("train")[0][project.index("train")]}
    assert set(endpoint.paid) == measured | bought
    assert set(endpoint.paid.values()) == {1}
    ours = project.workspace.plan.members["far-far-s0"].spec["brought"]
    paid = BROUGHT.parse(ours).paid(project.root)
    assert (paid.answers, paid.possibly_twice) == (sum(endpoint.paid.values()), 0)


def test_a_thief_learns_the_same_from_either(project):
    far, noted = (project.made(f"{key}--kd-cnn_digits-s0").tensors for key in ("far-far", "noted-noted"))
    assert all(torch.allclose(far[name], noted[name], atol=1e-4) for name in far)


def test_views_that_nobody_recorded_cannot_be_asked_about(project):
    with pytest.raises(ArtifactError, match=r"has no recorded answer; .*`responses: cached`"):
        project.made("noted-noted--dkd-cnn_digits-s0")


@pytest.mark.parametrize(("leave_out", "more", "says"), [
    (["test/3", "train/5", "train/6"], [], r"images without an answer; .*got \d of 88: "),
    ([], ["test/999"], r"ids that are no images of the data; expected ids such as 'train/0|'test/0'; .*'test/999'"),
])  # fmt: skip
def test_a_table_and_the_images_must_be_of_each_other(tmp_path, leave_out, more, says):
    path = table(tmp_path, "labels", leave_out)
    path.write_text(path.read_text() + "".join(f"{name},0\n" for name in more))
    small = SmallProject(tmp_path / "project", ALONE | {"models": {"m": {"recorded": str(path), "answers": "labels"}}})
    with pytest.raises(ArtifactError, match=says):
        small.made("m-m-s0")


def test_an_endpoint_that_is_none_ends_the_job_with_a_line(tmp_path, endpoint):
    url = endpoint.url.replace("/predict", "/predict?model=b")
    models = {"m": {"endpoint": {"url": url} | ASKED, "answers": "labels"}}
    with pytest.raises(UnansweredError, match=r"/predict: the endpoint's reply: not one answer for each image"):
        SmallProject(tmp_path / "project", ALONE | {"models": models}).made("m-m-s0")


def test_every_table_is_made_of_what_was_asked(tmp_path, endpoint):
    models = {
        "far": {"endpoint": {"url": endpoint.url, "version": "tables"} | ASKED},
        "named": {"recorded": str(table(tmp_path, "labels")), "answers": "labels"},
    }
    knockoff = {"attacks": {"*": None, "kd": {"responses": "cached"}}, "label_smoothing": [0.1]}
    small = SmallProject(tmp_path / "project", ALONE | {"models": models, "knockoff": knockoff})
    frames = {member.id: small.produce(member.id) for member in small.members("collect")}
    leaks = pd.read_parquet(next(path for path in frames.values() if path.stem == "leaks"))
    assert {tuple(row) for row in leaks[["defense", "split"]].to_numpy()} == {
        ("ce", "train"), ("ce", "test"), ("far", "test"), ("named", "test"),
    }  # fmt: skip
    knockoffs = pd.read_parquet(next(path for path in frames.values() if path.stem == "knockoff"))
    assert {"far", "named"} <= set(knockoffs["defense"])
