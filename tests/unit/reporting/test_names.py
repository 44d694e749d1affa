import pandas as pd

from distillab.reporting import method_views
from distillab.reporting.cells import Graded
from distillab.reporting.names import graded, marked
from distillab.reporting.tables import Tables
from distillab.tables import TABLES


def test_a_table_read_from_a_file_has_distinct_labels(tmp_path):
    rows = [
        dict.fromkeys(TABLES["leaks"].names, 0) | {"defense": key, "defense_label": "MAD"} for key in ("mad", "mad_x")
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "leaks.parquet")
    assert list(Tables(tmp_path)["leaks"]["defense_label"]) == ["MAD", "MAD (x)"]


def test_reconstructions_are_named_and_own_designs_apart(tables_of, teacher):
    methods = {"defenses": {"snt": {"paper": "someone"}, "flat": {"paper": "distillab"}}}
    rows = [teacher("ce", "CE"), teacher("snt", "SNT", grade="R"), teacher("flat", "CMIM flat", grade="R")]
    read = tables_of({"methods": methods}, models=rows)
    assert (marked(read, "snt"), marked(read, "flat"), marked(read, "ce")) == ("SNT (R)", "CMIM flat (O)", "CE")
    assert graded(read, "snt", ", net") == Graded("SNT", "R", ", net")
    assert read.label("snt-net") == "SNT (R)"


def test_methods_are_listed_with_source_and_grade_or_said_to_be_unknown(tables_of):
    methods = {"defenses": {"flat": {"label": "CMIM flat", "paper": "distillab", "grade": "R"}},
               "knockoffs": {"kd": {"label": "KD", "paper": "Hinton", "grade": "V"}}}  # fmt: skip
    text = method_views.methods_table(tables_of({"methods": methods})).text
    assert "this project&#x27;s own design" in text
    assert "Hinton" in text
    assert "did not write down" in method_views.methods_table(tables_of({"methods": {}})).text
