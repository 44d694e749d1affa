"""Certificates of made-up models, and attacks beside them."""

from math import nan

import numpy as np
import pandas as pd
from attacked_run import struck

IDS = (40, 12, 33, 7, 21, 18, 55, 3)
"""Of eight images, in no order; 21 is misclassified."""

NEAR = ("ibp", "", "", "milp", "dual", "crown", "ibp", "alpha_crown")
"""Who decides at radius 0.05: of image 21 that it is wrong on all of the ball."""

FAR = ("lp", "", "", "", "", "dual", "", "")
"""Who decides at radius 0.1."""


def certifier(label, *deciders, grade="V", norm="linf"):
    """What the plan says of a certifier."""
    return {"label": label, "grade": grade, "norm": norm, "deciders": [{"name": name} for name in deciders]}


def certified(by, *, radius=nan, wrong=(21,)):
    """One row per radius and image: ``by`` says, by radius, which method decided each image, or nothing."""
    parts = []
    for eps, methods in by.items():
        ids = np.array(IDS[: len(methods)])
        right, decided = ~np.isin(ids, wrong), np.array(methods, object) != ""
        parts.append(pd.DataFrame({
            "id": ids, "label": ids % 4, "predicted": (ids + ~right) % 4, "eps": eps, "margin": ids * eps - 1,
            "certified": decided & right, "certified_prediction": decided, "by": methods,
            "slack": np.arange(len(ids)) < (3 if eps < 0.1 else 2), "radius": radius,
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def lengths(distances, norm="linf", **others):
    """An attack that minimizes ``norm``, with the lengths of what it found in other norms; none where it failed."""
    frame = struck(distances)
    found = frame["distance"].where(np.isfinite(frame["distance"]))
    return frame.assign(**{norm: found}, **{name: found * factor for name, factor in others.items()})
