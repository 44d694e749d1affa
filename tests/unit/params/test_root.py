"""How base, preset and override become one set of parameters."""

import pytest

from distillab.core.errors import SpecError
from distillab.params.layers import merge, preset_names, read_layers
from distillab.specs.train import AdamSpec, SGDSpec


def test_every_preset_is_valid(project, params_of):
    names = preset_names(project() / "config")
    assert {"digits", "tiny"} <= set(names)
    assert "base" not in names
    assert [params_of(preset=name).preset for name in names] == names


def test_later_layers_win_key_by_key(params_of):
    params = params_of({"train": {"optimizer": {"momentum": 0.5}}})
    assert params.train.optimizer == SGDSpec(lr=0.05, momentum=0.5)
    assert params.train.batch_size == 32


def test_another_optimizer_replaces_the_whole_optimizer(params_of):
    params = params_of({"train": {"optimizer": {"name": "adam"}}})
    assert params.train.optimizer == AdamSpec()
    assert params_of({"train": {"optimizer": {"name": "sgd"}}}).train.optimizer.lr == 0.05


def test_null_takes_an_inherited_method_out(params_of):
    params = params_of({"defenses": {"ls": None}, "robustness": {"attacks": {"cw_l2": None}}})
    assert list(params.defenses) == ["ce", "st", "cmim"]
    assert list(params.robustness.attacks) == ["pgd_linf"]
    assert list(params_of({"knockoff": {"attacks": {"kd": None}}}).knockoff.attacks) == ["mkd"]


def test_a_star_takes_out_what_is_not_named_beside_it(params_of):
    defenses = {"*": None, "ce": {}, "cmim": {"weight": 0.7}, "own": {"name": "ls", "label_smoothing": 0.2}}
    found = params_of({"defenses": defenses}).defenses
    assert list(found) == ["ce", "cmim", "own"]
    assert found["cmim"].weight == 0.7
    assert found["ce"] == params_of().defenses["ce"]


def test_a_star_stands_for_null_alone(params_of):
    with pytest.raises(SpecError, match=r"defenses\.\*"):
        params_of({"defenses": {"*": {}}})


def test_not_every_defense_can_be_taken_out(params_of):
    with pytest.raises(SpecError, match="defenses: "):
        params_of({"defenses": dict.fromkeys(("ce", "ls", "st", "cmim"))})


def test_a_network_may_be_named_alone(params_of):
    assert params_of({"pairs": [{"teacher": "cnn_digits", "student": {"name": "cnn_digits"}}]}).pairs[0].teacher.name


def test_students_take_the_recipe_of_the_teachers_unless_they_have_one(params_of):
    assert params_of().student_recipe == params_of().train
    assert params_of({"student_train": {"epochs": 2}}).student_recipe.epochs == 2


def test_a_fraction_is_exact(params_of):
    params = params_of({"robustness": {"attacks": {"pgd_linf": {"eps": "8/255"}}}})
    assert params.robustness.attacks["pgd_linf"].eps == 8 / 255


def test_merging_changes_neither_layer():
    low, high = {"a": {"name": "x", "b": 1}}, {"a": {"c": 2}}
    assert merge(low, high) == {"a": {"name": "x", "b": 1, "c": 2}}
    assert (low, high) == ({"a": {"name": "x", "b": 1}}, {"a": {"c": 2}})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("preset: digts\n", "no such preset; expected one of .*digits.*; got 'digts'; did you mean digits?"),
        ("override: {}\n", "no such preset"),
        ("preset: tiny\nseeds: [1]\ntrain: {}\n", "params.yaml: seeds, train: .*under override"),
        ("preset: tiny\noverride: [1]\n", "override: not a mapping; .*got list"),
        ("preset: tiny\noverride: {preset: digits}\n", "override.preset: .*beside override"),
        ("- tiny\n", "not a mapping; .*got list"),
        ("preset: [\n", "not YAML"),
        (None, "no such file; run from the project's root folder"),
    ],
)
def test_a_broken_params_file_is_one_line(project, text, says):
    root = project()
    (root / "params.yaml").unlink() if text is None else (root / "params.yaml").write_text(text)
    with pytest.raises(SpecError, match=says) as error:
        read_layers(root / "params.yaml")
    assert "\n" not in str(error.value)
