"""What thieves other than the papers' have and take, on a synthetic run; no number here was measured."""

import math

import numpy as np
import pandas as pd

from distillab.tables import TABLES
from distillab.tables.frame import frame_of

THIEVES = {
    "paper": {"labels": "all", "queries": "labeled", "answers": "probabilities", "data": ""},
    "poor": {"labels": 60, "queries": "all", "answers": "probabilities", "data": ""},
    "told": {"labels": 60, "queries": "all", "answers": "label", "data": ""},
    **{f"labels_{n}": {"labels": n, "queries": "none", "answers": "probabilities", "data": ""} for n in (20, 200)},
}
EVERY = 1150 + 287
"""Training and validation images."""
SEEDS = {"paper": 3, "poor": 4, "told": 4, "labels_20": 3, "labels_200": 3}
GAINS = {"ce": 0.072, "ls": 0.068, "nt": 0.012, "st": 0.05, "mad": -0.02, "cmim": 0.063, "label_only": 0.001}
"""What the poor thief's strongest attack gains over both controls; the other teachers are the papers' thief's alone."""
CLOSED = {"mad"}
TOLD = ("ce", "mad", "cmim")
ALONE = {"labels_20": 0.774, "poor": 0.885, "told": 0.885, "labels_200": 0.938, "paper": 0.955}
PSEUDO = 0.907
ROOM = {"nt": -0.003, "snt": -0.02, "cmim_flat": -0.01}
"""Upper bounds of what teachers of the papers' thief are above the LS students; of others there is room."""


def seeds_of(thief, seeds):
    """Seeds of a thief's cells; one where the run has one."""
    return SEEDS[thief] if seeds > 1 else 1


def facts(seeds):
    """The thieves, and what decides."""
    thieves = {key: means | {"seeds": list(range(seeds_of(key, seeds)))} for key, means in THIEVES.items()}
    headline = {"defenses": [], "attacks": [], "seeds": []}
    return {"thieves": thieves, "decide": {"alpha": 0.05, "looks": [8, 16], "asked": {}, "headline": headline}}


def labels(seeds, student, test_n):
    """The table ``labels``: every thief's controls."""
    rows = [("ls_student", thief, alone) for thief, alone in ALONE.items()]
    rows += [("pseudo_student", thief, PSEUDO) for thief in ("poor", "told")]
    half = 0.012 if seeds > 1 else np.nan
    return pd.DataFrame([
        {"thief": thief, "role": role, "student": student,
         "labels": EVERY if THIEVES[thief]["labels"] == "all" else THIEVES[thief]["labels"], "accuracy": accuracy,
         "low": accuracy - half, "high": accuracy + 0.9 * half, "seeds": controls(thief, seeds), "test_n": test_n}
        for role, thief, accuracy in rows
    ])  # fmt: skip


def controls(thief, seeds):
    """Seeds of a thief's controls."""
    return {"paper": 10, "poor": 12}.get(thief, SEEDS[thief]) if seeds > 1 else 1


def knockoffs(defenses, attacks, seeds, pair, test_n):
    """The rows of the table ``knockoff`` of the thieves with few labels."""
    teacher, student = pair
    cells = [("poor", key, attack) for key in GAINS for attack in ("kd", "mkd")]
    cells += [("told", key, "kd") for key in TOLD]
    rows = []
    for thief, defense, attack in cells:
        gain = GAINS[defense] - 0.009 * (attack == "mkd") - 0.004 * (thief == "told")
        half = 0.011 if seeds > 1 else np.nan
        accuracy, over = PSEUDO + gain, PSEUDO - ALONE[thief]
        rows.append({
            "thief": thief, "defense": defense, "defense_label": defenses[defense][0], "grade": defenses[defense][1],
            "teacher": f"{defense}-{teacher}", "attack": attack, "attack_label": attacks[attack][0],
            "attack_grade": attacks[attack][1], "in_paper": True, "student": student, "seeds": _cell_seeds(thief,
            defense, seeds), "control_seeds": controls(thief, seeds), "test_n": test_n, "knockoff_accuracy": accuracy,
            "knockoff_low": accuracy - half, "knockoff_high": min(1, accuracy + half), "agreement": accuracy - 0.01,
            "agreement_low": accuracy - 0.03, "agreement_high": accuracy + 0.008, "ls_smoothing": 0.4,
            "ls_accuracy": ALONE[thief], "ls_low": ALONE[thief] - half, "ls_high": ALONE[thief] + half,
            "pseudo_accuracy": PSEUDO, "pseudo_low": PSEUDO - half, "pseudo_high": PSEUDO + half,
            "delta": gain + over, "delta_low": gain + over - 1.2 * half, "delta_high": gain + over + 1.1 * half,
            "pseudo_delta": gain, "pseudo_delta_low": gain - 1.2 * half, "pseudo_delta_high": gain + 1.1 * half,
            "queries": 1150, "responses": "cached", "open": False, "missing": 0,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _cell_seeds(thief, defense, seeds):
    """Cells of CE and CMIM have more."""
    return seeds_of(thief, seeds) + 4 * (defense in ("ce", "cmim") and thief == "poor" and seeds > 1)


def models(make, defenses, seeds, teacher, student):
    """A few networks of the thieves with few labels; ``make`` is the maker of all models' rows."""
    rows = []
    for seed in range(seeds_of("poor", seeds)):
        for role in ("ls_student", "pseudo_student"):
            name = f"{role[:2]}0.4-{student}--poor"
            rows.append(make(name, role, seed, student, smoothing=0.4) | {"thief": "poor"})
        name, (label, grade) = f"ce-{teacher}--kd-{student}--poor", defenses["ce"]
        ce = make(name, "knockoff", seed, student, defense="ce", label=label, grade=grade, attack="kd")
        rows.append(ce | {"thief": "poor"})
    return rows


def verdict(cells, thief, defense, margin, leaks):
    """One verdict over these cells by the five rules; ``leaks`` says whether the unprotected teacher does."""
    over = cells["delta"] if thief == "paper" else cells["pseudo_delta"]
    low, high = (cells[f"{'' if thief == 'paper' else 'pseudo_'}delta_{end}"] for end in ("low", "high"))
    best = over.idxmax()
    lower, upper = low[best] - 0.004, high.max() + 0.004
    room = ROOM.get(defense, 0.03) if thief == "paper" else 0.07
    seeds = int(cells["seeds"].min())
    answer, reason, price = "undecided", f"{cells['attack'][best]} may gain up to {100 * upper:.2f} points", 4 * seeds
    if lower > 0:
        answer, reason = "distillable", f"{cells['attack'][best]} gains, at least {100 * lower:.2f} points"
    elif seeds > 1 and room < margin:
        answer, reason = "nothing to steal", "the teacher is hardly above the control"
    elif not leaks and defense != "ce":
        answer, reason = "no control", "the unprotected teacher of this network is not shown to leak"
    elif upper < margin:
        answer, reason = "undistillable", f"none of {len(cells)} attacks gains more than {100 * upper:.2f} points"
    elif seeds == 1:
        reason = "one seed gives no interval"
    if answer != "undecided" or seeds == 1:
        price = math.nan
    return {
        "verdict": answer, "literal": bool(over[best] > 0), "best_attack": cells["attack"][best],
        "best_delta": over[best], "lower": lower, "upper": upper, "seeds": seeds, "attacks": len(cells),
        "reason": reason, "price_seeds": price, "price_runs": price * len(cells) - 3, "missing": 0,
    }  # fmt: skip


SHIELD = ("share_removed", "share_low", "share_high", "protects", "protection_reason", "cost", "cost_low", "cost_high")


def shield(own, plain, defense, leaks):
    """What a defense removes of the leak by the unprotected teacher, with made-up bounds; nothing of that teacher."""
    if defense == "ce":
        return dict.fromkeys(SHIELD)
    share = 1 - own["best_delta"] / plain["best_delta"] if leaks else None
    cost, bounded = (0.003 if defense != "mad" else 0.0), own["seeds"] > 1
    protects = leaks and share > 0.8
    reason = "half of the leak is gone at no cost" if protects else f"{own['best_attack']} may keep half of the leak"
    shares = (share, share - 0.3, share + 0.2 if defense != "nt" else None) if leaks else (None, None, None)
    costs = (cost, cost - 0.006, cost + 0.005) if bounded else (cost, None, None)
    return dict(zip(SHIELD, (*shares, protects, reason, *costs), strict=True))


def worth(knockoff):
    """The table ``worth``: what the knockoffs are worth in labels, some beyond the ends of the curve."""
    rows = []
    for c in knockoff[knockoff["delta"].notna() & knockoff["agreement"].notna()].itertuples():
        labels = 60 if c.thief != "paper" else EVERY
        value = 20 * (EVERY / 20) ** ((c.knockoff_accuracy - 0.774) / (0.955 - 0.774))
        named = ("thief", "defense", "teacher", "student", "attack", "seeds", "queries")
        row = {name: getattr(c, name) for name in named} | {"labels": labels}
        for end, found in (("", value), ("_low", 0.7 * value), ("_high", 1.6 * value)):
            read, beyond = min(found, EVERY), int(found > EVERY)
            row |= {f"equivalent{end}": read, f"equivalent{end}_beyond": beyond}
            row |= {f"per_answer{end}": (read - labels) / c.queries, f"per_answer{end}_beyond": beyond}
        rows.append(row)
    return pd.DataFrame(rows) if rows else frame_of(TABLES["worth"], [])


def protections(seeds, teacher, student, test_n):
    """The table ``protections`` of the teacher without protection: answers as labels, and two defenses around it."""
    named = {"told": "label", "mad": "MAD", "label_only": "label only"}
    left = {"told": GAINS["ce"] - 0.004} | GAINS
    return pd.DataFrame([
        {"thief": "poor", "teacher": f"ce-{teacher}", "defense": "ce", "student": student, "protection": key,
         "is_form": key == "told", "protection_label": label, "n": test_n, "teachers": seeds, "accuracy": 0.968,
         "cost": 0.002 * place, "cost_low": 0.002 * place - 0.004, "cost_high": 0.002 * place + 0.004,
         "flip_rate": 0.01 * place, "change_l1": 0.11 + 0.2 * place, "ece": 0.012 + 0.01 * place, "bare_ece": 0.012,
         "best_attack": "kd", "gain": left[key], "gain_lower": left[key] - 0.03, "gain_upper": left[key] + 0.03,
         "seeds": seeds_of("poor", seeds), "missing": 0, "share_attack": "kd"} | _taken(left[key], seeds)
        for place, (key, label) in enumerate(named.items())
    ])  # fmt: skip


def _taken(gain, seeds):
    """The share of the leak that is gone; of one seed nothing is known."""
    share = 1 - gain / GAINS["ce"]
    known = seeds > 1
    reason = "half of the leak is gone at no cost" if share > 0.8 else "kd may keep half of the leak"
    ends = {"share_removed": share, "share_low": share - 0.25, "share_high": share + 0.3}
    return {
        "protects": known and share > 0.8,
        "protection_reason": reason if known else "no leak to remove is shown",
    } | {name: value if known else None for name, value in ends.items()}


def verdicts(knockoff, margin):
    """The table ``verdicts`` of every thief, with the papers' scope for the papers' thief alone."""
    rows = []
    named = ["thief", "defense", "defense_label", "teacher", "student"]
    for thief, of_thief in knockoff.groupby("thief", sort=False):
        plain = verdict(of_thief[of_thief["defense"] == "ce"], thief, "ce", margin, leaks=True)
        leaks = plain["verdict"] == "distillable"
        for keys, cells in of_thief.groupby(named, sort=False):
            where = dict(zip(named, keys, strict=True))
            own = verdict(cells, thief, where["defense"], margin, leaks)
            papers = verdict(cells[cells["in_paper"]], thief, where["defense"], margin, leaks)
            papers = papers if thief == "paper" else dict.fromkeys(papers) | {"missing": 0}
            rows.append(where | {"margin": margin, "headroom": 0.01, "control_seeds": int(cells["control_seeds"].min())}
                        | own | {f"paper_{name}": value for name, value in papers.items()}
                        | shield(own, plain, where["defense"], leaks))  # fmt: skip
    return pd.DataFrame(rows)
