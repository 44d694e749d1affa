"""Synthetic rows about certificates; no number here was computed."""

import numpy as np
import pandas as pd

CERTIFIERS = {
    "ibp": ("IBP", {"name": "ibp"}), "dual": ("WK dual", {"name": "dual"}), "crown": ("CROWN", {"name": "crown"}),
    "dual_paper": ("WK dual", {"name": "dual", "input_box": False, "intersect": False}),
    "best": ("best", {"name": "best"}),
}  # fmt: skip
KEPT = {"ce": 0.15, "madry": 0.45, "wk": 0.5}
SHARE = {"ibp": 0.3, "dual": 0.7, "crown": 0.75, "dual_paper": 0.65, "best": 0.85}
EPS, N = (0.02, 0.05), 120
LABELS = {"ibp": "IBP", "dual": "WK dual", "crown": "CROWN", "alpha_crown": "alpha-CROWN"}
METHODS = {
    key: {
        "label": label,
        "grade": "V",
        "paper": f"{label}'s",
        "norm": "linf",
        "rank": rank,
        "deciders": [{"name": name, "label": LABELS[name]} for name in LABELS if key in ("best", name)],
    }
    for rank, (key, (label, _)) in enumerate(CERTIFIERS.items())
}
METHODS["dual_paper"] |= {"rank": METHODS["dual"]["rank"], "deciders": METHODS["dual"]["deciders"]}
PARAMS = {"eps": list(EPS), "certifiers": {key: spec for key, (_, spec) in CERTIFIERS.items()}}


def certificates(seeds, teacher, not_a_step):
    """Three teachers at two radii; nobody attacked CE at the larger one."""
    return pd.DataFrame([
        _row(seed, defense, key, eps) | not_a_step | {"model": f"{defense}-{teacher}", "arch": teacher}
        for defense in KEPT for key in CERTIFIERS for eps in EPS for seed in range(seeds)
    ])  # fmt: skip


def costs(seeds, teacher):
    """What they cost, as the table of run times has it."""
    return [
        {"model": f"{d}-{teacher}", "certifier": key, "seed": seed, "eps": eps,
         "seconds_per_image": 0.002 * (1 + i + 0.1 * seed + eps),
         "peak_memory": 60_000_000 * (1 + i) + 1_000_000 * seed}
        for d in KEPT for i, key in enumerate(CERTIFIERS) for eps in EPS for seed in range(seeds)
    ]  # fmt: skip


def images(seeds, teacher):
    """Bounds of the same images by every certifier; every tenth is misclassified and has one margin."""
    random, rows = np.random.default_rng(0), []
    for seed in range(seeds):
        for defense, kept in KEPT.items():
            middle = random.normal(4 * kept, 2, N)
            for eps in EPS:
                bounds = {key: middle - eps * random.gamma(2, 20 * (1.1 - SHARE[key]), N) for key in SHARE}
                bounds["best"] = np.max([bounds[key] for key in ("ibp", "dual", "crown", "best")], axis=0)
                rows += [
                    {"family": "teachers", "model": f"{defense}-{teacher}", "certifier": key, "seed": seed, "id": image,
                     "eps": eps, "label": image % 10, "certified": bool(margin > 0), "radius": np.nan,
                     "by": "crown" if key == "best" and margin > 0 else "",
                     "margin": -1.0 if image % 10 == 0 else margin}
                    for key, values in bounds.items() for image, margin in enumerate(values)
                ]  # fmt: skip
    return pd.DataFrame(rows)


def cascades(seeds):
    """One cascade of three networks, the last of which leaves nothing open."""
    found = (([0.6], 0.04), ([0.6, 0.3], 0.05), ([0.6, 0.3, 0.1], 0.09))
    return pd.DataFrame([
        {"cascade": "madry", "arch": "cnn_digits", "networks": len(shares), "certifier": "dual", "norm": "linf",
         "eps": EPS[0], "seed": seed, "n": N, "paper_robust_error": 1 - (0.95 - 0.01 * seed) * sum(shares),
         "strict_robust_error": 1 - (0.85 - 0.01 * seed) * sum(shares), "standard_error": error + 0.001 * seed,
         "shares": shares}
        for shares, error in found for seed in range(seeds)
    ])  # fmt: skip


def _row(seed, defense, key, eps):
    robust = KEPT[defense] * (1.6 if eps == EPS[0] else 1.1) + 0.01 * seed
    share = round(N * SHARE[key] * robust) / N
    attacked = (defense, eps) != ("ce", EPS[1])
    decided = dict.fromkeys(LABELS, 0.0)
    decided |= {"ibp": share / 2, "crown": share / 2} if key == "best" else {"crown": share}
    return {
        "family": "teachers", "role": "teacher", "defense": defense, "defense_label": defense.upper(), "certifier": key,
        "certifier_label": CERTIFIERS[key][0], "grade": "V", "norm": "linf", "eps": eps, "seed": seed, "n": N,
        "clean_accuracy": 0.95 - 0.002 * seed - 0.01 * (defense == "madry"), "certified_accuracy": share,
        "low": share - 0.08, "high": share + 0.06,
        "slack": int(key == "best"), "robust_accuracy": robust if attacked else np.nan,
        "robust_n": N * attacked, "gap": robust - share if attacked else np.nan, "mean_radius": eps * share,
        "median_radius": np.nan, "undecided": 0.95 - share, "missing": 0,
    } | {f"by_{name}": value for name, value in decided.items()}  # fmt: skip
