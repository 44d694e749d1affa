"""Presets that repeat a paper make one step of each kind of their jobs, on a few images of their data's format.

The published sizes of networks and steps are left to `make nightly`, which keeps the networks.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
import torch
import yaml
from PIL import Image

from distillab.core.stages import stage_module
from distillab.core.workspace import Workspace
from distillab.data.raw import RawData
from distillab.params.load import load_params
from distillab.plan.build import build_plan
from distillab.reporting.departures import read_settings
from distillab.reporting.reported import Reported

REPOSITORY = Path(__file__).parents[2]
SETTINGS = read_settings(Reported(REPOSITORY / "reports" / "reported"))
PRESETS = tuple(dict.fromkeys(preset for experiment in SETTINGS for preset in experiment["presets"]))

IMAGES, HELD_OUT, TESTED = 16, 4, 4
LIGHT = {"papernot_mnist", "papernot_cifar", "small_cnn", "madry_mnist", "wong_small", "wong_har", "plain_cnn"}
FEW = {
    "steps": 1, "search_steps": 1, "restarts": 1, "queries": 2, "images": 2, "refine": 1, "models": 1, "width": 4,
    "epochs": 1, "batch_size": IMAGES, "checkpoint_every": 1, "radius_steps": 0, "workers": 0,
}  # fmt: skip
"""What is made small wherever it has a number."""


@dataclass(frozen=True)
class Kind:
    """What tells jobs of one stage apart."""

    stage: str
    method: str
    network: str = ""


def few(value):
    """The parameters with fewer steps, and one or two images where images are counted."""
    if isinstance(value, dict):
        return {
            key: FEW[key] if key in FEW and isinstance(item, int) and not isinstance(item, bool) else few(item)
            for key, item in value.items()
        }
    return [few(item) for item in value] if isinstance(value, list) else value


def light(network, data):
    """A network for the same images that costs little."""
    if data == "imagenet":
        return {"name": "resnet18", "stem": "imagenet"}
    if network["name"].startswith("wong_") and network["name"] not in LIGHT:
        return {"name": "wong_small"}
    return network if network["name"] in LIGHT else {"name": "plain_cnn"}


def shrunk(params, networks):
    """A preset's parameters for a run of seconds: all of its methods; few images, seeds, steps and temperatures."""
    small = few(params)
    data = small["data"]["name"]
    small["data"] |= {"val": HELD_OUT if small["data"]["val"] else 0}
    if data == "imagenet":
        small["data"] |= {"classes": IMAGES, "size": 64}
    small["seeds"] = params["seeds"][:2] if params["robustness"]["transfer"] else params["seeds"][:1]
    small["headline"] = {}
    small["knockoff"]["label_smoothing"] = params["knockoff"]["label_smoothing"][:2]
    for chain in small["chains"].values():
        chain |= {"steps": 1, "temperatures": [1.0, 20.0], "one_seed_from": None}
    for method in (*small["robustness"]["attacks"].values(), *small["defenses"].values()):
        method |= {key: FEW[key] for key in ("steps", "images") if key in method}
    small["certification"] |= {"images": 1}
    small["sensitivity"] |= {"images": 2}
    if not networks:
        small["pairs"] = [{role: light(pair[role], data) for role in pair} for pair in small["pairs"]]
        for defense in small["defenses"].values():
            defense["networks"] = []
    del small["preset"]
    small["device"] = "cpu"
    return small


def kind_of(member, networks):
    """Stage, method and network, if these count; the method of a model is its defense, its attack, or its step."""
    model, said = member.model, member.axes
    carried = "source" if "source" in member.parents else ""
    method = said.get("attack", "") + said.get("certifier", "") + said.get("part", "") + carried
    if model and member.stage != "distill":
        method = model.defense if member.stage == "teach" else model.attack or model.role
    if member.stage in {"measure", "sensitivity"}:
        method = said["family"]
    if member.stage == "distill":
        method += said["step"]
    return Kind(member.stage, method, model.arch if networks and model else "")


def a_few_images(spec):
    """Random images of the data set's shape, levels and classes, as its files would give them."""
    facts, generator = spec.facts, torch.Generator().manual_seed(0)
    x = torch.randint(0, facts.levels + 1, (IMAGES + TESTED, *facts.shape), generator=generator)
    x = x.to(torch.uint8 if facts.levels < 256 else torch.int32)
    y = torch.arange(IMAGES + TESTED) % facts.classes
    names = tuple(f"class {i}" for i in range(facts.classes))
    return RawData(x[:IMAGES], y[:IMAGES], x[IMAGES:], y[IMAGES:], facts.levels, names)


def image_tree(folder):
    """ImageNet's folders, with an image for each class and part."""
    for part in ("train", "val"):
        for label in range(IMAGES):
            path = folder / part / f"n{label:08}" / f"{part}_{label}.JPEG"
            path.parent.mkdir(parents=True)
            Image.new("RGB", (72, 68), (label, 2 * label, 99)).save(path)


def jobs_of(preset, root, monkeypatch, *, networks):
    """Make one member of each kind, and all that it stands on; return the kinds."""
    for name in ("config", "reports"):
        (root / name).symlink_to(REPOSITORY / name)
    (root / "params.yaml").write_text(yaml.safe_dump({"preset": preset, "override": {}}), encoding="utf-8")
    params = load_params(root)
    (root / "config").unlink()
    (root / "config").mkdir()
    (root / "config" / "base.yaml").write_text("{}", encoding="utf-8")
    text = yaml.safe_dump(shrunk(params.plain(), networks))
    (root / "config" / f"{preset}.yaml").write_text(text, encoding="utf-8")
    if params.data.streaming:
        image_tree(root / "data" / "imagenet")
        monkeypatch.chdir(root)
    else:
        monkeypatch.setattr(type(params.data), "read", a_few_images)
    workspace = Workspace(root, build_plan(root))
    asked = [member for member in workspace.plan.members.values() if member.stage not in {"collect", "report"}]
    firsts = {}
    for member in asked:
        firsts.setdefault(kind_of(member, networks), member)
    for member in firsts.values():
        made(member, workspace)
    return set(firsts)


def made(member, workspace):
    """The member's payload, after those of its parents that have a place of their own."""
    for parent in member.parents.values():
        if workspace.member(parent).path:
            made(workspace.member(parent), workspace)
    if member.path and not workspace.path(member).exists():
        workspace.produce(member, import_module(stage_module(member.stage)).make)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_makes_a_step_of_each_of_its_jobs(preset, tmp_path, monkeypatch):
    kinds = jobs_of(preset, tmp_path, monkeypatch, networks=False)
    assert {kind.stage for kind in kinds} >= {"prepare", "measure"}
    assert len({kind.method for kind in kinds if kind.stage in {"teach", "distill"}}) >= 2


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_makes_a_step_of_each_of_its_jobs_on_its_own_networks(preset, tmp_path, monkeypatch):
    assert jobs_of(preset, tmp_path, monkeypatch, networks=True)
