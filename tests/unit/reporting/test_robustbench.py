"""RobustBench's records: its keys and its types, and what is doubtful said so."""

import pytest

from distillab.reporting.robustbench import model_infos

KEYS = [
    "link", "name", "authors", "additional_data", "number_forward_passes", "dataset", "venue", "architecture", "eps",
    "clean_acc", "reported", "autoattack_acc", "unreliable", "footnote",
]  # fmt: skip
"""Of the records in RobustBench's ``model_info/cifar10/Linf``."""

WORST = {
    "model": "ce-net", "role": "teacher", "defense": "ce", "arch": "net", "seed": 1, "norm": "linf", "eps": 0.1,
    "attacks": 2, "missing": 0, "n": 60, "clean_accuracy": 0.81667, "robust_accuracy": 0.55, "robust_low": 0.425,
    "robust_high": 0.669, "best_single": 0.56, "boundary": 0.26, "transfer_wins": False,
}  # fmt: skip
ATTACKED = {
    "model": "ce-net", "role": "teacher", "defense": "ce", "arch": "net", "seed": 1, "attack": "pgd", "norm": "linf",
    "attack_label": "PGD", "logits": "raw", "kind": "fixed_radius", "eps": 0.1, "strength": "", "targeted": False,
    "robust_accuracy": 0.6, "zero_gradient": 0.0, "randomized_forward": False, "mode": "up to 6 passes an image",
}  # fmt: skip
FACTS = {
    "params": {"data": {"name": "digits"},
               "robustness": {"attacks": {"pgd": {"name": "pgd"}, "aa": {"name": "autoattack"}}}},
    "preset": "tiny", "commit": "abc", "title": "Digits", "standin": "",
}  # fmt: skip


@pytest.fixture
def infos(tables_of):
    """A function from changes of the worst case and of its attacks to the records."""

    def make(worst=None, attacked=None, more=()):
        rows = [ATTACKED | (attacked or {}), *more]
        models = [{"model": "ce-net", "role": "teacher", "defense": "ce", "defense_label": "CE", "arch": "net",
                   "seed": 1, "grade": "V"}]  # fmt: skip
        tables = tables_of(FACTS, worst=[WORST | (worst or {})], robustness=rows, models=models)
        return dict(model_infos(tables))

    return make


def test_a_record_has_robustbenchs_keys_and_types(infos):
    ((path, info),) = infos().items()
    assert path == "digits/Linf/ce-net-s1_0.1.json"
    assert [*info] == [*KEYS, "distillab"]
    strings = {
        "link",
        "name",
        "authors",
        "dataset",
        "venue",
        "architecture",
        "eps",
        "clean_acc",
        "reported",
        "footnote",
    }
    assert all(isinstance(info[key], str) for key in strings)
    assert (info["additional_data"], info["number_forward_passes"], info["unreliable"]) == (False, 1, False)
    assert (info["clean_acc"], info["reported"], info["eps"]) == ("81.67", "55.00", "0.1")
    assert info["autoattack_acc"] is None
    assert info["distillab"]["interval"] == ["42.50", "66.90"]
    assert (info["distillab"]["n"], info["distillab"]["seed"]) == (60, 1)


def test_autoattack_is_told_where_it_was_run_at_this_radius(infos):
    aa = ATTACKED | {"attack": "aa", "attack_label": "AutoAttack", "robust_accuracy": 0.551}
    assert [info["autoattack_acc"] for info in infos(more=[aa]).values()] == ["55.10"]
    assert [info["autoattack_acc"] for info in infos(more=[aa | {"eps": 0.2}]).values()] == [None]
    assert [info["autoattack_acc"] for info in infos(more=[aa | {"seed": 2}]).values()] == [None]


@pytest.mark.parametrize(
    ("worst", "attacked", "says"),
    [
        ({"missing": 2}, {}, "2 attacks are missing"),
        ({}, {"zero_gradient": 0.5}, "zero gradient on 50"),
        ({}, {"randomized_forward": True}, "two forward passes differ"),
        ({"transfer_wins": True}, {}, "a carried-over attack wins"),
    ],
)
def test_what_is_doubtful_is_unreliable_and_says_why(infos, worst, attacked, says):
    (info,) = infos(worst, attacked).values()
    assert info["unreliable"] is True
    assert says in info["footnote"]


def test_norms_that_robustbench_has_not_are_left_out(infos):
    assert infos({"norm": "l0"}) == {}
    assert [*infos({"norm": "l2"}, {"norm": "l2"})] == ["digits/L2/ce-net-s1_0.1.json"]
