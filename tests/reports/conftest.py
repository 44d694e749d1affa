"""Small synthetic tables in the layout that the stage ``collect`` writes; no number here was measured."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import certified_tables
import chain_tables
import leak_tables
import response_tables
import robust_tables
import strength_tables
import thief_tables
import worst_tables

from distillab.tables import TABLES
from distillab.tables.frame import frame_of
from distillab.tables.table import Table

DEFENSES = {
    "ce": ("CE", "V"), "ls": ("LS", "V"), "nt": ("NT", "V"), "snt": ("SNT", "R"), "st": ("ST", "V"),
    "mad": ("MAD", "V"), "mad_argmax": ("MAD", "V"), "apgp": ("APGP", "R"), "rsp": ("RSP", "V"),
    "label_only": ("label only", "V"), "cmim": ("CMIM", "V"), "cmim_flat": ("CMIM flat", "R"),
    "cmim_anchored": ("anchored CMIM", "R"), "ast": ("AST", "V"), "ast_clean": ("AST", "V"), "madry": ("Madry", "V"),
    "trades_1": ("TRADES", "V"), "trades_6": ("TRADES", "V"), "wk": ("WK", "V"),
}  # fmt: skip
KINDS = {
    "ce": "unprotected", "ls": "smoothed", "nt": "nasty", "snt": "nasty", "st": "sparse", "ast": "adversarial_sparse",
    "ast_clean": "adversarial_sparse", "cmim": "concentrated", "cmim_flat": "concentrated", "madry": "adversarial",
    "cmim_anchored": "concentrated", "trades_1": "adversarial", "trades_6": "adversarial",
    "wk": "certified",
}  # fmt: skip
"""What they do; the others perturb what is released."""
POST_HOC = ("st", "mad", "mad_argmax", "apgp", "rsp", "label_only")
PAPERS = {"kd": ("KD", "V"), "mkd": ("MKD", "S"), "dkd": ("DKD", "V"), "dist": ("DIST", "V"), "htc": ("HTC", "R")}
PAPERS |= {"avg": ("AVG", "P"), "knockoff_random": ("Knockoff", "V")}
ATTACKS = PAPERS | {"scm": ("SCM", "R"), "knockoff_adaptive": ("Knockoff adaptive", "R")}
ATTACKS |= {"kd_tuned": ("KD tuned", "V"), "mkd_tuned": ("MKD tuned", "S")}
STUDENT, TEACHER, TEST_N, MARGIN = "cnn_digits", "papernot_digits", 360, 1 / 360
PARAMETERS = {"teacher": 21_000, "chain": 9_800} | dict.fromkeys(("ls_student", "pseudo_student", "knockoff"), 5_400)
QUALITY = dict(zip(DEFENSES, (0.012, 0.010, 0.004, 0.006, 0.008, 0.011, 0.009, 0.007, 0.003, -0.011, -0.012, -0.008,
                              -0.006, 0.002, 0.009, 0.013, 0.012, 0.011, 0.010), strict=True))  # fmt: skip
MEASURED = {key: named for key, named in DEFENSES.items() if not key.startswith(("ast", "madry", "trades", "wk"))}
SCATTER = dict(zip(MEASURED, (0.5, 0.2, 0.7, 0.6, 0.45, 0.55, 0.5, 0.4, 0.42, 0.0, 0.04, 0.05, 0.03), strict=True))
SETTINGS = {
    "ast": {"weight": 0.05, "temperature": 6.0, "ratio": 0.2, "steps": 40},
    "ast_clean": {"weight": 0.05, "temperature": 6.0, "ratio": 0.2, "steps": 40, "source": "clean"},
    "madry": {"eps": 0.1}, "trades_1": {"eps": 0.1, "beta": 1.0}, "trades_6": {"eps": 0.1, "beta": 6.0},
    "wk": {"name": "wong_kolter", "eps": 0.05},
}  # fmt: skip

_MADE = {
    "environment": {"python": "3.11.7", "torch": "2.13.0", "device": "cpu", "threads": "1", "machine": "x86_64"},
    "payloads": 310,
    "stages": {"teach": 18, "knockoff": 20, "measure": 272},
    "models": [f"{defense}-{TEACHER}" for defense in DEFENSES],
}
_RUN = {
    "stage_seconds": {"teach": 81.2, "knockoff": 64.0, "attack": 33.5},
    "environments": [_MADE],
    "commit": "0123456789abcdef",
    "date": "2026-03-01",
    "teacher_seconds": {f"{d}-{TEACHER}": 2.0 if d == "cmim" else 1.6 + 0.05 * i for i, d in enumerate(DEFENSES)},
    "teacher_fixed_seconds": {},
    "teacher_step_seconds": {},
}


def write_tables(folder: Path, *, seeds: int = 3) -> Path:
    """Write every table of one synthetic preset into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    knockoff, models = _knockoff(rng, seeds), _models(rng, seeds)
    attacked = worst_tables.with_carried(robust_tables.robustness(rng, seeds, QUALITY, TEACHER))
    attacked = strength_tables.with_words(attacked)
    others = thief_tables.knockoffs(DEFENSES, ATTACKS, seeds, (TEACHER, STUDENT), TEST_N)
    knockoff = pd.concat([knockoff, others], ignore_index=True)
    frames = {
        "models": models,
        "knockoff": knockoff,
        "robustness": attacked,
        "strength": strength_tables.strength(attacked),
        "verdicts": thief_tables.verdicts(knockoff, MARGIN),
        "worth": thief_tables.worth(knockoff),
        "labels": thief_tables.labels(seeds, STUDENT, TEST_N),
        "worst": worst_tables.worst(DEFENSES, seeds, TEACHER, STUDENT),
        "certificates": certified_tables.certificates(seeds, TEACHER, chain_tables.NOT_A_STEP),
        "certified_images": certified_tables.images(seeds, TEACHER),
        "cascades": certified_tables.cascades(seeds),
        "responses": response_tables.responses(DEFENSES, seeds, TEACHER),
        "profiles": response_tables.profiles(DEFENSES, seeds, TEACHER),
        "curves": robust_tables.curves(seeds, QUALITY, TEACHER),
        "protections": thief_tables.protections(seeds, TEACHER, STUDENT, TEST_N),
        "cmi": leak_tables.cmi(MEASURED, SCATTER, TEACHER, seeds),
        "leaks": leak_tables.leaks(MEASURED, SCATTER, TEACHER, seeds),
        "simplex": leak_tables.simplex(MEASURED, SCATTER, TEACHER),
        "ablations": leak_tables.ablations(seeds),
        "hypotheses": leak_tables.hypotheses(seeds),
        "history": _history(seeds),
        "examples": robust_tables.examples(rng, TEACHER),
        "sensitivity": chain_tables.sensitivity(seeds),
        "steps": chain_tables.steps(seeds),
        "claims": chain_tables.claims(seeds),
    }
    for name, table in TABLES.items():
        _whole(table, frames.get(name, frame_of(table, []))).to_parquet(folder / f"{name}.parquet")
    (folder / "facts.json").write_text(json.dumps(_facts(seeds)))
    run = _RUN | {"certificate_costs": certified_tables.costs(seeds, TEACHER)}
    (folder / "run.json").write_text(json.dumps(run))
    return folder


def _whole(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the declared columns that nothing was made up for: the least that they can hold."""
    lacking = [column for column in table.fixed if column.name not in frame.columns]
    return frame.assign(**{column.name: "" if column.unit == "text" else max(column.kind.low, 0) for column in lacking})


def _models(rng: np.random.Generator, seeds: int) -> pd.DataFrame:
    rows = []
    for seed in range(seeds):
        for key, (label, grade) in DEFENSES.items():
            rows.append(
                _model(rng, f"{key}-{TEACHER}", "teacher", seed, TEACHER, defense=key, label=label, grade=grade)
            )
        rows += [
            _model(rng, f"ls{share}-{STUDENT}", "ls_student", seed, STUDENT, smoothing=share, chosen=share == 0.1)
            for share in (0.01, 0.05, *(tenths / 10 for tenths in range(1, 10)))
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
                grade=DEFENSES[d][1],
                attack=a,
            )
            for d in DEFENSES
            for a in ATTACKS
        ]
    other = np.random.default_rng(1)
    rows += thief_tables.models(lambda *key, **own: _model(other, *key, **own), DEFENSES, seeds, TEACHER, STUDENT)
    rows += chain_tables.chain_models(seeds, lambda *key: _model(rng, *key))
    return pd.DataFrame(rows)


def _model(rng, model, role, seed, arch, *, defense="", label="", grade="", smoothing=np.nan, chosen=True, attack=""):
    entropy = {"cmim": 0.21, "ls": 0.55}.get(defense, 0.09) + rng.normal(0, 0.004)
    post_hoc = role == "teacher" and defense in POST_HOC
    return {
        "model": model, "role": role, "defense": defense, "defense_label": label, "grade": grade, "attack": attack,
        "attack_label": ATTACKS[attack][0] if attack else "", "teacher": f"{defense}-{TEACHER}" if attack else "",
        "arch": arch, "thief": "" if role in ("teacher", "chain") else "paper",
        "seed": seed, "label_smoothing": smoothing, "chosen": chosen, "parameters": PARAMETERS[role],
        "epochs": 30 + 10 * (role != "teacher"),
        "val_accuracy": 0.965 + rng.normal(0, 0.004), "val_n": 287,
        "test_accuracy": round((0.97 + rng.normal(0, 0.006)) * TEST_N) / TEST_N, "test_n": TEST_N,
        "entropy_nats": entropy, "entropy_normalized": entropy / np.log(10), "ece": rng.uniform(0.01, 0.02),
        "nll": rng.uniform(0.1, 0.3), "brier": rng.uniform(0.04, 0.09), "confidence": rng.uniform(0.9, 0.99),
        "agreement": rng.uniform(0.93, 0.99) if attack else np.nan,
        "flip_rate": 0.01 * seed if post_hoc else np.nan, "change_l1": 0.21 + 0.01 * seed if post_hoc else np.nan,
        **chain_tables.NOT_A_STEP,
    }  # fmt: skip


def _knockoff(rng: np.random.Generator, seeds: int) -> pd.DataFrame:
    rows = []
    for defense, (label, grade) in DEFENSES.items():
        for place, (attack, (attack_label, attack_grade)) in enumerate(ATTACKS.items()):
            if (defense, attack) == ("mad", "htc"):
                continue  # a cell that this preset does not run
            delta = QUALITY[defense] + rng.normal(0, 0.006) - (0.05 if (defense, attack) == ("nt", "dkd") else 0)
            delta = np.nan if (defense, attack) == ("st", "avg") else delta  # a cell that failed
            half = 0.007 + abs(rng.normal(0, 0.003)) if seeds > 1 else np.nan
            agreement = 0.96 + delta if seeds > 1 else np.nan
            rows.append({
                "thief": "paper", "control_seeds": thief_tables.controls("paper", seeds), "agreement": agreement,
                "agreement_low": agreement - 0.01, "agreement_high": agreement + 0.01,
                "defense": defense, "defense_label": label, "grade": grade, "teacher": f"{defense}-{TEACHER}",
                "attack": attack, "attack_label": attack_label, "attack_grade": attack_grade,
                "in_paper": attack in PAPERS, "student": STUDENT,
                "seeds": 10 if (defense, attack) == ("cmim", "kd") and seeds > 1 else seeds, "test_n": TEST_N,
                "knockoff_accuracy": 0.955 + delta,
                "knockoff_low": 0.955 + delta - 0.9 * half, "knockoff_high": 0.955 + delta + 0.8 * half,
                "ls_smoothing": 0.1, "ls_accuracy": 0.955, "ls_low": 0.955 - 0.7 * half,
                "ls_high": 0.955 + 0.6 * half, "delta": delta, "delta_low": delta - half,
                "delta_high": delta + 1.2 * half, "queries": 1150 * (1 + place),
                "responses": "live" if attack == "scm" else "cached", "missing": 0,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _history(seeds: int) -> pd.DataFrame:
    trained = [d for d in DEFENSES if d not in POST_HOC]
    terms = {d: ("cross_entropy", "total") if d in ("ce", "ls") else ("cross_entropy", d, "total") for d in trained}
    rows = [
        {"model": f"{d}-{TEACHER}", "role": "teacher", "seed": s, "epoch": e, "term": t,
         "value": 2.3 * np.exp(-e / (4 + i)) + 0.02 * s + 0.01 * place}
        for place, d in enumerate(trained) for s in range(seeds) for i, t in enumerate(terms[d]) for e in range(30)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _facts(seeds: int) -> dict[str, object]:
    return {
        "preset": "synthetic", "title": "Synthetic digits", "standin": "synthetic numbers, not a measurement",
        "shape": [1, 8, 8], "classes": 10, "class_names": [str(i) for i in range(10)], "intake": {},
        "train_n": 1150, "val_n": 287, "test_n": TEST_N, "seeds": list(range(seeds)), "margin": MARGIN,
        "params": {"preset": "synthetic", "train": {"epochs": 30, "batch_size": 64}, "seeds": seeds,
                   "data": {"train_limit": 1150},
                   "pairs": [{"teacher": {"name": TEACHER}, "student": {"name": STUDENT}}],
                   "chains": {"ta": {"steps": 3, "temperatures": list(chain_tables.TEMPERATURES)}},
                   "studies": ["undistillable", "ta", "sparse", "adversarial", "certified"],
                   "certification": certified_tables.PARAMS,
                   "defenses": {key: {"name": key.partition("_")[0]} | own for key, own in SETTINGS.items()}},
        "cells_planned": 49, "cells_done": 49, "missing": [], "impossible": [],
        "flags": ["mad-papernot_digits: zero gradients under PGD-20"],
        **thief_tables.facts(seeds),
        "methods": {"defenses": _methods(DEFENSES), "knockoffs": _methods(ATTACKS), "attacks": {},
                    "certifiers": certified_tables.METHODS},
        "command": "snakemake --cores 2", "license": "BSD-3-Clause",
        "source": "synthetic generator of the tests", "split_rule": "fixed order",
    }  # fmt: skip


def _methods(methods: dict[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    found = {key: {"label": label, "grade": grade, "paper": f"{label}'s"} for key, (label, grade) in methods.items()}
    return {
        key: facts | {"kind": KINDS.get(key, "perturbed")} | ({"paper": "distillab"} if key.startswith("cmim_") else {})
        for key, facts in found.items()
    }


@pytest.fixture(scope="session")
def make_tables() -> Callable[..., Path]:
    """The generator itself, for tests that spoil a table."""
    return write_tables


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of three seeds."""
    return write_tables(tmp_path_factory.mktemp("synthetic") / "tables")
