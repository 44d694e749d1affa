import re
from math import nan

import pytest
from pages import row_of, words

from distillab.reporting import robust_papers, robust_text, tradeoff_views, worst_rows, worst_views
from distillab.reporting.release_settings import settings_tables

SPECS = {"classes": 10, "params": {"defenses": {
    "madry": {"name": "madry", "eps": 0.3}, "weak": {"name": "trades", "eps": 0.3, "beta": 1.0},
    "strong": {"name": "trades", "eps": 0.3, "beta": 6.0}, "ast": {"name": "ast", "weight": 0.05, "ratio": 0.28},
}}}  # fmt: skip


def worst(defense, kept=0.5, *, norm="linf", eps=0.3, arch="net", role="teacher", **more):
    return {"model": f"{defense}-{arch}", "role": role, "defense": defense, "arch": arch, "chain": "",
            "temperature": nan, "step": -1, "seed": 0, "norm": norm, "eps": eps, "attacks": 3, "n": 100,
            "clean_accuracy": 0.9, "robust_accuracy": kept, "robust_low": kept - 0.1, "robust_high": kept + 0.1,
            "best_single": kept + 0.02, "boundary": 0.9 - kept, "transfer_wins": False,
            "missing": 0} | more  # fmt: skip


def attacked(defense, logits="raw", robust=0.5, **more):
    return {"model": f"{defense}-net", "role": "teacher", "defense": defense, "arch": "net", "attack": "pgd",
            "attack_label": "PGD", "logits": logits, "norm": "linf", "eps": 0.3, "kind": "fixed_radius", "seed": 0,
            "n": 100, "robust_accuracy": robust, "robust_low": robust - 0.1, "robust_high": robust + 0.1,
            "zero_gradient": 0.0, "randomized_forward": False} | more  # fmt: skip


def test_the_budget_of_the_training_comes_first_then_the_norms_then_the_least(tables_of):
    frame = tables_of(worst=[worst("ce", norm=n, eps=e) for n, e in
                             (("l2", 0.5), ("linf", 0.1), ("linf", 0.3), ("l2", 0.1))])["worst"]  # fmt: skip
    assert worst_rows.threat_models(tables_of(), frame) == [("linf", 0.1), ("linf", 0.3), ("l2", 0.1), ("l2", 0.5)]
    assert worst_rows.threat_models(tables_of(SPECS), frame)[0] == ("linf", 0.3)


def test_a_rounded_radius_of_the_training_is_still_its_budget(tables_of):
    facts = {"params": {"defenses": {"trades": {"name": "trades", "eps": 0.031}}}}
    frame = tables_of(worst=[worst("ce", eps=eps) for eps in (0.01, 8 / 255)])["worst"]
    assert worst_rows.threat_models(tables_of(facts), frame)[0] == ("linf", 8 / 255)


def test_the_worst_case_stands_beside_what_casts_doubt_on_it(tables_of, teacher):
    read = tables_of(
        models=[teacher("ce"), teacher("madry")],
        worst=[worst("ce", 0.125, transfer_wins=True), worst("madry", 0.75)],
        robustness=[attacked("ce", zero_gradient=0.25, randomized_forward=True), attacked("madry")],
    )
    table = worst_views.worst_table(read).text
    assert row_of(table, "ce") == (
        "ce 90.0 12.5 [2.5, 22.5] 14.5 "
        "zero gradient on 25.0 % of images two forward passes differ a carried-over attack wins"
    )
    assert row_of(table, "madry").endswith("[65.0, 85.0] 77.0")
    assert "<strong>75.0" in table
    assert "Wilson over the images" in table


def test_a_training_that_collapsed_says_when(tables_of, teacher):
    history = [
        {"model": f"{key}-net", "seed": 0, "epoch": epoch, "term": "collapsed", "value": float(lost and epoch > 1)}
        for key, lost in (("madry", True), ("weak", False))
        for epoch in (1, 2, 3)
    ]
    models, rows = [teacher("madry"), teacher("weak")], [worst("madry"), worst("weak")]
    table = worst_views.worst_table(tables_of(SPECS, models=models, worst=rows, history=history)).text
    assert row_of(table, "madry").endswith("its training collapsed in epoch 2")
    assert row_of(table, "weak").endswith("52.0")


def test_a_training_that_recovered_is_not_doubted(tables_of, teacher):
    history = [{"model": "madry-net", "seed": seed, "epoch": epoch, "term": "collapsed", "value": value}
               for seed, values in ((0, (1.0, 1.0, 0.0)), (1, (1.0, 0.0, 0.0)))
               for epoch, value in enumerate(values, start=1)]  # fmt: skip
    shown = {"models": [teacher("madry")], "worst": [worst("madry")]}
    assert row_of(worst_views.worst_table(tables_of(SPECS, **shown, history=history)).text, "madry").endswith("52.0")
    history[2]["value"] = 1.0
    table = worst_views.worst_table(tables_of(SPECS, **shown, history=history)).text
    assert row_of(table, "madry").endswith("its training collapsed in epoch 1")


def test_further_budgets_are_folded(tables_of, teacher):
    read = tables_of(models=[teacher("ce")], worst=[worst("ce", eps=eps) for eps in (0.1, 0.2)])
    shown, rest = worst_views.worst_table(read).text.split("<details>")
    assert "eps 0.1" in shown
    assert "eps 0.2" in rest


def test_an_attack_from_elsewhere_that_does_better_is_bold(tables_of, teacher):
    rows = [attacked("ce", "raw", 0.5), attacked("ce", "from_copy", 0.625), attacked("ce", "from_plain", 0.25)]
    table = worst_views.transfer_table(tables_of(models=[teacher("ce")], robustness=rows)).text
    assert row_of(table, "ce").startswith("ce PGD, L∞, eps 0.3 50.0 [40.0, 60.0] 62.5")
    assert re.findall(r"<strong>([\d.]+)", table) == ["25.0"]
    assert "From another network" not in table
    alone = tables_of(models=[teacher("ce")], robustness=rows[:1])
    assert "No attack was carried over" in worst_views.transfer_table(alone).text


def test_survival_is_about_chains_and_about_knockoffs_of_robust_teachers(tables_of, teacher):
    copy = worst("madry", arch="small", role="knockoff", model="madry-net--kd-small")
    other = worst("ce", arch="small", role="knockoff", model="ce-net--kd-small")
    plain = worst("", role="chain", model="ta-T1-step0", chain="ta", temperature=1.0, step=0)
    step = worst("madry", role="chain", model="left-T1-step1", chain="left", temperature=1.0, step=1)
    first = {"madry-net--kd-small": "madry-net", "ce-net--kd-small": "ce-net", "left-T1-step1": "madry-net"}
    models = [teacher("madry", teacher=""), teacher("ce", teacher="")]
    models += [teacher(row["defense"]) | {key: row[key] for key in ("model", "role", "chain", "temperature", "step")}
               | {"attack": "kd", "thief": "paper", "teacher": first.get(row["model"], "")}
               for row in (copy, other, plain, step)]  # fmt: skip
    read = tables_of(SPECS, models=models, worst=[worst("madry"), worst("ce"), copy, other, plain, step])
    table = worst_views.survival_table(read).text
    assert [words(row).split(" 90.0")[0] for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)[1:]] == [
        "madry", "kd knockoff of madry", "left: assistant, T = 1"
    ]  # fmt: skip
    assert worst_views.survival_table(tables_of(SPECS, worst=[worst("madry"), other])).text == ""


def test_the_answer_names_robust_and_unprotected_teachers_alone(tables_of, teacher):
    keys = ("ce", "nt", "madry")
    read = tables_of(SPECS, models=[teacher(key) for key in keys],
                     worst=[worst(key, kept) for key, kept in zip(keys, (0.125, 0.5, 0.75), strict=True)])  # fmt: skip
    said = words(robust_text.adversarial_answer(read).text)
    assert "at L∞, eps 0.3: madry keeps 75.0 % [65.0, 85.0]; ce keeps 12.5 % [2.5, 22.5] of n = 100 images" in said
    assert "not trust" not in said


def test_without_robust_teachers_the_answer_is_about_the_best_and_the_worst(tables_of, teacher):
    keys = ("ce", "nt", "st")
    read = tables_of(models=[teacher(key) for key in keys],
                     worst=[worst(key, kept, transfer_wins=key == "st")
                            for key, kept in zip(keys, (0.125, 0.5, 0.25), strict=True)])  # fmt: skip
    said = words(robust_text.adversarial_answer(read).text)
    assert said.startswith("No teacher was trained adversarially here.")
    assert "nt keeps 50.0 % [40.0, 60.0]; ce keeps" in said
    assert "beats every direct one on st. Do not trust" in said


def test_robust_teachers_are_named_with_their_weight_and_the_others_stand_in_gray(tables_of, teacher):
    keys = ("strong", "weak", "ce", "nt")
    read = tables_of(SPECS, models=[teacher(key) for key in keys], worst=[worst(key) for key in keys])
    points = tradeoff_views.tradeoffs(read).set_index("defense")
    assert points["said"].to_dict() == {"ce": "ce", "nt": "", "weak": "weak, β = 1", "strong": "strong, β = 6"}
    assert points.loc["nt", "look"] == "other"
    assert set(points["panel"]) == {"L∞, eps 0.3"}
    assert (
        "gray: a defense that is not for robustness." in tradeoff_views.tradeoff_figure(read, points.reset_index()).text
    )
    assert "1/λ" in tradeoff_views.tradeoff_figure(read, points.reset_index()).text
    plain = tables_of(models=[teacher("ce")], worst=[worst("ce")])
    assert "1/λ" not in tradeoff_views.tradeoff_figure(plain, tradeoff_views.tradeoffs(plain)).text


def test_capacity_needs_two_networks(tables_of, teacher):
    archs = {"net": 1000, "wide": 9000}
    models = [teacher("ce", arch=arch, parameters=count) for arch, count in archs.items()]
    read = tables_of(models=models, worst=[worst("ce", arch=arch) for arch in archs])
    assert set(tradeoff_views.tradeoffs(read)["panel"]) == {"net: L∞, eps 0.3", "wide: L∞, eps 0.3"}
    sizes = tradeoff_views.sizes(read)
    assert list(sizes.sort_values("panel")["parameters"]) == [1000, 9000, 1000, 9000]
    drawn = tradeoff_views.capacity_figure(read, sizes).text
    assert all(f">{count}<" in drawn for count in ("1,000", "9,000"))
    alone = tables_of(models=models[:1], worst=[worst("ce")])
    assert tradeoff_views.capacity_figure(alone, tradeoff_views.sizes(alone)).text == ""


@pytest.mark.parametrize(("title", "standin", "beside"), [("MNIST", "", True), ("MNIST", "copies", False),
                                                          ("Digits", "", False)])  # fmt: skip
def test_the_papers_stand_beside_ours_on_their_own_data_alone(tables_of, teacher, papers, *, title, standin, beside):
    facts, models = SPECS | {"title": title, "standin": standin}, [teacher("madry", "Madry", test_accuracy=0.9875)]
    read = tables_of(facts, models=models, worst=[worst("madry", 0.875)])
    shown, folded = robust_papers.printed_tables(read, papers).text.split("<details>")
    assert ("The papers print no number for" not in shown) == beside
    assert ("MNIST" in folded) != beside
    if beside:
        rows = [words(row) for row in re.findall(r"<tr.*?</tr>", shown, re.DOTALL)]
        assert any("clean 98.8 98.8 Madry" in row for row in rows)
        assert any("PGD-100 xent, 50 restarts 89.62 87.5 [77.5, 97.5] Madry" in row for row in rows)
        assert shown.count('title="no such teacher at this eps here"') == 4, "no TRADES teacher"


def test_training_in_a_single_step_does_not_stand_beside_the_papers(tables_of, teacher, papers):
    fast = {"params": {"defenses": {"fast": {"name": "madry", "eps": 0.3, "mode": "fast"}}}, "title": "MNIST"}
    read = tables_of(fast, models=[teacher("fast", "Madry fast", test_accuracy=0.9875)])
    assert "98.8 Madry fast" not in words(robust_papers.printed_tables(read, papers).text)


def test_numbers_from_memory_and_wrong_pairs_are_not_printed(papers):
    rows = robust_papers.printed_rows(papers)
    assert not rows["source"].str.contains("recalled").any()
    assert 88.64 not in set(rows["value"])
    assert {56.61, 84.92, 47.04, 96.07} <= set(rows["value"])


def test_a_printed_weight_is_compared_with_the_same_weight_alone(tables_of, teacher, papers):
    read = tables_of(SPECS | {"title": "CIFAR-10"}, models=[teacher("weak", "weak"), teacher("strong", "strong")])
    shown = robust_papers.printed_tables(read, papers).text.split("<details>")[0]
    row = next(words(row) for row in re.findall(r"<tr.*?</tr>", shown, re.DOTALL) if "84.92" in row)
    assert "strong" in row
    assert "weak" not in row


def test_settings_of_the_releases_stand_under_ours(tables_of, teacher, papers):
    found = settings_tables(tables_of(SPECS, models=[teacher("ast", "AST")]), papers).text
    assert row_of(found, "here, ast").startswith("here, ast Digits 0.05 – (not in the file) 3")
    assert "release, resnet50 cifar100 0.03 30 7 40" in words(found)
    assert found.count("<figure") == 3


def test_one_attack_is_no_several(tables_of, teacher):
    for attacks, said in ((1, "eps 0.3, 1 attack<"), (2, "eps 0.3, 2 attacks<")):
        read = tables_of(SPECS, models=[teacher("ce")], worst=[worst("ce", attacks=attacks)])
        assert said in worst_views.worst_table(read).text


def test_gray_are_the_defenses_alone(tables_of, teacher):
    keys = ("ce", "madry", "ls", "cmim")
    read = tables_of(SPECS, models=[teacher(key) for key in keys], worst=[worst(key) for key in keys])
    drawn = tradeoff_views.tradeoff_figure(read, tradeoff_views.tradeoffs(read)).text
    assert "gray: 2 defenses that are not for robustness" in drawn, "CE is drawn in its own color"
