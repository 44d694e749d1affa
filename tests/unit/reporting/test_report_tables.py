import importlib
import json
import pkgutil
import subprocess
import sys

import pandas as pd
import pytest

import distillab.reporting
from distillab.core.errors import ArtifactError
from distillab.reporting import boxes
from distillab.reporting.display import timespan
from distillab.reporting.tables import Tables
from distillab.tables import RECORDS, TABLES
from distillab.tables.registry import module_of
from distillab.tables.table import Column, Table


def test_a_missing_column_names_the_file_and_the_column(tmp_path):
    pd.DataFrame({"model": ["a"], "seed": [0]}).to_parquet(tmp_path / "history.parquet")
    with pytest.raises(ArtifactError, match=r"history\.parquet: lacks columns; expected role, epoch, term, value"):
        Tables(tmp_path)["history"]


def test_a_missing_table_and_a_broken_one_are_artifact_errors(tmp_path):
    with pytest.raises(ArtifactError, match=r"curves\.parquet: missing"):
        Tables(tmp_path)["curves"]
    (tmp_path / "curves.parquet").write_text("not parquet")
    with pytest.raises(ArtifactError, match="not a parquet table"):
        Tables(tmp_path)["curves"]


def test_a_table_without_rows_needs_its_columns_and_none_of_a_pattern(tmp_path, monkeypatch):
    table = Table("made", (Column("model", "text", ""), Column("by_*", "share", "")), (), list)
    monkeypatch.setattr("distillab.reporting.tables.TABLES", {"made": table})
    pd.DataFrame({"model": []}).to_parquet(tmp_path / "made.parquet")
    assert Tables(tmp_path)["made"].empty
    pd.DataFrame([]).to_parquet(tmp_path / "made.parquet")
    with pytest.raises(ArtifactError, match=r"made\.parquet: lacks columns; expected model;"):
        Tables(tmp_path)["made"]
    pd.DataFrame({"model": ["a"]}).to_parquet(tmp_path / "made.parquet")
    with pytest.raises(ArtifactError, match=r"made\.parquet: lacks columns; expected by_\*;"):
        Tables(tmp_path)["made"]
    pd.DataFrame({"model": ["a"], "by_lp": [0.5]}).to_parquet(tmp_path / "made.parquet")
    assert Tables(tmp_path)["made"]["by_lp"].tolist() == [0.5]


def test_facts_are_checked_in_both_files(tmp_path):
    (tmp_path / "facts.json").write_text(json.dumps(dict.fromkeys(RECORDS["facts"].names, "x")))
    first, *others = RECORDS["run"].names
    (tmp_path / "run.json").write_text(json.dumps(dict.fromkeys(others, "x")))
    with pytest.raises(ArtifactError, match=rf"run\.json: lacks keys; expected {first}"):
        _ = Tables(tmp_path).facts
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ArtifactError, match="not JSON"):
        _ = Tables(tmp_path).facts


def test_labels_tell_norms_apart_only_where_labels_clash(tmp_path):
    for name in ("models", "knockoff"):
        pd.DataFrame(columns=list(TABLES[name].names)).to_parquet(tmp_path / f"{name}.parquet")
    rows = [
        dict.fromkeys(TABLES["robustness"].names, "x") | {"attack": attack, "attack_label": label, "norm": norm}
        for attack, label, norm in (("pgd_l2", "PGD", "l2"), ("pgd_linf", "PGD", "linf"), ("cw_l2", "C&W", "l2"))
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "robustness.parquet")
    tables = Tables(tmp_path)
    assert [tables.label(key) for key in ("pgd_l2", "pgd_linf", "cw_l2")] == ["PGD L2", "PGD L∞", "C&W"]


def test_attacks_of_one_norm_are_told_apart_by_their_keys(tmp_path):
    for name in ("models", "knockoff"):
        pd.DataFrame(columns=list(TABLES[name].names)).to_parquet(tmp_path / f"{name}.parquet")
    rows = [
        dict.fromkeys(TABLES["robustness"].names, "x") | {"attack": attack, "attack_label": "C&W L2", "norm": "l2"}
        for attack in ("cw_l2", "cw_l2_fast")
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "robustness.parquet")
    tables = Tables(tmp_path)
    assert [tables.label(key) for key in ("cw_l2", "cw_l2_fast")] == ["C&W L2 (cw_l2)", "C&W L2 (cw_l2_fast)"]


def test_reporting_needs_no_torch():
    names = [f"distillab.reporting.{module.name}" for module in pkgutil.iter_modules(distillab.reporting.__path__)]
    names += map(module_of, [*TABLES, *RECORDS])
    assert all(importlib.util.find_spec(name) for name in names)
    code = f"import sys, importlib\nfor n in {names!r}: importlib.import_module(n)\nprint('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_many_flags_are_counted_and_few_are_all_said():
    assert boxes._first([]) == "none"
    assert boxes._first(["a", "b"]) == "a; b"
    assert boxes._first(list("abcde")) == "a; b; c; and 2 more, in facts.json"


def test_models_of_several_networks_are_told_apart(tables_of, teacher, knockoff):
    copied = {"role": "knockoff", "attack": "kd", "thief": "paper"}
    copies = [teacher("ce", "CE", arch=arch, model=f"ce--kd-{arch}", **copied) for arch in ("small", "tiny")]
    models = [teacher("ce", "CE"), teacher("ce", "CE", arch="wide"), *copies]
    read = tables_of(models=models, knockoff=[knockoff("ce", "kd", "CE")])
    told = ["CE, net", "CE, wide", "KD knockoff of CE, small", "KD knockoff of CE, tiny"]
    assert [read.label(row["model"]) for row in models] == told
    alone = tables_of(models=[models[0], models[2]], knockoff=[knockoff("ce", "kd", "CE")])
    assert [alone.label(row["model"]) for row in (models[0], models[2])] == ["CE", "KD knockoff of CE"]


def test_students_of_other_thieves_are_told_apart(tables_of, teacher, knockoff):
    def student(role, thief, **more):
        return teacher("", arch="small", role=role, thief=thief, model=f"{role}-{thief}", **more)

    copies = [teacher("ce", "CE", arch="small", role="knockoff", attack="kd", thief=thief, model=f"kd-{thief}")
              for thief in ("paper", "poor")]  # fmt: skip
    students = [student("ls_student", thief) for thief in ("paper", "poor", "told", "labels_20")]
    models = [teacher("ce", "CE"), *copies, *students, student("pseudo_student", "poor")]
    read = tables_of(models=models, knockoff=[knockoff("ce", "kd", "CE")])
    assert [read.label(row["model"]) for row in models] == [
        "CE",
        "KD knockoff of CE",
        "KD knockoff of CE by poor",
        "LS student",
        "LS student, 60 labels (poor)",
        "LS student, 60 labels (told)",
        "LS student, 20 labels",
        "pseudo-labeled student, 60 labels (poor)",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "0 s"), (59.96, "60.0 s"), (60.0, "1.0 min"), (3599.0, "60.0 min"), (3600.0, "1.0 h"), (9000.0, "2.5 h")],
)
def test_a_duration_has_the_largest_unit_that_fits(seconds, said):
    assert timespan(seconds) == said
