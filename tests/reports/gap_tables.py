"""Takes out of synthetic tables what a run with failures lacks, and lists it with its reasons."""

import json
from pathlib import Path

import pandas as pd

from distillab.tables import TABLES
from distillab.tables.frame import frame_of

TEACHER, STUDENT, SEEDS = "papernot_digits", "cnn_digits", range(3)
HOSTILE = "RuntimeError: <script>alert(\"boo\")</script> & 'quotes'"
KILLED = "killed for memory at 2,000 MB"
NOBODY = {
    "model": "", "role": "", "defense": "", "attack": "", "teacher": "", "arch": "", "thief": "", "chain": "",
    "temperature": None, "step": -1, "seed": None, "question": "",
}  # fmt: skip


def with_gaps(tables: Path) -> Path:
    """An absent teacher that was attacked all the same, knockoffs, attacks, certificates and steps that failed."""
    ce, nt, ast, madry = (f"{defense}-{TEACHER}" for defense in ("ce", "nt", "ast", "madry"))
    _drop(tables, "models", lambda f: (f["model"] == ce) | (f["model"] == "ta-T5-step1"))
    _drop(tables, "models", lambda f: (f["role"] == "knockoff") & (f["defense"] == "ast"))
    _drop(
        tables,
        "knockoff",
        lambda f: (f["teacher"] == ast) | ((f["teacher"] == nt) & (f["attack"] == "kd") & (f["thief"] == "paper")),
    )
    _drop(tables, "verdicts", lambda f: f["teacher"] == ast)
    _drop(tables, "robustness", lambda f: (f["model"] == madry) & (f["attack"] == "fgsm_linf") & (f["logits"] == "raw"))
    _drop(tables, "robustness", lambda f: (f["model"] == "ta-T20-step2") & (f["logits"] == "rescaled"))
    _drop(tables, "certificates", lambda f: (f["model"] == madry) & (f["certifier"] == "ibp"))
    _drop(tables, "sensitivity", lambda f: f["model"] == "ta-T20-step2")
    _mark(tables, "knockoff", lambda f: (f["teacher"] == nt) & (f["attack"] == "mkd"), missing=1)
    _mark(tables, "worst", lambda f: f["model"] == madry, missing=2, attacks=1)
    fewer = {"missing": 4, "verdict": "undecided", "literal": None}
    _mark(tables, "verdicts", lambda f: (f["teacher"] == nt) & (f["thief"] == "paper"), **fewer)
    _say(tables, done=31, missing=[*_models(ce, ast, nt), *_questions(madry)])
    return tables


def of_nothing(tables: Path) -> Path:
    """Not one file."""
    for path in tables.glob("*.parquet"):
        frame_of(TABLES[path.stem], []).to_parquet(path)
    gone = [_gap(f"data-{part}", "prepare", KILLED) for part in ("images", "split")]
    thief = {
        "role": "knockoff",
        "defense": "nt",
        "teacher": f"nt-{TEACHER}",
        "attack": "kd",
        "thief": "paper",
        "arch": STUDENT,
        "seed": 0,
    }
    thief |= {"model": f"nt-{TEACHER}--kd-{STUDENT}"}
    gone.append(_gap(f"{thief['model']}-s0", "knockoff", "not made: data-images is missing", **thief))
    _say(tables, done=0, missing=gone, class_names=[], train_n=0, val_n=0, test_n=0, margin=1.0)
    run = json.loads((tables / "run.json").read_text())
    run |= {"stage_seconds": {}, "teacher_seconds": {}, "certificate_costs": [], "environments": []}
    (tables / "run.json").write_text(json.dumps(run))
    return tables


def _models(ce, ast, nt):
    for seed in SEEDS:
        of = {"role": "teacher", "model": ce, "defense": "ce", "arch": TEACHER, "seed": seed}
        yield _gap(f"{ce}-s{seed}", "teach", HOSTILE, **of)
        step = {"role": "chain", "model": "ta-T5-step1", "chain": "ta", "temperature": 5.0, "step": 1, "seed": seed}
        yield _gap(f"ta-T5-step1-s{seed}", "distill", KILLED, arch="cnn_digits", **step)
        for teacher, attack in ((nt, "kd"), *((ast, attack) for attack in ("kd", "mkd", "dkd"))):
            of = {"role": "knockoff", "defense": teacher.partition("-")[0], "teacher": teacher, "attack": attack}
            of |= {"thief": "paper"}
            model = f"{teacher}--{attack}-{STUDENT}"
            yield _gap(f"{model}-s{seed}", "knockoff", HOSTILE, model=model, arch=STUDENT, seed=seed, **of)


def _questions(madry):
    for seed in SEEDS:
        of = {"role": "teacher", "model": madry, "defense": "madry", "arch": TEACHER, "seed": seed}
        yield _gap(f"{madry}-s{seed}-fgsm_linf", "attack", KILLED, question="fgsm_linf raw", **of)
        yield _gap(f"{madry}-s{seed}-certify-ibp", "certify", HOSTILE, question="ibp", **of)
        step = {"role": "chain", "model": "ta-T20-step2", "chain": "ta", "temperature": 20.0, "step": 2, "seed": seed}
        for attack in ("fgsm", "cw_l2_fast", "cw_linf_fast"):
            asked = f"{attack} rescaled"
            yield _gap(f"ta-T20-step2-s{seed}-{attack}-rescaled", "attack", KILLED, question=asked, **step)
        yield _gap(f"ta-T20-step2-s{seed}-sensitivity", "sensitivity", KILLED, question="sensitivity", **step)


def _gap(name, stage, why, **columns):
    return {"id": name, "stage": stage, "reason": why} | NOBODY | columns


def _say(tables, *, done, **facts):
    said = json.loads((tables / "facts.json").read_text())
    (tables / "facts.json").write_text(json.dumps(said | {"cells_done": done} | facts))


def _drop(tables, name, gone):
    frame = pd.read_parquet(tables / f"{name}.parquet")
    assert gone(frame).any(), name
    frame[~gone(frame)].reset_index(drop=True).to_parquet(tables / f"{name}.parquet")


def _mark(tables, name, rows, **values):
    frame = pd.read_parquet(tables / f"{name}.parquet").astype(dict.fromkeys(values, object))
    for column, value in values.items():
        frame[column] = frame[column].where(~rows(frame), value)
    frame.infer_objects().to_parquet(tables / f"{name}.parquet")
