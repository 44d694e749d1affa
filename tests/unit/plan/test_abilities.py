"""What a network from elsewhere cannot be asked is not planned, and said."""

import onnx
import pytest
from onnx import TensorProto, helper

OVERRIDE = {
    "studies": ["undistillable", "adversarial", "certified"],
    "seeds": [4, 0],
    "sensitivity": {"families": ["teachers"]},
    "certification": {"defenses": []},
}


@pytest.fixture
def plan(plan_of, tmp_path):
    (tmp_path / "net.pth").write_bytes(b"never read to plan")
    (tmp_path / "net.pt").write_bytes(b"never read to plan")
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    onnx.save_model(helper.make_model(helper.make_graph([], "net", [value], [value])), tmp_path / "net.onnx")
    models = {
        "o": {"onnx": str(tmp_path / "net.onnx")},
        "s": {"torchscript": str(tmp_path / "net.pt")},
        "w": {"weights": str(tmp_path / "net.pth"), "arch": "cnn_digits"},
    }
    return plan_of(OVERRIDE | {"models": models, "trusted": ["s"], "defenses": {"st": {"base": "o"}}})


def asked_of(plan, model):
    return {member.stage for member in plan.members.values() if member.parents.get("model") == model}


def test_each_kind_is_asked_what_it_can_answer(plan):
    assert asked_of(plan, "o-o-s4") == {"measure"}
    assert asked_of(plan, "s-s-s4") == {"measure", "attack", "sensitivity"}
    assert asked_of(plan, "w-cnn_digits-s4") == asked_of(plan, "ce-cnn_digits-s4")
    assert asked_of(plan, "ce-cnn_digits-s4") == {"measure", "attack", "sensitivity", "certify"}


def test_what_is_not_asked_has_a_reason(plan):
    told = {(each["model"], each["stage"], each["question"]): each["reason"] for each in plan.facts["impossible"]}
    assert {key[:2] for key in told} == {
        ("o-o-s4", "attack"), ("o-o-s4", "sensitivity"), ("o-o-s4", "certify"), ("s-s-s4", "certify"),
    }  # fmt: skip
    assert told["o-o-s4", "attack", "pgd_linf raw"] == "no gradients through a model of kind onnx"


def test_there_is_one_of_it_and_of_a_defense_around_it(plan):
    teachers = [member for member in plan.members.values() if member.stage == "teach"]
    assert {m.id for m in teachers if m.model.defense in {"o", "st"}} == {"o-o-s4", "st-o-s4"}
    robbed = [m for m in plan.members.values() if m.model and m.model.teacher == "st-o"]
    assert {m.seed for m in robbed} == {4, 0}
    assert {m.parents["teacher"] for m in robbed} == {"st-o-s4"}


def test_the_page_of_certificates_is_about_what_it_has_no_certificates_of(plan):
    page = plan.members["tables/certified/certificates.parquet"].parents
    assert {"o-o-s4", "s-s-s4", "w-cnn_digits-s4"} <= page.keys()
    assert "st-o-s4" not in page
