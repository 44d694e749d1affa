"""DVC's metrics: what they are means of."""

from made_run import means

from distillab.tables import metrics


def test_metrics_are_means_over_seeds_by_model_and_question(made_up, monkeypatch):
    """Of three models: accuracy by model, knockoffs by teacher, success by attack and view, certificates by radius."""
    found = made_up(("ce", "st"), thieves={"paper": means("all", queries="labeled"), "poor": means(4)})
    for seed, ls, kd in ((0, 1, 9), (1, 2, 10), (2, 2, 10)):
        found.ls_student(0.1, seed=seed, test=ls)
        found.ls_student(0.1, seed=seed, thief="poor", test=ls + 1)
        for defense, more in (("ce", 0), ("st", -8)):
            teacher = found.teacher(defense, seed=seed, test=10 - seed)
            found.knockoff("kd", teacher, test=kd + more)
        found.knockoff("kd", found.run_of(f"ce-wide-s{seed}"), thief="poor", test=ls + 2)
    attacked = [
        {"model": model, "attack": attack, "logits": logits, "seed": seed, "success_rate": rate}
        for model, attack, logits, seed, rate in [
            ("ce-wide", "pgd", "raw", 0, 0.5), ("ce-wide", "pgd", "rescaled", 1, 0.9),
            ("ce-wide", "pgd", "raw", 1, 0.25), ("ce-wide", "cw", "raw", 0, None), ("st-wide", "pgd", "raw", 0, 1 / 3),
            ("ce-wide", "pgd", "raw", 2, None),
        ]
    ]  # fmt: skip
    certified = [
        {"model": model, "certifier": certifier, "eps": eps, "seed": seed, "certified_accuracy": share}
        for model, certifier, eps, seed, share in [
            ("ce-wide", "ibp", 0.1, 0, 0.5), ("ce-wide", "ibp", 0.25, 0, 0.2), ("ce-wide", "ibp", 0.1, 1, 0.75),
            ("ce-wide", "crown", 0.1, 0, 0.8), ("st-wide", "ibp", 0.1, 1, 0.1),
        ]
    ]  # fmt: skip
    monkeypatch.setattr(metrics.robustness, "rows", lambda _results: attacked)
    monkeypatch.setattr(metrics.certificates, "rows", lambda _results: certified)
    assert metrics.content(found) == {"made": {
        "verdict": {
            "paper": {"ce-wide": {"thin": "distillable"}, "st-wide": {"thin": "undecided"}},
            "poor": {"ce-wide": {"thin": "undecided"}},
        },
        "knockoff": {
            "paper": {
                "ce-wide": {"kd-thin": {"accuracy": 0.966667, "delta": 0.8}},
                "st-wide": {"kd-thin": {"accuracy": 0.166667, "delta": 0.0}},
            },
            "poor": {"ce-wide": {"kd-thin": {"accuracy": 0.366667, "delta": 0.1}}},
        },
        "accuracy": {
            "ls0.1-thin": 0.166667, "ls0.1-thin--poor": 0.266667, "ce-wide": 0.9, "ce-wide--kd-thin": 0.966667,
            "ce-wide--kd-thin--poor": 0.366667, "st-wide": 0.9, "st-wide--kd-thin": 0.166667,
        },
        "robustness": {
            "ce-wide": {"pgd": 0.375, "pgd-rescaled": 0.9, "cw": None}, "st-wide": {"pgd": 0.333333},
        },
        "certified": {
            "ce-wide": {"ibp-0.1": 0.625, "ibp-0.25": 0.2, "crown-0.1": 0.8}, "st-wide": {"ibp-0.1": 0.1},
        },
    }}  # fmt: skip
