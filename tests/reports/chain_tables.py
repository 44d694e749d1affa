"""Synthetic rows about distillation chains; no number here was measured."""

import numpy as np
import pandas as pd

CHAIN, ARCH, STEPS, TEMPERATURES = "ta", "cnn_digits", (0, 1, 2), (1.0, 5.0, 20.0)
NOT_A_STEP = {"chain": "", "temperature": np.nan, "step": -1}
ATTACKED = {
    "fgsm": ("FGSM", "linf", "fixed_radius", 0.1),
    "cw_l2_fast": ("C&W L2", "l2", "minimum_norm", np.nan),
    "cw_linf_fast": ("C&W Linf", "linf", "minimum_norm", np.nan),
}

DISTANCES = ("median_distance", "mean_distance", "penalized_mean", "mean_l2")


def chain_models(seeds, make):
    """One row per step, temperature and seed; ``make`` fills the columns that all models share."""
    return [
        make(_name(t, s), "chain", seed, ARCH) | _place(t, s)
        for t in TEMPERATURES for s in STEPS for seed in range(seeds)
    ]  # fmt: skip


def chain_robustness(seeds):
    """Z under every attack, and Z/T where T is not 1; FGSM is masked on Z."""
    return [
        _cell(attack, t, s, seed, logits)
        for attack in ATTACKED for t in TEMPERATURES for s in STEPS for seed in range(seeds)
        for logits in (("raw",) if t == 1 else ("raw", "rescaled"))
    ]  # fmt: skip


def sensitivity(seeds):
    """Amplitudes that fall with the temperature."""
    rows = [
        {"model": _name(t, s), "role": "chain", "arch": ARCH, "seed": seed, "n": 360, "small": small,
         "small_low": 0.9 * small, "small_high": min(1.0, 1.08 * small), "small_float32": 1 - 0.9 * (1 - small),
         "log10_p5": -40 * t - s, "log10_median": -5 * t - 0.5 * s, "log10_p95": -t - 0.1 * seed,
         "log10_logits_median": 0.2 * t + 0.3 * s, "margin_median": 8 * t + s + 0.2 * seed} | _place(t, s)
        for t in TEMPERATURES for s in STEPS for seed in range(seeds)
        for small in [(1 - 1 / t) * (1 - 0.02 * s - 0.003 * seed)]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def steps(seeds):
    """Differences of later and earlier steps, averaged ones without an interval over images."""
    few = seeds < 3
    rows = [
        {"chain": CHAIN, "norm": norm, "view": view, "earlier": a, "later": b, "temperature": t,
         "difference": more, "low": None if few else more - 0.02, "high": None if few else more + 0.03, "seeds": seeds,
         "images_difference": np.nan if t < 0 else more + 0.001,
         "images_low": np.nan if t < 0 else more - 0.04, "images_high": np.nan if t < 0 else more + 0.05,
         "n": np.nan if t < 0 else 40 + t}
        for norm in ("l2", "linf") for view in ("raw", "worst") for a, b in ((0, 1), (1, 2), (0, 2))
        for t in (*TEMPERATURES, -1.0)
        for more in [0.01 * b - 0.004 * a + 0.0003 * t + 0.002 * (norm == "l2") - 0.001 * (view == "worst")]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def claims(seeds):
    """One claim of each decision; none is decided below three seeds."""
    few = seeds < 3
    said = (
        ("accuracy falls slightly as T grows", "", "holds"),
        ("robustness in l2 grows with T", "raw", "holds"),
        ("robustness in l2 grows with T", "worst", "contradicted"),
        ("confidence shows no trend in T", "", "undecided"),
    )
    rows = [
        {"claim": f"claim_{i}", "chain": CHAIN, "statement": text, "view": view, "unit": "points / doubling",
         "value": 0.5 + i, "low": None if few else 0.1 + i, "high": None if few else 0.8 + i,
         "p": None if few else 0.01 * (1 + i), "decision": "undecided" if few else decision, "seeds": seeds,
         "source": f"V-{'ABCD'[i]}"}
        for i, (text, view, decision) in enumerate(said)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _cell(attack, temperature, step, seed, logits):
    label, norm, kind, eps = ATTACKED[attack]
    masked = kind == "fixed_radius" and logits == "raw" and temperature > 1
    robust, least = (0.9 if masked else 0.3) - 0.01 * step - 0.003 * seed, kind == "minimum_norm"
    distance = (0.8 + 0.05 * step + 0.01 * seed + 0.004 * temperature) * (0.3 if norm == "linf" else 1)
    distance -= 0.02 * (logits != "raw")
    return {
        "model": _name(temperature, step), "role": "chain", "defense": "", "arch": ARCH, "seed": seed, "attack": attack,
        "attack_label": label, "logits": logits, "norm": norm, "kind": kind, "eps": eps, "mode": "fast", "n": 48,
        "clean_accuracy": 0.97 - 0.01 * step - 0.002 * seed, "success_n": 46 - seed,
        "failures": step, "forwards": 101.0, "backwards": 100.0,
        "zero_gradient": 0.8 if masked else 0.0, "randomized_forward": False,
        "robust_accuracy": np.nan if least else robust, "robust_low": np.nan if least else robust - 0.1,
        "robust_high": np.nan if least else robust + 0.08, "success_rate": 1.0 - 0.01 * step if least else 1 - robust,
        "success_low": 0.9 if least else 0.9 - robust, "success_high": 1.0 if least else 1.1 - robust,
        **{name: (1 + 0.1 * i) * distance if least else np.nan for i, name in enumerate(DISTANCES)},
        "max_distance": 2 * distance if least else np.nan,
    } | _place(temperature, step)  # fmt: skip


def _name(temperature, step):
    return f"{CHAIN}-T{temperature:g}-step{step}"


def _place(temperature, step):
    return {"chain": CHAIN, "temperature": temperature, "step": step}
