"""What audit.yaml may say: every mistake is one line that names the key, what is expected and what was given."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper
from PIL import Image

from distillab.cli.audit import _prepare
from distillab.core.errors import ArtifactError, SpecError
from distillab.params.audit_example import EXAMPLE_TEXT
from distillab.params.audit_file import AuditFile, read_audit
from distillab.params.audit_images import audit_images
from distillab.params.audit_plan import audit_plan, small_network
from distillab.plan.build import build_plan

PROJECT = Path(__file__).parents[3]
MODEL = {"callable": "model:answer"}


@pytest.fixture
def folder(tmp_path):
    """30 images of each of three classes."""
    for name in ("ape", "cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(30):
            Image.fromarray(np.full((8, 8), i, np.uint8)).save(tmp_path / "photos" / name / f"{i}.png")
    return tmp_path


def planned(folder, **said):
    content = {"model": MODEL, "images": "photos", "trusted": True} | said
    (folder / "audit.yaml").write_text(yaml.safe_dump(content))
    audit = read_audit(folder / "audit.yaml")
    run = folder / "project" / "audits" / "audit"
    return audit_plan(audit, audit_images(audit, folder, run, folder / "project"), folder)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"model": None}, "audit.yaml: model: expected key: value pairs"),
        ({"model": {"onxx": "m.onnx"}}, "audit.yaml: model: expected one of the keys"),
        ({"imagse": 1}, "audit.yaml: imagse: unknown key; expected one of .*did you mean images"),
        ({"images": 3}, "audit.yaml: images: "),
        ({"images": {"name": "mnits"}}, "audit.yaml: images: expected one of .*did you mean mnist"),
        ({"name": "../x"}, "audit.yaml: name: expected a name"),
        ({"trusted": "maybe"}, "audit.yaml: trusted: "),
        ({"test": 0}, "audit.yaml: test: "),
        ({"test": 1.0}, "audit.yaml: test: expected a whole number of images, or a share below 1; got 1.0"),
        ({"resize": "yes, please"}, "audit.yaml: resize: "),
        ({"labels": 0}, "audit.yaml: labels: expected a number greater than or equal to 1; got 0"),
        ({"queries": -1}, "audit.yaml: queries: "),
        ({"budget": {"minutes": 0}}, "audit.yaml: budget.minutes: expected a number greater than 0; got 0"),
        ({"budget": {"hours": 1}}, "audit.yaml: budget.hours: unknown key; expected one of minutes, answers"),
        ({"seeds": 2}, "audit.yaml: seeds: expected a number greater than or equal to 3; got 2"),
        ({"defenses": ["mda"]}, "audit.yaml: defenses\\[0\\]: "),
        ({"defenses": [{"rounded": 9}]}, "audit.yaml: defenses\\[0\\].*rounded: "),
        ({"student": "wong"}, "audit.yaml: student: expected one of .*did you mean wong"),
        ({"price": -1}, "audit.yaml: price: "),
        ({"currency": "U$"}, r"audit.yaml: currency: expected a name that matches \^\[A-Za-z\]\{1,8\}\$; got 'U\$'"),
        ({"device": "gpu"}, "audit.yaml: device: expected one of auto, cpu, cuda; got 'gpu'; did you mean cpu"),
        ({"name": "a" * 41}, "audit.yaml: name: expected at most 40 characters; got 'aaa"),
    ],
)
def test_each_key_is_refused_in_one_line(folder, said, line):
    with pytest.raises(SpecError, match=line) as error:
        planned(folder, **said)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"images": "nowhere"}, "images: no such folder or archive"),
        ({"images": "photos/ape"}, "0.png: in no class folder"),
        ({"labels_from": "truth.csv"}, r"truth\.csv: cannot be read"),
        ({"images": {"name": "digits"}, "labels_from": "truth.csv"}, "labels_from: tells the labels of a folder"),
        ({"test": 91}, "test: more images than there are; expected at most 89 of 90; got 91"),
        ({"test": 90}, "test: more images than there are; expected at most 89 of 90; got 90"),
        ({"test": 0.999}, "test: more images than there are; expected at most 89 of 90; got 90"),
        ({"images": {"name": "digits"}, "resize": True}, "resize: is for images of a folder; got images: digits"),
        ({"queries": 73}, "queries: too many; expected at most the 72 images there are; got 73"),
        (
            {"queries": 31, "budget": {"answers": 48}},
            "queries: too many; expected at most the 30 answers of the budget",
        ),
        ({"budget": {"answers": 20}}, "budget.answers: too few answers; expected at least 21: 18 to judge with"),
        ({"labels": 73}, "labels: too many; expected at most the 72 images; got 73"),
        ({"trusted": False}, "trusted: this kind of model can run code of its own; expected trusted: true; got false"),
        ({"price": 1}, "price: answers of this kind of model are not counted .* got callable; leave it out"),
        (
            {"price": 1, "model": {"endpoint": {"url": "https://example.org/x", "price": 2}}},
            "price: given twice; expected price, or endpoint.price of 1000 answers; got both",
        ),
        ({"defenses": ["nt"]}, r"defenses\[0\]: cannot stand around a model; .* got nt"),
    ],
)
def test_what_does_not_fit_the_images_is_refused(folder, said, line):
    with pytest.raises((SpecError, ArtifactError), match=line):
        planned(folder, **said)


def test_two_keys_suffice_beside_trust_in_code(folder):
    plan = planned(folder)
    assert (plan.queries, plan.judged, plan.labels, plan.answers) == (72, 18, 30, 90)
    data = plan.override["data"]
    assert {key: data[key] for key in ("name", "path", "shape", "classes", "images", "held_out", "train_limit")} == {
        "name": "labeled_images", "path": "photos", "shape": [1, 8, 8], "classes": 3, "images": 90, "held_out": 18,
        "train_limit": 72,
    }  # fmt: skip
    assert [*plan.override["thieves"]] == ["*", "poor", "poor_label", "poor_rounded_1", "poor_top_3"]
    assert plan.override["defenses"]["mad"]["base"] == "mine"
    assert plan.override["pairs"] == [{"teacher": {"name": "cnn_digits"}, "student": {"name": "cnn_digits"}}]


def test_controls_have_twice_the_seeds_of_every_thief(folder):
    """They are cheap, and one gain is a difference to all of them."""
    plan = planned(folder, seeds=4)
    thieves = {name: means for name, means in plan.override["thieves"].items() if means}
    assert plan.override["seeds"] == [0, 1, 2, 3]
    assert {name: means["control_seeds"] for name, means in thieves.items()} == dict.fromkeys(thieves, 8)


def test_the_longer_side_of_images_chooses_their_network():
    shapes = (1, 8, 8), (3, 64, 64), (3, 64, 224), (3, 224, 64)
    assert [small_network(shape) for shape in shapes] == ["cnn_digits", "wong_small", *["shufflenet_v2"] * 2]


def test_the_budget_bounds_images_and_passes(folder):
    """Ten minutes are 30,000 images of a training; a twelfth of a thousand images of each go."""
    images = {"name": "synthetic", "channels": 3, "size": 32, "train_images": 50_000, "test_images": 2_000}
    ten, five = (planned(folder, images=images, budget={"minutes": minutes}) for minutes in (10, 5))
    assert (ten.queries, five.queries, ten.judged) == (5_000, 2_500, 400)
    assert ten.override["student_train"]["epochs"] == five.override["student_train"]["epochs"] == 6
    few = planned(folder, images=images, queries=1_000)
    assert (few.queries, few.override["student_train"]["epochs"]) == (1_000, 30)
    bought = planned(folder, images=images, budget={"answers": 900})
    assert (bought.queries, bought.answers) == (500, 900)


def test_the_price_of_an_answer_is_told_while_the_endpoint_is_asked(folder):
    plan = planned(folder, price=0.25, model={"endpoint": {"url": "https://example.org/x", "rate": 2}})
    assert plan.override["models"]["mine"]["endpoint"]["price"] == 250
    assert plan.override["models"]["mine"]["endpoint"]["rate"] == 2
    free = planned(folder, model={"endpoint": {"url": "https://example.org/x", "price": 3}})
    assert free.override["models"]["mine"]["endpoint"]["price"] == 3


def test_paths_start_from_the_file_and_are_told_from_the_run(folder):
    (folder / "m.onnx").write_bytes(b"")
    plan = planned(folder, model={"onnx": "m.onnx"})
    assert plan.override["models"]["mine"]["onnx"] == str(folder / "m.onnx")
    assert plan.override["data"]["root"] == str(folder)  # outside the project
    (folder / "project").mkdir()
    (folder / "photos").rename(folder / "project" / "photos")
    assert planned(folder, images="project/photos").override["data"]["root"] == "../.."


def test_folders_with_splits_and_tables_of_labels_are_taken_as_they_are(folder):
    lines = [f"{i}.png,{'even' if i % 2 == 0 else 'odd'}" for i in range(30)]
    (folder / "truth.csv").write_text("\n".join(["file,label", *lines]))
    (folder / "photos" / "cat").rename(folder / "flat")
    told = planned(folder, images="flat", labels_from="truth.csv").override["data"]
    assert (told["classes"], told["images"], told["labels"]) == (2, 30, "truth.csv")
    (folder / "split").mkdir()
    for split, name in (("train", "ape"), ("test", "dog")):
        (folder / "split" / split).mkdir()
        (folder / "photos" / name).rename(folder / "split" / split / "one")
        (folder / "split" / split / "two").mkdir()
        (folder / "split" / split / "one" / "0.png").rename(folder / "split" / split / "two" / "0.png")
    split = planned(folder, images="split")
    assert split.override["data"]["name"] == "image_folder"
    assert (split.judged, split.queries) == (6, 30)


def write(folder, place, mode="L", size=(8, 8)):
    Image.new(mode, size).save(folder / "photos" / "dog" / f"{place}.png")


def test_one_image_of_another_size_is_told_before_anything_runs(folder):
    write(folder, 29, size=(6, 9))
    says = r"images of several sizes; expected 8x8 \(height x width\), as most have; got also 9x6; write resize: true"
    with pytest.raises(SpecError, match=says):
        planned(folder)
    data = planned(folder, resize=True).override["data"]
    assert (data["resize"], data["shape"]) == (True, [1, 8, 8])
    write(folder, 29)
    assert "resize" not in planned(folder, resize=True).override["data"]


@pytest.mark.parametrize("archive", [False, True])
def test_one_colored_image_among_many_gives_all_three_channels(folder, archive):
    write(folder, 17, mode="RGB")
    images = shutil.make_archive(str(folder / "packed"), "zip", folder / "photos") if archive else "photos"
    assert planned(folder, images=images).override["data"]["shape"] == [3, 8, 8]


def test_the_example_has_every_key_and_is_valid_as_it_is_written():
    written = yaml.safe_load(EXAMPLE_TEXT)
    assert AuditFile.model_validate(written)
    everything = yaml.safe_load("\n".join(line.removeprefix("# ") for line in EXAMPLE_TEXT.splitlines()[3:]
                                          if "{name: cifar10" not in line))  # fmt: skip
    assert {*everything} == {*AuditFile.model_fields}


def write_model(path):
    """Anything, for no network is built for a plan; of ONNX a file, which is asked what else it is stored in."""
    path.write_bytes(b"anything")
    if path.suffix == ".onnx":
        value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
        onnx.save_model(helper.make_model(helper.make_graph([], "net", [value], [value])), path)


@pytest.mark.parametrize(
    ("model", "file"),
    [
        ({"onnx": "m.onnx"}, "m.onnx"), ({"torchscript": "m.pt"}, "m.pt"), ({"exported": "m.pt2"}, "m.pt2"),
        ({"weights": "m.pth", "arch": "cnn_digits"}, "m.pth"), ({"callable": "mine_to_ask:answer"}, "mine_to_ask.py"),
    ],
)  # fmt: skip
def test_every_kind_of_file_becomes_a_row_that_thieves_rob(folder, monkeypatch, model, file):
    """The parameters are valid, and the model is a teacher that is read once and robbed by each thief."""
    write_model(folder / file)
    monkeypatch.syspath_prepend(str(folder))
    plan = planned(folder, model=model, defenses=["label", "mad"], seeds=3)
    run = folder / "project" / "audits" / "audit"
    _prepare(run, PROJECT, plan.override)
    monkeypatch.chdir(run)
    members = build_plan(Path()).members.values()
    teachers = [member for member in members if member.stage == "teach" and member.model.defense == "mine"]
    assert [member.spec["brought"]["name"] for member in teachers] == [next(iter(model))]
    robbed = {(m.model.thief, m.model.defense) for m in members if m.stage == "knockoff"}
    assert robbed == {("poor", "ce"), ("poor", "mine"), ("poor", "mad"), ("poor_label", "mine")}
