from pathlib import Path

import pytest

from distillab.core.errors import ArtifactError
from distillab.reporting.reported import Reported

FOLDER = Path(__file__).parents[3] / "reports" / "reported"


@pytest.fixture
def reported():
    return Reported(FOLDER)


@pytest.mark.parametrize(
    ("title", "standin", "expected"),
    [
        ("CIFAR-100", "", "CIFAR-100"),
        ("Tiny ImageNet", "", "TinyImageNet"),
        ("CIFAR-100", "JPEG copies", ""),
        ("Digits (8x8)", "", ""),
    ],
)
def test_papers_numbers_stand_only_beside_the_same_data(reported, title, standin, expected):
    assert reported.dataset({"title": title, "standin": standin}) == expected


def test_printed_accuracies_are_shares_by_our_architecture(reported):
    printed = reported.accuracies("CIFAR-100")
    assert printed["CMIM", "resnet50"] == pytest.approx(0.7872), "table 2, not table 5"
    assert printed["CMIM", "xception"] == pytest.approx(0.7764)
    assert reported.accuracies("ImageNet")["CE", "resnet34"] == pytest.approx(0.7331)
    assert reported.accuracies("") == {}


def test_printed_knockoffs_are_shares_by_our_architectures(reported):
    printed = reported.matrix("CIFAR-100")
    assert printed["CMIM", "resnet50", "vgg11_bn", "DIST"] == pytest.approx(0.7186)
    assert printed["CMIM", "resnet50", "vgg11_bn", "LS"] == pytest.approx(0.7194)
    assert reported.matrix("") == {}


def test_printed_overheads_are_multiples_of_cross_entropy(reported):
    printed = reported.overheads("CIFAR-100")
    assert printed == {("CMIM", "resnet50"): pytest.approx(1.106), ("CMIM", "vgg16_bn"): pytest.approx(1.1582)}
    minutes = reported["cmim_table9"].pivot_table(index="model", columns="method", values="total_minutes")
    assert (minutes["CMIM"] / minutes["CE"]).tolist() == pytest.approx(list(printed.values()), abs=1e-4)


def test_the_literal_rule_holds_for_the_printed_table(reported):
    best = reported["cmim_table1_best"]
    cmim = best["defense"] == "CMIM"
    assert not best.loc[cmim, "distillable"].any()
    assert best.loc[~cmim, "distillable"].all()


def test_half_of_the_printed_rows_are_significant_and_nine_after_correction(reported):
    """Welch's test on three runs a cell, the printed spreads read as standard deviations."""
    from scipy.stats import ttest_ind_from_stats

    keys = ["dataset", "defense", "teacher", "student"]
    cells = reported["cmim_table7"].set_index([*keys, "attack"])
    p = {}
    for row in reported["cmim_table1_best"].itertuples():
        where = tuple(getattr(row, key) for key in keys)
        if (*where, "LS") in cells.index:
            ours, ls = (cells.loc[(*where, attack)] for attack in (row.best_attack, "LS"))
            p[where] = ttest_ind_from_stats(
                row.best_from_numbers, ours["std"], 3, row.ls_accuracy, ls["std"], 3, equal_var=False,
                alternative="greater",
            ).pvalue  # fmt: skip
    stored = reported["cmim_table1_significance"].set_index(keys)["p_one_sided"]
    # stored is the probability on the side of the margin, so that CMIM's rows say how surely the LS student is better
    assert {where: min(value, 1 - value) for where, value in p.items()} == pytest.approx(stored.to_dict(), abs=6e-4)
    others = [value for where, value in p.items() if where[1] != "CMIM"]
    assert len(others) == 34
    assert sum(1 - value < 0.05 for where, value in p.items() if where[1] == "CMIM") == 1
    assert sum(value < 0.05 for value in others) == 17
    assert sum(7 * value < 0.05 for value in others) == 9


def test_the_baseline_of_the_chain_paper_is_a_share(reported):
    assert reported.baseline(reported.chain_dataset({"title": "CIFAR-10", "standin": ""})) == pytest.approx(0.7772)
    assert reported.chain_dataset({"title": "MNIST", "standin": "digits"}) == ""
    assert reported.baseline("") is None


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ArtifactError, match=r"nothing\.csv: missing"):
        Reported(tmp_path)["nothing"]
