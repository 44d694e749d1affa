"""The presets at the paper's scale: its pairs of networks, its recipes, its settings by network."""

import csv
from pathlib import Path

import pytest

REPORTED = Path(__file__).parents[3] / "reports" / "reported"
DATASETS = {"cifar100": "CIFAR-100", "tinyimagenet": "TinyImageNet", "imagenet": "ImageNet"}
presets = pytest.mark.parametrize("preset", DATASETS)


def rows(name):
    with (REPORTED / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@presets
def test_pairs_are_those_of_table_1(params_of, preset):
    ours = {row["printed"]: row["ours"] for row in rows("architectures")}
    table = [row for row in rows("cmim_table1") if row["dataset"] == DATASETS[preset]]
    pairs = [(pair.teacher.name, pair.student.name) for pair in params_of(preset=preset).pairs]
    assert len(set(pairs)) == len(pairs)
    assert set(pairs) == {(ours[row["teacher"]], ours[row["student"]]) for row in table}


@presets
def test_every_defense_of_table_1_is_there_once_for_each_of_its_networks(params_of, preset):
    ours = {row["printed"]: row["ours"] for row in rows("architectures")}
    wanted = {
        (row["defense"], ours[row["teacher"]]) for row in rows("cmim_table1") if row["dataset"] == DATASETS[preset]
    }
    params = params_of(preset=preset)
    networks = {pair.teacher.name for pair in params.pairs}
    ours_alone = ("mad_extreme", "cmim_fast")
    variants = [spec for key, spec in params.defenses.items() if not key.startswith(ours_alone)]
    there = [(spec.label, network) for spec in variants for network in networks if spec.protects(network)]
    assert len(set(there)) == len(there)
    assert wanted <= set(there)


@pytest.mark.parametrize("preset", ["cifar100", "tinyimagenet"])
def test_the_recipe_is_that_of_the_small_data_sets(params_of, preset):
    train = params_of(preset=preset).train
    assert (train.epochs, train.batch_size, train.optimizer.lr) == (200, 128, 0.1)
    assert (train.schedule.milestones, train.schedule.gamma) == ((60, 120, 160), 0.1)


def test_imagenet_has_torchvisions_reference_recipe_and_one_seed(params_of):
    params = params_of(preset="imagenet")
    train = params.train
    assert (train.epochs, train.batch_size, train.schedule.milestones) == (90, 256, (30, 60))
    assert (train.optimizer.lr, train.optimizer.momentum, train.optimizer.weight_decay) == (0.1, 0.9, 1e-4)
    assert params.seeds == (0,)


@presets
def test_the_ls_student_is_chosen_from_eleven(params_of, preset):
    params = params_of(preset=preset)
    assert params.knockoff.label_smoothing == (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    assert params.data.val > 0


@pytest.mark.parametrize(
    ("preset", "temperature", "rank"), [("cifar100", 4, 3), ("tinyimagenet", 4, 5), ("imagenet", 1, 16)]
)
def test_attacks_have_the_papers_temperature_and_dimension(params_of, preset, temperature, rank):
    attacks = params_of(preset=preset).knockoff.attacks
    assert {attacks[key].temperature for key in ("kd", "mkd", "dkd", "dkd_2_8", "avg")} == {temperature}
    assert attacks["mkd"].rank == rank
    assert {(attacks[key].target_weight, attacks[key].nontarget_weight) for key in ("dkd", "dkd_2_8")} == {
        (1, 4),
        (2, 8),
    }
    assert (attacks["htc"].temperature, attacks["htc"].label_weight) == (20, 0.01)


@pytest.mark.parametrize(
    ("preset", "weights"),
    [
        ("cifar100", {"resnet50": 0.2, "vgg16_bn": 0.5}),
        ("tinyimagenet", {"resnet34": 0.1, "resnet50": 0.5}),
        ("imagenet", {"resnet34": 0.2}),
    ],
)
def test_cmim_has_the_papers_weight_for_each_network(params_of, preset, weights):
    params = params_of(preset=preset)
    cmim = [spec for spec in params.defenses.values() if spec.name == "cmim"]
    assert {name: spec.weight for name in weights for spec in cmim if spec.protects(name)} == weights
    assert all((spec.beta, spec.n_powers, spec.omega) == (2.0, 25, 25.0) for spec in cmim)
    assert {key for key, spec in params.defenses.items() if spec in cmim and spec.mode == "fast"} == {
        key for key in params.defenses if key.startswith("cmim_fast")
    }


@pytest.mark.parametrize(
    ("preset", "kept"),
    [("cifar100", 10), ("tinyimagenet", 20), ("imagenet", 100), ("cifar10", 2), ("mnist", 2), ("digits", 2)],
)
def test_the_stingy_teacher_keeps_as_many_classes_as_its_release(params_of, preset, kept):
    params = params_of(preset=preset)
    assert params.defenses["st"].kept(params.data.facts.classes) == kept
