from math import nan

import pytest
from pages import rows_of

from distillab.reporting import certified_papers

SPECS = {"title": "MNIST", "params": {
    "defenses": {"ce": {"name": "ce"}, "wk": {"name": "wong_kolter", "eps": 0.1},
                 "second": {"name": "wong_kolter", "eps": 0.1, "after": "wk"},
                 "far": {"name": "wong_kolter", "eps": 0.3}, "madry": {"name": "madry", "eps": 0.1}},
    "certification": {"certifiers": {"dual": {"name": "dual"}, "dual_paper": {"name": "dual", "input_box": False},
                                     "best": {"name": "best"}}},
}}  # fmt: skip


def certificate(defense, certifier="dual", share=0.9375, *, arch="wong_small", eps=0.1):
    return {"model": f"{defense}-{arch}", "role": "teacher", "defense": defense, "arch": arch, "norm": "linf",
            "certifier": certifier, "certifier_label": certifier, "eps": eps, "seed": 0, "n": 10000,
            "clean_accuracy": 0.984, "certified_accuracy": share, "low": share - 0.01, "high": share + 0.01, "slack": 0,
            "robust_accuracy": nan, "robust_n": 0, "gap": nan}  # fmt: skip


@pytest.fixture
def shown(tables_of, teacher, papers):
    """A function from certificates to the rows of the table with the papers' numbers beside ours."""

    def show(*rows, **facts):
        models = [teacher(key, key.upper(), arch="wong_small") for key in ("ce", "wk", "second", "far", "madry")]
        read = tables_of(SPECS | facts, models=models, certificates=rows)
        text = certified_papers.printed_tables(read, papers).text
        return rows_of(text.split('id="printed-caption"')[0])

    return show


def test_ours_stands_beside_the_same_network_and_radius(shown):
    rows = shown(certificate("wk"))
    (bound,) = [row for row in rows if "conv net (models/mnist.pth) linf eps 0.1, WK bound, with [0,1] input" in row]
    assert "robust error bound 5.64 6.25 [5.25, 7.25] WK recomputed from the released weights" in bound
    (clean,) = [row for row in rows if "natural test error 1.8 1.60 WK recomputed" in row]
    assert clean
    assert any("small single, linf eps 0.1 robust error bound 4.99 6.25 [5.25, 7.25] WK memory" in r for r in rows)
    assert not any("WK" in row.split("%")[0] for row in rows if "linf eps 0.3" in row or "large" in row)


def test_a_printed_clean_error_is_of_a_network_trained_at_the_papers_radius(shown):
    """It names none itself: that of the same network's bounds counts."""
    clean = [row for row in shown(certificate("far", eps=0.3)) if "natural test error 1.8 " in row]
    assert clean
    assert all("no such network at this radius here" in row for row in clean)


def test_the_radii_of_one_seed_are_no_seeds(shown):
    rows = shown(*(certificate("ce", share=0.0, eps=eps) for eps in (0.1, 0.1, 0.1)))
    (clean,) = [row for row in rows if "standard conv net natural test error" in row]
    assert "1.60 CE" in clean


def test_the_paper_without_the_pixel_box_is_compared_with_ours_without_it(shown):
    def beside(*certificates):
        return next(row for row in shown(*certificates) if "WK bound, no input box" in row)

    assert "5.82 6.25 [5.25, 7.25] WK" in beside(certificate("wk", "dual_paper"))
    assert "no such network" in beside(certificate("wk", "dual"))


@pytest.mark.parametrize(
    "other",
    [certificate("madry"), certificate("second"), certificate("far"), certificate("wk", "best"),
     certificate("wk", arch="cnn_digits")],
    ids=["other training", "second of a cascade", "other radius", "other certifier", "other network"],
)  # fmt: skip
def test_nothing_else_stands_beside_the_first_paper(shown, other):
    rows = [row for row in shown(other) if "Wong & Kolter" in row and "standard" not in row]
    assert rows
    assert all("no such network at this radius here" in row or "CROWN" in row for row in rows)


def test_the_dual_does_not_stand_beside_another_bound(shown):
    rows = [row for row in shown(certificate("wk"), certificate("wk", "dual_paper")) if "CROWN" in row]
    assert rows
    assert all("no such bound here" in row for row in rows)


def test_a_network_without_a_defense_stands_beside_the_standard_one(shown):
    rows = [row for row in shown(certificate("ce", share=0.0)) if "standard conv net" in row]
    assert any("robust error bound 100 100 [99.0, 101] CE" in row for row in rows)
    assert sum("no attack on this network" in row for row in rows) == 2


def test_numbers_from_memory_are_folded(tables_of, papers):
    shown, folded = certified_papers.printed_tables(tables_of(SPECS), papers).text.split("<details>")
    memory = folded.split('id="printed-caption"')[0]
    assert not any(row.endswith("memory") for row in rows_of(shown))
    assert rows_of(memory)
    assert all(row.endswith("memory") for row in rows_of(memory))


def test_a_stand_in_is_not_the_papers_data(shown):
    assert not shown(certificate("wk"), standin="copies")


def test_wrong_rows_are_left_out_and_memory_is_named(papers):
    rows = certified_papers.printed_rows(papers)
    assert not {70.3, 30.2} & set(rows["value"])
    known = rows.set_index(["paper", "dataset", "model", "setting", "quantity"])["known"]
    own = ("Wong & Kolter 2018", "MNIST", "robust conv net (models/mnist.pth)", "natural", "test_error")
    assert known[own] == "recomputed from the released weights"
    scaled = ("Wong et al. 2018", "MNIST", "small", "single, linf eps 0.1", "robust_error")
    assert known[scaled] == "memory"
    assert set(rows.loc[rows["model"] == "best cascade", "value"]) == {3.1, 36.4}


@pytest.mark.parametrize(
    ("setting", "norm", "eps", "same"),
    [("single, linf eps 2/255", "linf", 2 / 255, True), ("single, linf eps 2/255", "linf", 0.01, False),
     ("l2 eps 36/255, stored", "linf", 36 / 255, False), ("l2 eps 36/255, stored", "l2", 36 / 255, True),
     ("natural", "linf", 0.1, False), ("eps 0.1, before -> after", "linf", 0.1, True)],
)  # fmt: skip
def test_a_printed_setting_names_its_ball(setting, norm, eps, same):
    assert certified_papers._is_ball(setting, norm, eps) == same
