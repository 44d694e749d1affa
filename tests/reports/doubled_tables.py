"""The synthetic run with two of whatever it has one of, and with results at the far ends of their scales."""

import json
from pathlib import Path

import pandas as pd
from thief_tables import SHIELD

DEFENSES = ("ce", "nt", "st", "cmim", "madry", "trades_1", "trades_6", "wk", "ast")
ATTACKS = ("", "kd", "dkd", "htc", "scm", "pgd_linf", "fgsm_linf", "cw_l2", "fgsm", "cw_l2_fast")
WIDE = {"papernot_digits": "wide_digits", "cnn_digits": "small_digits"}
MOVED = {
    "models": {"test_accuracy": -0.02, "val_accuracy": -0.01, "entropy_nats": 0.1, "confidence": -0.03},
    "knockoff": dict.fromkeys(("knockoff_accuracy", "knockoff_low", "knockoff_high", "delta", "delta_low",
                               "delta_high"), -0.004),
    "verdicts": {"best_delta": -0.004, "lower": -0.004, "upper": -0.004},
    "robustness": {"robust_accuracy": 0.05, "robust_low": 0.05, "robust_high": 0.05, "median_distance": 0.1},
    "worst": {"clean_accuracy": 0.01, "robust_accuracy": 0.04, "boundary": -0.03},
    "responses": {"entropy": 0.05}, "profiles": {"value": -0.1}, "cmi": {"cmi": 0.02}, "leaks": {"peak": 0.03},
    "certificates": {"certified_accuracy": 0.02, "clean_accuracy": 0.01}, "certified_images": {"margin": 0.3},
    "sensitivity": {"margin_median": 0.7}, "steps": {"difference": 0.002, "low": 0.002, "high": 0.002},
    "claims": {"value": 0.3}, "history": {"value": 0.2}, "cascades": {"paper_robust_error": 0.01},
}  # fmt: skip
"""How the second of everything differs from the first, by table and column."""


def doubled(tables: Path) -> None:
    """Rewrite the tables of a run: two networks, students, chains and machines, fewer defenses and attacks."""
    for path in tables.glob("*.parquet"):
        frame = pd.read_parquet(path)
        for column, kept in (("defense", ("", *DEFENSES)), ("attack", ATTACKS)):
            if column in frame and path.stem != "ablations":
                frame = frame[frame[column].isin(kept)]
        second = frame.replace(WIDE | {"ta": "tb"}, regex=True).replace({"cascade": {"madry": "trades_6"}})
        for column, more in MOVED.get(path.stem, {}).items():
            second[column] += more
        both = pd.concat([frame, second], ignore_index=True)
        if path.stem in {"simplex", "ablations", "hypotheses"}:
            both = frame
        _FAR.get(path.stem, lambda rows: rows)(both).to_parquet(path)
    _two_machines(tables / "run.json")


def _models(frame: pd.DataFrame) -> pd.DataFrame:
    """Wider teachers have more parameters; a third chain starts from a defended teacher."""
    wide = frame["arch"].eq("wide_digits")
    frame = frame.assign(parameters=frame["parameters"] * (1 + 3 * wide))
    left = _left(frame).assign(teacher="madry-papernot_digits", defense_label="Madry", grade="V")
    return pd.concat([frame, left], ignore_index=True)


def _worst(frame: pd.DataFrame) -> pd.DataFrame:
    left = _left(frame)
    return pd.concat([frame, left.assign(robust_accuracy=left["robust_accuracy"] / 2)], ignore_index=True)


def _left(frame: pd.DataFrame) -> pd.DataFrame:
    rows = frame[(frame["chain"] == "ta") & (frame["step"] > 0)]
    return rows.assign(model=rows["model"].str.replace("ta", "left"), chain="left", defense="madry")


def _knockoff(frame: pd.DataFrame) -> pd.DataFrame:
    """Gains beyond ten points."""
    far = {"delta": -0.23, "delta_low": -0.24, "delta_high": -0.21}
    return frame.assign(**{name: frame[name].where(frame["attack"] != "dkd", value) for name, value in far.items()})


def _verdicts(frame: pd.DataFrame) -> pd.DataFrame:
    """Of the first teachers over all students, too; NT was never attacked as in the paper."""
    first = frame["teacher"].str.endswith("papernot_digits")
    together = frame[first].assign(student="every student", best_attack=frame["best_attack"] + " on small_digits",
                                   best_delta=frame["best_delta"] + 0.001, seeds=1,
                                   **dict.fromkeys(SHIELD))  # fmt: skip
    both = pd.concat([frame, together], ignore_index=True)
    paper = [column for column in both if column.startswith("paper_") and column != "paper_missing"]
    return both.assign(**{column: both[column].where(both["defense"] != "nt").astype(object) for column in paper})


def _certificates(frame: pd.DataFrame) -> pd.DataFrame:
    """Nothing below half."""
    shares = ["certified_accuracy", "robust_accuracy", "low", "high"]
    return frame.assign(**{column: 0.6 + frame[column] / 3 for column in shares})


def _robustness(frame: pd.DataFrame) -> pd.DataFrame:
    """Chains of one step more."""
    further = frame[(frame["role"] == "chain") & (frame["step"] == 2)]
    further = further.assign(step=3, model=further["model"].str.replace("step2", "step3"),
                             penalized_mean=further["penalized_mean"] + 0.07)  # fmt: skip
    return pd.concat([frame, further], ignore_index=True)


def _history(frame: pd.DataFrame) -> pd.DataFrame:
    """A training that withstands only its own single step from the 20th epoch on."""
    lost = frame[frame["model"].str.startswith("madry-papernot") & (frame["term"] == "total")]
    lost = lost.assign(term="collapsed", value=(lost["epoch"] >= 20).astype(float))
    return pd.concat([frame, lost], ignore_index=True)


_FAR = {
    "models": _models, "worst": _worst, "knockoff": _knockoff, "verdicts": _verdicts, "certificates": _certificates,
    "robustness": _robustness, "history": _history,
    "certified_images": lambda frame: frame.assign(margin=5 * frame["margin"] - 4),
    "leaks": lambda frame: frame.assign(peak_power=frame["peak_power"].where(frame["defense"] != "nt")),
}  # fmt: skip
"""What is besides changed in a table."""


def _two_machines(path: Path) -> None:
    """A second environment, and what the steps of a training took."""
    run = json.loads(path.read_text(encoding="utf-8"))
    (first,) = run["environments"]
    other = {"environment": first["environment"] | {"device": "cuda", "threads": "8"}, "payloads": 1200,
             "stages": {"attack": 1200}, "models": ["ce-wide_digits"]}  # fmt: skip
    run["environments"].append(other)
    wide = {key.replace("papernot", "wide"): 3 * seconds for key, seconds in run["teacher_seconds"].items()}
    run["teacher_seconds"] |= wide
    run["teacher_step_seconds"] = {key: seconds / 100 for key, seconds in run["teacher_seconds"].items()}
    run["teacher_fixed_seconds"] = {key: seconds / 7 for key, seconds in wide.items()}
    run["certificate_costs"] += [row | {"model": row["model"].replace("papernot", "wide"), "peak_memory": 10**9}
                                 for row in run["certificate_costs"]]  # fmt: skip
    path.write_text(json.dumps(run), encoding="utf-8")
