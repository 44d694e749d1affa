"""Synthetic rows about how strong attacks were; no number here was measured."""

import pandas as pd

from distillab.tables.columns import MODEL

WORDS = {
    ("mad-papernot_digits", "cw_l2", "raw"): "cut short", ("nt-papernot_digits", "cw_l2", "raw"): "weaker",
    ("ta-T20-step1", "cw_l2_fast", "raw"): "cut short", ("ta-T20-step2", "cw_linf_fast", "rescaled"): "weaker",
}  # fmt: skip
"""Model, attack and view to what the attack is called there; it is at full strength everywhere else."""

RIVALS = {"cw_l2": "deepfool", "cw_l2_fast": "deepfool", "cw_linf_fast": "bim"}


def with_words(robustness):
    """The rows of attacks with what these are called."""
    keys = zip(robustness["model"], robustness["attack"], robustness["logits"], strict=True)
    return robustness.assign(targeted=False, strength=[WORDS.get(key, "") for key in keys])


def strength(robustness):
    """One row per model, view and search for the closest point, of all seeds; the words decide the numbers."""
    searches = robustness[(robustness["kind"] == "minimum_norm") & ~robustness["logits"].str.startswith("from_")]
    return pd.DataFrame([_compared(rows) for _, rows in searches.groupby(["model", "attack", "logits"], sort=False)])


def _compared(rows):
    first, n = rows.iloc[0], int(rows["success_n"].sum())
    word = first["strength"]
    missed, ratio = {"": (0, 0.95), "cut short": (9, 1.45), "weaker": (2, 1.12)}[word]
    return first[[*MODEL, "attack", "attack_label", "norm", "logits", "targeted"]].to_dict() | {
        "seeds": rows["seed"].nunique(), "attacks": 2, "missing": 0, "n": n, "found": n - 1 - missed,
        "found_by_any": n - 1, "missed": missed, "rival": RIVALS[first["attack"]], "shared": n - 1 - missed,
        "median_distance": 0.6 * ratio, "rival_median": 0.6, "ratio": ratio,
        "at_limit": n // 3 if word == "cut short" else 1, "strength": word,
    }  # fmt: skip
