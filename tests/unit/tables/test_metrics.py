"""DVC's metrics: what they are means of."""

from distillab.tables import metrics


def test_metrics_are_means_over_seeds_by_model_and_question(made_up, monkeypatch):
    """Of three models: accuracy by model, knockoffs by teacher, success by attack and view, certificates by radius."""
    found = made_up(("ce", "st"))
    for seed, ls, kd in ((0, 3, 5), (1, 4, 5), (2, 6, 9)):
        found.ls_student(0.1, seed=seed, test=ls)
        for defense, more in (("ce", 0), ("st", -4)):
            found.knockoff("kd", found.teacher(defense, seed=seed, test=10 - seed), test=kd + more)
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
        "verdict": {"ce-wide": {"thin": "distillable"}, "st-wide": {"thin": "undistillable"}},
        "knockoff": {
            "ce-wide": {"kd-thin": {"accuracy": 0.633333, "delta": 0.2}},
            "st-wide": {"kd-thin": {"accuracy": 0.233333, "delta": -0.2}},
        },
        "accuracy": {
            "ls0.1-thin": 0.433333, "ce-wide": 0.9, "ce-wide--kd-thin": 0.633333,
            "st-wide": 0.9, "st-wide--kd-thin": 0.233333,
        },
        "robustness": {
            "ce-wide": {"pgd": 0.375, "pgd-rescaled": 0.9, "cw": None}, "st-wide": {"pgd": 0.333333},
        },
        "certified": {
            "ce-wide": {"ibp-0.1": 0.625, "ibp-0.25": 0.2, "crown-0.1": 0.8}, "st-wide": {"ibp-0.1": 0.1},
        },
    }}  # fmt: skip
