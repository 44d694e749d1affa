from html import escape
from math import inf, nan
from pathlib import Path

import pandas as pd
import pytest
from pages import words

from distillab.reporting import chain_attacks, chain_differences, chain_plots, chain_text, chain_views
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables
from distillab.tables import TABLES

PAPERS = Reported(Path(__file__).parents[3] / "reports" / "reported")
FACTS = {"title": "MNIST", "standin": "", "class_names": [str(label) for label in range(10)], "missing": []}


def frame(name, rows):
    return pd.DataFrame(rows, columns=list(TABLES[name].names)).infer_objects()


def tables(facts=FACTS, **rows):
    """Tables of the given rows; every other table is empty."""
    made = Tables("nowhere")
    made._frames = {name: frame(name, rows.get(name, [])) for name in TABLES}
    made.__dict__["facts"] = facts
    return made


def model(temperature=1.0, step=0, chain="ta", seed=0, **more):
    name = f"{chain}-T{temperature:g}-step{step}"
    place = {"model": name, "role": "chain", "chain": chain, "temperature": temperature, "step": step, "seed": seed}
    return place | {"test_accuracy": 0.9, "test_n": 100, "confidence": 0.8, "ece": 0.1} | more


def attacked(temperature=20.0, step=1, logits="raw", **more):
    cell = {"attack": "cw", "attack_label": "C&W L2", "norm": "l2", "kind": "minimum_norm", "eps": nan, "n": 10}
    cell |= {"success_n": 9, "success_rate": 1.0, "success_low": 0.7, "success_high": 1.0, "median_distance": 0.5}
    cell |= {"penalized_mean": 0.6, "max_distance": 2.0, "mean_l2": 0.4, "zero_gradient": 0.25}
    return model(temperature, step) | cell | {"logits": logits} | more


def claim(statement, decision, view="", chain="ta", seeds=3):
    return {"claim": "c", "chain": chain, "statement": statement, "view": view, "unit": "l2", "value": 0.5, "low": 0.1,
            "high": 0.9, "p": 0.01, "decision": decision, "seeds": seeds, "source": "V-A"}  # fmt: skip


def difference(earlier, later, temperature, view="raw", **more):
    row = {"chain": "ta", "norm": "l2", "view": view, "earlier": earlier, "later": later, "temperature": temperature}
    row |= {
        "difference": 0.25,
        "low": 0.1,
        "high": 0.4,
        "seeds": 3,
        "images_difference": 0.26,
        "images_low": 0.2,
        "images_high": 0.3,
        "n": 48,
    }
    return row | more


def test_the_papers_baseline_stands_only_beside_the_same_data_and_the_same_model():
    rows = [model(), model(20.0), model(20.0, 1)]
    table = chain_views.steps_table(tables(models=rows), PAPERS).text
    assert table.count("99.4") == 1
    assert "99.4" in table.split("teacher, T = 1<")[1].split("</tr>")[0]
    standin = chain_views.steps_table(tables(FACTS | {"standin": "digits"}, models=rows), PAPERS).text
    assert "99.4" not in standin
    assert "Paper" not in standin


def test_a_step_without_jacobian_is_a_dash_with_its_reason():
    assert 'title="not measured"' in chain_views.steps_table(tables(models=[model()]), PAPERS).text


def test_masked_and_unmasked_numbers_stand_in_their_columns():
    rows = [attacked(success_rate=0.1), attacked(logits="rescaled", success_rate=0.9, median_distance=0.25)]
    cells = chain_attacks.masking_table(tables(models=[model()], robustness=rows)).text.split("<tbody")[1].split("<td")
    found = [next((v for v in ("10.0", "90.0", "0.500", "0.250", "25.0") if f">{v}" in cell), "") for cell in cells]
    assert [value for value in found if value] == ["10.0", "90.0", "0.500", "0.250", "25.0"]


def test_one_seed_brings_its_interval_over_images():
    text = chain_attacks.masking_table(tables(models=[model()], robustness=[attacked()])).text
    assert "[70.0, 100]" in text
    assert "Wilson" in text


def test_what_has_no_number_says_why():
    rows = [attacked(median_distance=inf), attacked(attack="fgsm", attack_label="FGSM", kind="fixed_radius", eps=0.1)]
    text = chain_attacks.masking_table(tables(models=[model()], robustness=rows)).text
    for reason in ("half of a seed's searches found nothing", "fixed radius, eps 0.100", "not run"):
        assert f'title="{escape(reason)}"' in text


def test_steps_that_are_never_right_say_so():
    nothing = {"success_rate": nan, "success_low": nan, "success_high": nan, "median_distance": nan, "success_n": 0}
    text = chain_attacks.masking_table(tables(models=[model()], robustness=[attacked(**nothing)])).text
    assert text.count('title="no image was classified correctly"') == 2
    assert "half of the searches" not in text


def test_distances_of_steps_that_are_never_right_are_no_figure_and_no_comparison():
    rows = [attacked(20.0, step, success_n=0, median_distance=nan, penalized_mean=nan) for step in (0, 1)]
    read = tables(models=[model(20.0), model(20.0, 1)], robustness=rows)
    assert "on a correctly classified image of a chain" in FIGURES["robustness"](read).text
    assert "two steps of a chain both classify correctly" in chain_differences.differences_table(read).text


def test_the_undefended_model_stands_beside_the_defended_ones():
    rows = [attacked(), attacked(1.0, success_rate=0.95)]
    text = chain_attacks.masking_table(tables(models=[model()], robustness=rows)).text
    assert "95.0" in text
    assert 'title="at T = 1, Z/T is Z"' in text


def test_folded_rows_are_those_on_which_an_attack_does_not_do_alike():
    def seen(step, unmasked, **fields):
        key = {"success_rate": 0.5} | fields
        return [attacked(20.0, step, **key), attacked(20.0, step, logits="rescaled", **(key | unmasked))]

    never = {"success_rate": nan, "success_low": nan, "success_high": nan, "median_distance": nan, "success_n": 0}
    rows = [attacked(20.0, 1), *seen(0, {}), *seen(2, {"success_rate": 0.6}), *seen(3, {}, **never)]
    folded = chain_attacks.masking_table(tables(models=[model()], robustness=rows)).text.split("<details>")[1]
    told = [step for step in ("teacher", "student", "step 3") if f"{step}, T = 20" in folded]
    assert told == ["student", "step 3"]


def test_models_trained_at_one_have_nothing_to_unmask():
    assert "Nothing to unmask" in chain_attacks.masking_table(tables(robustness=[attacked(1.0)])).text


def test_differences_are_averaged_first_and_single_temperatures_folded():
    steps = [difference(0, 1, -1.0, images_low=nan, images_high=nan, n=nan), difference(0, 1, 20.0)]
    shown, folded = chain_differences.differences_table(tables(steps=steps)).text.split("<details>")
    assert "averaged over all T" in shown
    assert "n = 48" not in shown
    assert "T = 20" in folded
    assert "+0.250 [+0.100, +0.400] n = 48" in words(folded)
    alone = [difference(0, 1, 20.0, low=nan, high=nan)]
    said = words(chain_differences.differences_table(tables(steps=alone)).text)
    assert "+0.260 [+0.200, +0.300] n = 48" in said
    assert "a number with an interval is the first seed's alone" in said


def test_only_the_papers_pairs_and_neighbors_are_compared():
    steps = [difference(*pair, 20.0) for pair in ((0, 2), (0, 3), (2, 3))]
    text = chain_differences.differences_table(tables(steps=steps)).text
    assert "student − teacher" in text
    assert "step 3 − student" in text
    assert "step 3 − teacher" not in text


def test_at_temperature_one_the_two_views_are_one():
    steps = [difference(0, 1, 1.0, view) for view in ("raw", "worst")]
    assert chain_differences.differences_table(tables(steps=steps)).text.count("assistant − teacher") == 1


def test_two_views_that_say_the_same_are_told_once_and_others_twice():
    alike = [difference(0, 1, 20.0, view) for view in ("raw", "worst")]
    first, *_ = alike
    text = words(chain_differences.differences_table(tables(steps=alike)).text)
    assert text.count("assistant − teacher") == 1
    assert "either" in text
    for moved in ({"difference": 0.3}, {"low": 0.11}, {"n": 47}):
        apart = words(chain_differences.differences_table(tables(steps=[first, alike[1] | moved])).text)
        assert apart.count("assistant − teacher") == 2, moved
    colder = [difference(0, 1, 5.0, "raw"), difference(0, 1, 5.0, "worst") | {"difference": 0.2}]
    assert words(chain_differences.differences_table(tables(steps=alike + colder)).text).count("assistant − t") == 2


def test_the_answer_sorts_claims_and_tells_views_apart_only_where_they_disagree():
    claims = [claim("a grows in l2", "holds", "raw"), claim("a grows in l2", "contradicted", "worst"),
              claim("b grows", "undecided", "raw"), claim("b grows", "undecided", "worst")]  # fmt: skip
    text = chain_text.claims_answer(tables(claims=claims)).text
    assert "<strong>hold</strong>: a grows in L2 (attacks on Z) –" in text
    assert "<strong>do not hold</strong>: a grows in L2 (attacks on Z and Z/T) –" in text
    assert text.endswith("<strong>are undecided</strong>: 1.</p>")


def test_every_chain_has_its_own_answer():
    claims = [claim("a", "holds", chain="one"), claim("a", "contradicted", chain="two")]
    first, second = chain_text.claims_answer(tables(claims=claims)).text.split("</p>")[:2]
    assert "chain one" in first
    assert "do not hold" not in first
    assert "chain two" in second
    assert "one: a" in chain_views.claims_table(tables(claims=claims)).text


def test_the_printed_table_leaves_out_what_is_quoted_from_memory():
    text = chain_views.printed_table(PAPERS).text
    assert all(number in text for number in ("99.38", "77.72", "95.89", "0.45"))
    assert "recalled" not in text
    assert "99.51" not in text


def test_the_examples_are_of_the_baseline_and_of_the_hottest_assistant_and_student():
    rows = [model(t, s) for t in (1.0, 5.0, 20.0) for s in (0, 1, 2, 3)]
    assert chain_views.shown_models(tables(models=rows)) == ["ta-T1-step0", "ta-T20-step1", "ta-T20-step2"]


ROWS = {
    "accuracy": lambda read: chain_plots.shares(read, "test_accuracy"),
    "confidence": lambda read: chain_plots.shares(read, "confidence"),
    "sensitivity": chain_plots.sensitivities,
    "robustness": chain_plots.perturbations,
    "one-norm": chain_plots.lengths,
    "steps-accuracy": chain_plots.accuracies_by_step,
    "steps-averaged": chain_plots.averages_by_step,
}
FIGURES = {
    name: lambda read, name=name, rows=rows: chain_plots.figure(read, rows(read), name) for name, rows in ROWS.items()
}


@pytest.mark.parametrize(
    "draw",
    [
        *FIGURES.values(),
        chain_attacks.masking_table, chain_differences.differences_table,
        chain_views.claims_table, chain_text.claims_answer,
    ],
)  # fmt: skip
def test_without_chains_there_is_a_sentence(draw):
    assert draw(tables()).text.startswith("<p")


def test_one_seed_one_temperature_and_one_step_are_drawn_without_intervals():
    one = tables(models=[model()], robustness=[attacked(1.0, 0)])
    for name in ("accuracy", "steps-accuracy", "steps-averaged"):
        text = FIGURES[name](one).text
        assert "<svg" in text
        assert "No intervals below three seeds." in text
