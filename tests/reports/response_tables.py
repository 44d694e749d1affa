"""Synthetic rows about how teachers answer; no number here was measured."""

import numpy as np
import pandas as pd

SURE = {"ls": 0.5, "nt": 0.9, "ast": 0.8, "ast_clean": 0.7, "st": 0.05}


def responses(defenses, seeds, teacher):
    """Softer at higher temperatures; the stingy teacher's zeros make one divergence infinite."""
    rows = [
        {"teacher": f"{d}-{teacher}", "defense": d, "defense_label": defenses[d][0], "seed": s, "temperature": t,
         "n": 350, "entropy": entropy, "entropy_sd": 0.1 + 0.01 * t + 0.02 * s,
         "support": 1 + 0.9 * (float(np.exp(entropy)) - 1), "gap": 0.9 - entropy / 3,
         "kl_from_plain": 0.0 if d == "ce" else 0.3 / t + 0.01 * i + 0.02 * s,
         "kl_to_plain": 0.0 if d == "ce" else np.inf if d == "st" else 0.4 / t + 0.02 * i + 0.01 * s}
        for i, d in enumerate(defenses) for s in range(seeds) for t in (1.0, 4.0, 20.0)
        for entropy in [min(2.3, SURE.get(d, 0.1) * (1 + 0.3 * np.log(t)) + 0.01 * s + 0.003 * i)]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def profiles(defenses, seeds, teacher):
    """Falling lines with a step after the second class for those that keep two."""
    rows = [
        {"teacher": f"{d}-{teacher}", "defense": d, "seed": s, "rank": rank,
         "value": 10 - 2 * rank + 6 * (rank <= 2) * (d in SURE) + 0.1 * s + 0.02 * i}
        for i, d in enumerate(defenses) for s in range(seeds) for rank in range(1, 11)
    ]  # fmt: skip
    return pd.DataFrame(rows)
