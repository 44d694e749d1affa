"""Synthetic rows about adversarial attacks; no number here was measured."""

import chain_tables
import numpy as np
import pandas as pd

FIXED = {"fgsm_linf": ("FGSM", "linf", 0.1), "pgd_linf": ("PGD-20", "linf", 0.1)}
MINIMUM = {"cw_l2": ("C&W L2", "l2")}


def robustness(rng, seeds, quality, teacher):
    """Two attacks of a fixed radius and one that looks for the smallest perturbation, on teachers; those on chains."""
    rows = []
    for seed in range(seeds):
        for place, defense in enumerate(quality):
            shift = quality[defense] * 4 + rng.normal(0, 0.01)
            base = {
                "model": f"{defense}-{teacher}", "role": "teacher", "defense": defense, "arch": teacher, "seed": seed,
                "n": 128, "clean_accuracy": 0.97 - 0.004 * seed - 0.001 * place, "success_n": 124 - seed, "failures": 0,
                "forwards": 20.0, "backwards": 19.0, "zero_gradient": 0.4 if defense == "mad" else 0.0,
                "randomized_forward": False, "logits": "raw", "success_low": 0.5 + 0.01 * place,
                "success_high": 1.0 - 0.01 * seed, "max_distance": 2.0 - shift, "penalized_mean": 0.9 - shift,
                "mean_l2": 0.8 - shift, **chain_tables.NOT_A_STEP,
            }  # fmt: skip
            for attack, (label, norm, eps) in FIXED.items():
                robust = 0.42 - shift - (0.1 if attack == "pgd_linf" else 0)
                rows.append(base | {
                    "attack": attack, "attack_label": label, "norm": norm, "eps": eps, "robust_accuracy": robust,
                    "robust_low": robust - 0.08, "robust_high": robust + 0.06,
                    "mode": f"{attack}'s steps", "success_rate": 1 - robust / 0.97,
                    "median_distance": np.nan, "mean_distance": np.nan, "kind": "fixed_radius",
                })  # fmt: skip
            for attack, (label, norm) in MINIMUM.items():
                rows.append(base | {
                    "attack": attack, "attack_label": label, "norm": norm, "eps": np.nan, "robust_accuracy": np.nan,
                    "robust_low": np.nan, "robust_high": np.nan, "success_rate": 1.0 - 0.01 * seed,
                    "failures": 2 + seed, "mode": "a search",
                    "median_distance": 0.6 - shift, "mean_distance": 0.7 - shift, "kind": "minimum_norm",
                })  # fmt: skip
    return pd.DataFrame(rows + chain_tables.chain_robustness(seeds))


def curves(seeds, quality, teacher):
    """Accuracy against the closest distance that was found."""
    rows = [
        {"model": f"{d}-{teacher}", "norm": "l2", "seed": s, "attack_keys": "cw_l2", "missing": 0, "n": 128,
         "eps": eps, "robust_accuracy": 0.97 / (1 + (eps / (0.6 - 4 * quality[d] + 0.01 * s)) ** 4)}
        for d in quality for s in range(seeds) for eps in np.linspace(0, 2, 21)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def examples(rng, teacher):
    """Rings of eight by eight pixels with noise."""
    rows = []
    for model, attack in ((f"ce-{teacher}", "cw_l2"), (f"cmim-{teacher}", "cw_l2"), ("ta-T20-step1", "cw_l2_fast")):
        for i in range(3):
            y, x = np.mgrid[:8, :8]
            clean = np.clip(1.2 - 0.5 * abs(np.hypot(x - 3.5, y - 3.5) - 2 - 0.4 * i), 0, 1)
            adversarial = np.clip(clean + rng.normal(0, 0.15, clean.shape), 0, 1)
            rows.append({
                "model": model, "attack": attack, "logits": "raw", "seed": 0, "id": 17 + i, "label": i,
                "label_clean": i, "label_adv": (i + 3) % 10,
                "distance": float(np.linalg.norm(adversarial - clean)), "norm": "l2",
                "height": 8, "width": 8, "channels": 1, "clean": clean.ravel().tolist(),
                "adversarial": adversarial.ravel().tolist(),
            })  # fmt: skip
    return pd.DataFrame(rows)
