"""Presets that repeat a paper have its values, or say why not: value by value."""

from pathlib import Path

import pytest

from distillab.attacks import carlini_wagner_l0, carlini_wagner_l2, carlini_wagner_linf
from distillab.core.errors import ArtifactError
from distillab.params.layers import preset_names
from distillab.reporting.departures import (
    FILE,
    NOT_HERE,
    OWN,
    Departure,
    departures,
    departures_table,
    read_settings,
    settings_of_papers,
)
from distillab.reporting.reported import Reported

PROJECT = Path(__file__).parents[3]
PAPERS = Reported(PROJECT / "reports" / "reported")
PRESETS = tuple(dict.fromkeys(preset for experiment in read_settings(PAPERS) for preset in experiment["presets"]))

SETTINGS_OF_OUR_OWN = {
    "ablation_ast_ratio", "ablation_ast_temperature", "ablation_ast_weight", "ablation_beta", "ablation_omega",
    "ablation_powers", "ablation_weight", "ast_forms", "ast_narrow", "audit", "cifar10_reduced", "claims_digits",
    "cmim_modes", "digits", "digits_full", "madry_capacity", "manyclass", "mnist_certified", "mnist_reduced",
    "mnist_robust", "mnist_thieves", "tiny", "trades_sweep", "wong_kolter_reduced",
}  # fmt: skip
"""Presets that say in their first lines that they are no paper's, or a reduced form."""

RESULTS = {
    "ta_reported": (
        "attack_", "accuracy", "max_accuracy", "softmax_limit", "trend_", "train_images", "test_images", "total_images",
        "classes", "pixel_range", "layers_", "multi_step_shown", "cw_l0_",
    ),
    "wong_kolter_reported": (
        "certified_", "robust_error", "test_error", "fgsm_", "pgd_", "unstable_", "relative_", "missed_", "training_",
        "parameters", "hidden_units", "accuracy_drop",
    ),
    "scaling_reported": (
        "robust_error", "certified_", "natural_", "test_error", "cascade_", "epsilon_l2", "epsilon", "filters_",
        "parameters", "hidden_units",
    ),
}  # fmt: skip
"""How quantities begin that are results, facts of data and networks, or stand in the file of settings by themselves."""

NAMES = {"dataset", "arch", "teacher", "student", "source", "adversarial_arch", "t_squared", "kl_direction"}
"""Columns of the releases' files that name a row, or stand in the file of settings by themselves."""


def of_preset(params_of, preset, override=None):
    return departures(PAPERS, preset, params_of(override, preset).identity(choices=True))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_has_the_papers_values_or_a_reason_for_each_that_it_has_not(params_of, preset):
    found = of_preset(params_of, preset)
    assert [each for each in found if each.reason == OWN or each.ours == NOT_HERE or not each.reason] == []
    differ = {each.what for each in found}
    excused = {
        row["what"]
        for row in settings_of_papers(PAPERS, preset)
        if (preset in row["because"] if isinstance(row.get("because"), dict) else "because" in row)
    }
    assert excused == differ, "a reason for a difference that there is not"


def test_every_preset_repeats_a_paper_or_says_that_it_does_not():
    unknown = set(preset_names(PROJECT / "config")) - {*PRESETS, *SETTINGS_OF_OUR_OWN}
    assert not unknown, f"write what the paper states to {FILE}, or name the preset in SETTINGS_OF_OUR_OWN"
    assert {*PRESETS, *SETTINGS_OF_OUR_OWN} <= set(preset_names(PROJECT / "config"))
    assert not SETTINGS_OF_OUR_OWN.intersection(PRESETS)


def test_every_value_has_a_source_and_a_place_or_a_reason():
    for experiment in read_settings(PAPERS):
        assert set(experiment) == {"presets", "settings"}
        for row in experiment["settings"]:
            assert row["source"]
            assert ("stated" in row) is not ("file" in row), row
            assert "where" in row or "built_in" in row or "because" in row, row
            assert set(row) <= {
                "what",
                "source",
                "stated",
                "file",
                "row",
                "column",
                "where",
                "built_in",
                "because",
                "reads",
            }
    for preset in PRESETS:
        names = [row["what"] for row in settings_of_papers(PAPERS, preset)]
        assert len(set(names)) == len(names), preset


@pytest.mark.parametrize("file", RESULTS)
def test_every_setting_of_a_file_of_quantities_is_compared(file):
    rows = [row for experiment in read_settings(PAPERS) for row in experiment["settings"] if row.get("file") == file]
    compared = {row["row"]["quantity"] for row in rows}
    settings = {name for name in PAPERS[file]["quantity"] if not name.startswith(RESULTS[file])}
    assert settings - compared == set()


@pytest.mark.parametrize("file", ["ast_hyperparams", "nasty_hyperparams", "stingy_hyperparams"])
def test_every_column_of_a_release_is_compared(file):
    rows = [row for experiment in read_settings(PAPERS) for row in experiment["settings"] if row.get("file") == file]
    shared = {"lr", "milestones", "gamma", "epochs", "batch_size"} if file != "ast_hyperparams" else set()
    assert set(PAPERS[file].columns) - NAMES - shared == {row["column"] for row in rows} - shared


def test_what_the_releases_share_is_alike():
    """So that the recipe of one file is that of the others, but for the plain CNN and one network on Tiny ImageNet."""
    ast, nasty, stingy = (PAPERS[f"{name}_hyperparams"] for name in ("ast", "nasty", "stingy"))
    for dataset in ("cifar10", "cifar100"):
        recipes = {
            tuple(row)
            for frame in (ast, nasty)
            for row in frame.loc[
                frame["dataset"] == dataset, ["lr", "milestones", "gamma", "epochs", "batch_size"]
            ].values
        }
        assert len(recipes) == 1
        others = stingy[(stingy["dataset"] == dataset) & (stingy["student"] != "net")]
        assert set(others["epochs"]) | set(others["batch_size"]) == {recipes.copy().pop()[3], recipes.pop()[4]}


def test_budgets_are_read_as_the_code_spends_them():
    reads = {row["what"]: row["reads"] for row in settings_of_papers(PAPERS, "mnist") if "reads" in row}
    assert reads["L2, iterations of each const"] == {
        budget: carlini_wagner_l2.SPENDING[budget][0] for budget in ("default", "paper")
    }
    strict = carlini_wagner_l0.STRICT
    assert reads["L0, iterations of each const"] == {budget: strict[budget][0] for budget in ("default", "paper")}
    assert reads["L0, largest const"] == {budget: strict[budget][1] for budget in ("default", "paper")}
    assert reads["Linf, iterations of each const"] == {
        budget: carlini_wagner_linf.STRICT_STEPS[budget] for budget in ("default", "paper")
    }


def test_what_a_user_sets_departs_too(params_of):
    override = {"train": {"epochs": 3}, "defenses": {"rsp": None}, "seeds": [5]}
    found = {each.what: each for each in of_preset(params_of, "cifar100", override)}
    assert found["epochs"] == Departure("epochs", 200.0, 3.0, "App. G", OWN)
    assert found["runs"].ours == 1.0
    assert found["RSP's alpha"].ours == NOT_HERE
    assert "batch" not in found


def test_the_page_shows_each_departure_with_its_reason_and_counts_the_rest(params_of, tables_of):
    params = params_of(preset="wong_kolter_har").identity(choices=True)
    read = tables_of()
    read.facts.update(preset="wong_kolter_har", params=params)
    text = departures_table(read, PAPERS).text
    stated, found = (len(of(PAPERS, "wong_kolter_har", *rest)) for of, rest in
                     ((settings_of_papers, ()), (departures, (params,))))  # fmt: skip
    assert f"{stated - found} of the {stated} values" in text
    assert text.startswith("<details><summary>Where this run departs from the paper")
    assert "a pixel is half of a feature in [-1, 1]" in text
    assert all(value in text for value in (">0.05<", ">0.025<"))


def test_a_run_of_no_papers_settings_has_no_such_table(tables_of):
    read = tables_of()
    read.facts.update(preset="digits", params={})
    assert departures_table(read, PAPERS).text == ""


@pytest.mark.parametrize("content", ["a: [", b"\xff"])
def test_a_damaged_file_is_told_by_name(tmp_path, content):
    (tmp_path / FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ArtifactError, match=f"{FILE}: not YAML"):
        read_settings(Reported(tmp_path))


@pytest.mark.parametrize("preset", ["mnist", "cifar10"])
def test_sparse_teachers_of_ten_classes_have_the_releases_values_for_ten(params_of, preset):
    """Those for a hundred classes would keep one class of ten, and weigh it by 27 instead of 1.8."""
    spec = params_of(None, preset).defenses["ast"]
    assert (spec.weight, spec.temperature, spec.ratio) == (0.05, 6.0, 0.2)
