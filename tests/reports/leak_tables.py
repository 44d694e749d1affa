"""Synthetic rows about what teachers' answers give away, and about CMIM; no number here was measured."""

from math import log, sqrt

import numpy as np
import pandas as pd

SPLITS = (("train", 1150), ("test", 360))
POWERS = [*np.arange(0, 2.01, 0.1).round(2), 3.0, 4.0, 8.0]
CLASSES = (8, 1, 9)
TRIANGLE = np.array([(0.0, 0.0), (1.0, 0.0), (0.5, sqrt(0.75))])


def cmi(defenses, heights, teacher, seeds):
    """Curves over all classes (label -1), and of each of ten classes."""
    rows = [
        {"teacher": f"{d}-{teacher}", "defense": d, "defense_label": defenses[d][0], "arch": teacher, "seed": s,
         "split": split, "power": p, "label": y, "n": n if y < 0 else n // 10,
         "cmi": heights[d] * p * 2 / (0.4 + p**2 * 2.4) * (1 + 0.05 * s + 0.1 * y) * (1.4 if split == "test" else 1)}
        for d in defenses for s in range(seeds) for split, n in SPLITS for p in POWERS for y in range(-1, 10)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def leaks(defenses, heights, teacher, seeds):
    """Peaks between 0.3 and 0.5; the unprotected teacher resembles itself, so that is not a number."""
    rows = [
        {"teacher": f"{d}-{teacher}", "defense": d, "defense_label": defenses[d][0], "arch": teacher, "seed": s,
         "split": split, "peak": heights[d] * (1.2 if split == "test" else 1) * (1 + 0.01 * s),
         "peak_power": 0.3 + 0.1 * s, "peak_corrected": heights[d] * (1.1 if split == "test" else 0.9) - 0.001 * s,
         "similarity": 0.4 + 0.01 * s + 0.02 * i, "n": n,
         "resemblance": np.nan if d == "ce" else 0.8 - 0.01 * s - 0.03 * i + 0.05 * (split == "test")}
        for i, d in enumerate(defenses) for s in range(seeds) for split, n in SPLITS
    ]  # fmt: skip
    return pd.DataFrame(rows)


def simplex(defenses, heights, teacher):
    """Twenty answers per class: the wider the higher the CMI, the nearer to their corner the larger the power."""
    rng, rows = np.random.default_rng(1), []
    for d in defenses:
        for power in (0.25, 1.0, 4.0):
            for corner, label in enumerate(CLASSES):
                logits = rng.normal(0, 1 + heights[d], (20, 3)) + 3 * np.eye(3)[corner]
                shares = np.exp(power * logits)
                places = shares / shares.sum(1, keepdims=True) @ TRIANGLE
                rows += [
                    {"defense": d, "teacher": f"{d}-{teacher}", "seed": 0, "power": power, "label": label,
                     "name": str(label), "corners": [str(each) for each in CLASSES], "x": x, "y": y}
                    for x, y in places
                ]  # fmt: skip
    return pd.DataFrame(rows)


def ablations(seeds):
    """What omega does to the teacher and to two of its knockoffs."""
    few = seeds < 3
    quantities = (("accuracy", ""), ("peak", ""), ("knockoff", "kd"), ("knockoff", "avg"))
    rows = [
        {"method": "cmim", "field": "omega", "value": omega, "defense": f"cmim_omega_{omega}",
         "arch": "cnn_digits", "student": attack and "cnn_digits", "quantity": quantity, "attack": attack,
         "number": number, "low": None if few else 0.9 * number,
         "high": None if few else 1.05 * number, "seeds": seeds}
        for omega in (1, 5, 25, 200) for quantity, attack in quantities
        for number in [1 / log(omega + 2) if quantity == "peak" else 0.9 - len(attack) / 50 - omega / 5000]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def hypotheses(seeds):
    """One hypothesis of each decision; none is decided below three seeds."""
    few = seeds < 3
    said = (("W1", "the averager beats the LS student", "contradicted"),
            ("W2", "answers scatter more on test images", "holds"),
            ("W8", "labels alone are as hard to steal from", "undecided"))  # fmt: skip
    rows = [
        {"defense": "cmim", "hypothesis": name, "statement": statement, "unit": "points", "value": 0.3 + i,
         "low": None if few else i - 0.1, "high": None if few else 0.8 + i, "p": None if few else 0.04 / (1 + i),
         "decision": "undecided" if few else decision, "seeds": seeds}
        for i, (name, statement, decision) in enumerate(said)
    ]  # fmt: skip
    return pd.DataFrame(rows)
