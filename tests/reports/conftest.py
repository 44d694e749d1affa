"""Small synthetic tables in the layout that the stage ``collect`` writes; no number here was measured."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import chain_tables

DEFENSES = {"ce": ("CE", "V"), "ls": ("LS", "V"), "nasty": ("NT", "V"), "ast": ("AST", "V"), "cmim": ("CMIM", "V")}
DEFENSES |= {"stingy": ("ST", "V"), "mad": ("MAD", "V")}
ATTACKS = {"kd": ("KD", "V"), "mkd": ("MKD", "S"), "dkd": ("DKD", "V"), "dist": ("DIST", "V"), "htc": ("HTC", "R")}
ATTACKS |= {"avg": ("AVG", "P"), "knockoff_random": ("Knockoff", "V")}
FIXED = {"fgsm_linf": ("FGSM", "linf", 0.1), "pgd_linf": ("PGD-20", "linf", 0.1)}
MINIMUM = {"cw_l2": ("C&W L2", "l2")}
STUDENT, TEACHER, TEST_N, MARGIN = "cnn_digits", "papernot_digits", 360, 1 / 360
QUALITY = dict(zip(DEFENSES, (0.012, 0.010, 0.004, 0.006, -0.012, 0.008, 0.011), strict=True))


_RUN = {
    "stage_seconds": {"teach": 81.2, "knockoff": 64.0, "attack": 33.5},
    "environment": {"python": "3.11.7", "torch": "2.13.0", "device": "cpu", "threads": "1", "machine": "x86_64"},
    "commit": "0123456789abcdef",
}


def write_tables(folder: Path, *, seeds: int = 3) -> Path:
    """Write every table of one synthetic preset into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    knockoff = _knockoff(rng, seeds)
    frames = {
        "models": _models(rng, seeds),
        "knockoff": knockoff,
        "verdicts": _verdicts(knockoff),
        "robustness": _robustness(rng, seeds),
        "curves": _curves(seeds),
        "cmi": _cmi(seeds),
        "history": _history(seeds),
        "examples": _examples(rng),
        "sensitivity": chain_tables.sensitivity(seeds),
        "steps": chain_tables.steps(seeds),
        "claims": chain_tables.claims(seeds),
    }
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet")
    (folder / "facts.json").write_text(json.dumps(_facts(seeds)))
    (folder / "run.json").write_text(json.dumps(_RUN))
    return folder


def _models(rng: np.random.Generator, seeds: int) -> pd.DataFrame:
    rows = []
    for seed in range(seeds):
        for key, (label, grade) in DEFENSES.items():
            rows.append(
                _model(rng, f"{key}-{TEACHER}", "teacher", seed, TEACHER, defense=key, label=label, grade=grade)
            )
        rows += [
            _model(rng, f"ls{eps}-{STUDENT}", "ls_student", seed, STUDENT, eps=eps, chosen=eps == 0.1)
            for eps in (0.1, 0.3)
        ]
        rows += [
            _model(
                rng,
                f"{d}-{TEACHER}--{a}-{STUDENT}",
                "knockoff",
                seed,
                STUDENT,
                defense=d,
                label=DEFENSES[d][0],
                grade="V",
                attack=a,
            )
            for d in DEFENSES
            for a in ATTACKS
        ]
    rows += chain_tables.chain_models(seeds, lambda *key: _model(rng, *key))
    return pd.DataFrame(rows)


def _model(rng, model, role, seed, arch, *, defense="", label="", grade="", eps=np.nan, chosen=True, attack=""):
    entropy = {"cmim": 0.21, "ls": 0.55}.get(defense, 0.09) + rng.normal(0, 0.004)
    return {
        "model": model, "role": role, "defense": defense, "defense_label": label, "grade": grade, "attack": attack,
        "attack_label": ATTACKS[attack][0] if attack else "", "teacher": f"{defense}-{TEACHER}" if attack else "",
        "arch": arch, "seed": seed, "eps": eps, "chosen": chosen, "parameters": 21_000, "epochs": 30,
        "val_accuracy": 0.975, "val_n": 287,
        "test_accuracy": round((0.97 + rng.normal(0, 0.006)) * TEST_N) / TEST_N, "test_n": TEST_N,
        "entropy_nats": entropy, "entropy_normalized": entropy / np.log(10), "ece": 0.013, "nll": 0.11,
        "brier": 0.05, "confidence": 0.96, "agreement": 0.97 if attack else np.nan, **chain_tables.NOT_A_STEP,
    }  # fmt: skip


def _knockoff(rng: np.random.Generator, seeds: int) -> pd.DataFrame:
    rows = []
    for defense, (label, grade) in DEFENSES.items():
        for attack, (attack_label, attack_grade) in ATTACKS.items():
            if (defense, attack) == ("mad", "htc"):
                continue  # a cell that this preset does not run
            delta = QUALITY[defense] + rng.normal(0, 0.006) - (0.05 if (defense, attack) == ("nasty", "dkd") else 0)
            delta = np.nan if (defense, attack) == ("stingy", "avg") else delta  # a cell that failed
            half = 0.007 + abs(rng.normal(0, 0.003)) if seeds > 1 else np.nan
            rows.append({
                "defense": defense, "defense_label": label, "grade": grade, "teacher": f"{defense}-{TEACHER}",
                "attack": attack, "attack_label": attack_label, "attack_grade": attack_grade, "student": STUDENT,
                "seeds": seeds, "test_n": TEST_N, "knockoff_accuracy": 0.955 + delta,
                "knockoff_low": 0.955 + delta - half, "knockoff_high": 0.955 + delta + half, "ls_eps": 0.1,
                "ls_accuracy": 0.955, "ls_low": 0.955 - half, "ls_high": 0.955 + half, "delta": delta,
                "delta_low": delta - half, "delta_high": delta + half, "queries": 1150.0,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _verdicts(knockoff: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (defense, label, teacher), cells in knockoff.groupby(["defense", "defense_label", "teacher"], sort=False):
        best = cells.loc[cells["delta"].idxmax()]
        lower, upper = best["delta_low"] - 0.004, cells["delta_high"].max() + 0.004
        verdict = "distillable" if lower > 0 else "undistillable" if upper < MARGIN else "undecided"
        reason = "" if verdict != "undecided" else "the interval holds zero and reaches beyond the margin"
        if best["seeds"] == 1:
            reason = "one seed gives no interval"
        rows.append({
            "defense": defense, "defense_label": label, "teacher": teacher, "student": STUDENT, "verdict": verdict,
            "literal": bool(best["delta"] > 0), "best_attack": best["attack"], "best_delta": best["delta"],
            "lower": lower, "upper": upper, "margin": MARGIN, "seeds": int(best["seeds"]), "reason": reason,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _robustness(rng: np.random.Generator, seeds: int) -> pd.DataFrame:
    rows = []
    for seed in range(seeds):
        for defense in DEFENSES:
            shift = QUALITY[defense] * 4 + rng.normal(0, 0.01)
            base = {
                "model": f"{defense}-{TEACHER}", "role": "teacher", "defense": defense, "arch": TEACHER, "seed": seed,
                "mode": "default", "n": 128, "clean_accuracy": 0.97, "success_n": 124, "failures": 0,
                "forwards": 20.0, "backwards": 20.0, "zero_gradient": 0.4 if defense == "mad" else 0.0,
                "randomized_forward": False, "logits": "raw", "success_low": 0.5, "success_high": 1.0,
                "max_distance": 2.0, "penalized_mean": 0.9,
                "mean_l2": 0.8, **chain_tables.NOT_A_STEP,
            }  # fmt: skip
            for attack, (label, norm, eps) in FIXED.items():
                robust = 0.42 - shift - (0.1 if attack == "pgd_linf" else 0)
                rows.append(base | {
                    "attack": attack, "attack_label": label, "norm": norm, "eps": eps, "robust_accuracy": robust,
                    "robust_low": robust - 0.08, "robust_high": robust + 0.08, "success_rate": 1 - robust / 0.97,
                    "median_distance": np.nan, "mean_distance": np.nan, "kind": "fixed_budget",
                })  # fmt: skip
            for attack, (label, norm) in MINIMUM.items():
                rows.append(base | {
                    "attack": attack, "attack_label": label, "norm": norm, "eps": np.nan, "robust_accuracy": np.nan,
                    "robust_low": np.nan, "robust_high": np.nan, "success_rate": 1.0, "failures": 2,
                    "median_distance": 0.6 - shift, "mean_distance": 0.7 - shift, "kind": "minimum_norm",
                })  # fmt: skip
    return pd.DataFrame(rows + chain_tables.chain_robustness(seeds))


def _curves(seeds: int) -> pd.DataFrame:
    rows = [
        {"model": f"{d}-{TEACHER}", "attack": "cw_l2", "logits": "raw", "norm": "l2", "seed": s, "eps": eps, "n": 128,
         "robust_accuracy": 0.97 / (1 + (eps / (0.6 - 4 * QUALITY[d] + 0.01 * s)) ** 4)}
        for d in DEFENSES for s in range(seeds) for eps in np.linspace(0, 2, 21)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _cmi(seeds: int) -> pd.DataFrame:
    powers = [*np.arange(0, 2.01, 0.1).round(2), 3.0, 4.0, 8.0]
    height = dict(zip(DEFENSES, (0.5, 0.2, 0.7, 0.6, 0.04, 0.45, 0.55), strict=True))
    rows = [
        {"teacher": f"{d}-{TEACHER}", "defense": d, "defense_label": DEFENSES[d][0], "arch": TEACHER, "seed": s,
         "split": split, "power": p, "label": -1, "n": n,
         "cmi": height[d] * p * 2 / (0.4 + p**2 * 2.4) * (1 + 0.05 * s) * (1.4 if split == "test" else 1)}
        for d in DEFENSES for s in range(seeds) for split, n in (("train", 1150), ("test", TEST_N)) for p in powers
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _history(seeds: int) -> pd.DataFrame:
    terms = {d: ("cross_entropy", "total") if d in ("ce", "ls", "stingy", "mad") else ("cross_entropy", d, "total")
             for d in DEFENSES}  # fmt: skip
    rows = [
        {"model": f"{d}-{TEACHER}", "role": "teacher", "seed": s, "epoch": e, "term": t,
         "value": 2.3 * np.exp(-e / (4 + i)) + 0.02 * s}
        for d in DEFENSES for s in range(seeds) for i, t in enumerate(terms[d]) for e in range(30)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _examples(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for model in (f"ce-{TEACHER}", f"cmim-{TEACHER}", "ta-T20-step1"):
        for i in range(3):
            y, x = np.mgrid[:8, :8]
            clean = np.clip(1.2 - 0.5 * abs(np.hypot(x - 3.5, y - 3.5) - 2 - 0.4 * i), 0, 1)
            adversarial = np.clip(clean + rng.normal(0, 0.15, clean.shape), 0, 1)
            rows.append({
                "model": model, "attack": "cw_l2", "logits": "raw", "seed": 0, "id": 17 + i, "label": i,
                "label_clean": i, "label_adv": (i + 3) % 10,
                "distance": float(np.linalg.norm(adversarial - clean)), "norm": "l2",
                "height": 8, "width": 8, "channels": 1, "clean": clean.ravel().tolist(),
                "adversarial": adversarial.ravel().tolist(),
            })  # fmt: skip
    return pd.DataFrame(rows)


def _facts(seeds: int) -> dict[str, object]:
    return {
        "preset": "synthetic", "title": "Synthetic digits", "standin": "synthetic numbers, not a measurement",
        "shape": [1, 8, 8], "classes": 10, "class_names": [str(i) for i in range(10)], "train_n": 1150, "val_n": 287,
        "test_n": TEST_N, "seeds": list(range(seeds)), "margin": MARGIN,
        "params": {"preset": "synthetic", "train": {"epochs": 30, "batch_size": 64}, "seeds": seeds},
        "cells_planned": 49, "cells_done": 47, "flags": ["mad-papernot_digits: zero gradients under PGD-20"],
        "command": "snakemake --cores 2", "license": "BSD-3-Clause",
        "source": "synthetic generator of the tests", "split_rule": "fixed order",
    }  # fmt: skip


@pytest.fixture(scope="session")
def make_tables() -> Callable[..., Path]:
    """The generator itself, for tests that spoil a table."""
    return write_tables


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of three seeds."""
    return write_tables(tmp_path_factory.mktemp("synthetic") / "tables")
