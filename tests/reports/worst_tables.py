"""Synthetic rows about the worst case over attacks, and about attacks from other networks; no number was measured."""

import chain_tables
import numpy as np
import pandas as pd

BUDGETS = (("linf", 0.1), ("l2", 0.5))
KEPT = {"madry": 0.7, "trades_1": 0.6, "trades_6": 0.75}
SOURCES = {"from_copy": 0.15, "from_plain": 0.25}


def worst(defenses, seeds, teacher, student):
    """Teachers, a knockoff of a robust one, chains; a transfer attack beats the direct ones on MAD."""
    models = [(f"{d}-{teacher}", {"role": "teacher", "defense": d, "arch": teacher},
               0.97 - 0.05 * (d in KEPT) - 0.02 * (d == "trades_6"), KEPT.get(d, 0.05 + 0.004 * i))
              for i, d in enumerate(defenses)]  # fmt: skip
    models += [(f"madry-{teacher}--kd-{student}", {"role": "knockoff", "defense": "madry", "arch": student}, 0.93, 0.1)]
    models += [(f"ta-T{t:g}-step{s}", {"role": "chain", "defense": "", "arch": "cnn_digits", "chain": "ta",
                                       "temperature": t, "step": s}, 0.96, 0.1 + 0.02 * s)
               for t in (1.0, 20.0) for s in (0, 1, 2)]  # fmt: skip
    rows = [
        chain_tables.NOT_A_STEP | _row(seed, budget, natural, kept) | {"model": model} | where
        | {"transfer_wins": where["defense"] == "mad", "missing": 0}
        for seed in range(seeds) for budget in BUDGETS for model, where, natural, kept in models
    ]  # fmt: skip
    return pd.DataFrame(rows)


def with_carried(robustness):
    """The attacks with those that other networks' images carry over; on MAD these leave less than the direct one."""
    direct = robustness[(robustness["role"] == "teacher") & (robustness["attack"] == "pgd_linf")]
    carried = []
    for source, lost in SOURCES.items():
        value = direct["robust_accuracy"] + np.where(direct["defense"] == "mad", -0.1, lost)
        carried.append(direct.assign(logits=source, robust_accuracy=value, robust_low=value - 0.08,
                                     robust_high=value + 0.06, zero_gradient=np.nan))  # fmt: skip
    return pd.concat([robustness, *carried], ignore_index=True)


def _row(seed, budget, natural, kept):
    robust = kept + 0.01 * seed - 0.1 * (budget[0] == "l2" and kept > 0.2)
    return {
        "seed": seed, "norm": budget[0], "eps": budget[1], "attacks": 4 - (budget[0] == "l2"),
        "n": 128 - (budget[0] == "l2"),
        "clean_accuracy": natural - 0.005 * seed,
        "robust_accuracy": robust, "robust_low": max(0.0, robust - 0.06), "robust_high": robust + 0.05,
        "best_single": robust + 0.02 + 0.002 * seed, "boundary": natural - 0.005 * seed - robust,
    }  # fmt: skip
