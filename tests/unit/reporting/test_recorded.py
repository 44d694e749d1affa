"""What a record keeps of adversarial and of certified training: the tables of the pages, the papers' numbers beside."""

from math import nan
from typing import get_args

import pytest

from distillab.reporting.recorded import SECTIONS, recorded
from distillab.studies import STUDIES
from distillab.studies.study import RecordKind

SPECS = {"title": "MNIST", "params": {
    "defenses": {"madry": {"name": "madry", "eps": 0.3}, "wk": {"name": "wong_kolter", "eps": 0.1}},
    "certification": {"certifiers": {"dual": {"name": "dual"}, "dual_no_box": {"name": "dual", "input_box": False}}},
}}  # fmt: skip


def rows_of(sections, title):
    """The rows of the first table under a title, without its two first lines."""
    lines = sections[sections.index(title) + 1].split("\n\n")[1].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.fixture
def attacked(tables_of, teacher):
    """An adversarially trained teacher under one attack."""
    row = {"model": "madry-net", "role": "teacher", "defense": "madry", "arch": "net", "seed": 0, "norm": "linf",
           "eps": 0.3, "n": 500, "clean_accuracy": 0.986, "robust_accuracy": 0.925, "robust_low": 0.9,
           "robust_high": 0.945}  # fmt: skip
    row |= {"zero_gradient": 0.0, "randomized_forward": False}
    attack = row | {"attack": "pgd_linf", "attack_label": "PGD", "logits": "raw", "kind": "fixed_radius",
                    "mean_distance": 0.2999, "mode": "40 steps, 10 restarts"}  # fmt: skip
    worst = row | {"attacks": 2, "best_single": 0.925, "boundary": 0.06, "transfer_wins": False, "missing": 0}
    lost = {"model": "madry-net", "seed": 0, "epoch": 2, "term": "collapsed", "value": 1.0}
    return tables_of(SPECS, models=[teacher("madry", "Madry", test_accuracy=0.9875)], history=[lost],
                     robustness=[attack, attack | {"logits": "scaled"}], worst=[worst])  # fmt: skip


def certificate(certifier="dual", **more):
    return {"model": "wk-wong_small", "role": "teacher", "defense": "wk", "arch": "wong_small", "norm": "linf",
            "certifier": certifier, "certifier_label": "WK dual", "eps": 0.1, "seed": 0, "n": 10000,
            "clean_accuracy": 0.984, "certified_accuracy": 0.9375, "low": 0.93, "high": 0.94, "slack": 3,
            "robust_accuracy": 0.95, "robust_n": 1000, "gap": 0.0125} | more  # fmt: skip


@pytest.fixture
def certified(tables_of, teacher):
    """A teacher trained on the dual, its certificates with and without the pixel box, and a cascade."""
    cost = {"model": "wk-wong_small", "seed": 0, "eps": 0.1, "seconds_per_image": 0.005, "peak_memory": 12e6}
    costs = [cost | {"certifier": "dual"}, cost | {"certifier": "dual_no_box"}]
    cascade = {"cascade": "wk", "arch": "wong_small", "networks": 2, "certifier": "dual", "norm": "linf", "eps": 0.1,
               "seed": 0, "n": 10000, "paper_robust_error": 0.04, "strict_robust_error": 0.05,
               "standard_error": 0.02, "shares": [0.9, 0.05]}  # fmt: skip
    rows = [certificate(), certificate("dual_no_box", robust_accuracy=nan, robust_n=0)]
    return tables_of(SPECS | {"certificate_costs": costs}, models=[teacher("wk", "WK", arch="wong_small")],
                     certificates=rows, cascades=[cascade])  # fmt: skip


def test_a_record_is_of_one_of_the_kinds_and_every_kind_is_asked_for():
    assert {study.record for study in STUDIES.values()} - {None} == set(SECTIONS) == set(get_args(RecordKind))


def test_an_attack_stands_with_its_radius_on_raw_logits_alone(attacked, papers):
    (row,) = rows_of(recorded("robustness", attacked, papers), "## Attacks")
    assert row == ["Madry", "98.6", "92.5 [90.0, 94.5]"]


def test_the_worst_case_counts_its_attacks_and_names_doubts(attacked, papers):
    title = "## Worst case over the attacks of one norm, image by image"
    (row,) = rows_of(recorded("robustness", attacked, papers), title)
    assert row == ["Madry", "98.6", "92.5 [90.0, 94.5]", "92.5", "its training collapsed in epoch 2"]


def test_the_attacked_papers_stand_beside_ours(attacked, papers):
    rows = rows_of(recorded("robustness", attacked, papers), "## What the papers print")
    assert all(len(row) == 8 for row in rows)
    assert {row[6] for row in rows if row[0].startswith("Madry") and row[3] == "under attack"} >= {
        "92.5 [90.0, 94.5] Madry"
    }
    assert {row[6] for row in rows if row[0].startswith("Zhang") and "TRADES" in row[2]} == {"–"}


def test_certificates_stand_beside_attacks_and_with_their_cost(certified, papers):
    parts = recorded("certificates", certified, papers)
    (row,) = rows_of(parts, "## Certificates")
    assert row == ["WK", "98.4", "95.0 [93.5, 96.2]", *["93.8 [93.0, 94.0]"] * 2, "1.25"]
    costs = next(part for part in parts if "What certificates take" in part)
    assert "| WK dual | 5.00 | 12.0 |" in costs
    assert r"| WK dual (no\_box) | 5.00 |" in costs


def test_a_cascade_has_both_errors(certified, papers):
    (row,) = rows_of(recorded("certificates", certified, papers), "## Cascades")
    assert row[:3] == [r"WK, wong\_small", "2", "WK dual, L∞, eps 0.1"]
    assert [cell.split()[0] for cell in row[3:6]] == ["2.0", "4.0", "5.0"]


def test_the_certified_papers_stand_beside_ours_without_numbers_from_memory(certified, papers):
    rows = rows_of(recorded("certificates", certified, papers), "## What the papers print")
    (bound,) = [row for row in rows if "no input box" in row[3]]
    assert bound[4:7] == ["robust error bound", "5.82", "6.25 [6.00, 7.00] WK"]
    assert not [row for row in rows if row[7] == "memory"]


def test_a_title_without_a_table_is_left_out(certified, papers):
    certified._frames["cascades"] = certified["cascades"].iloc[:0]
    assert "## Cascades" not in recorded("certificates", certified, papers)
