"""The methods of a study: what they are, whose they are, and how sure their code is."""

from html import escape

from distillab.reporting.display import Html, header, paragraph, table
from distillab.reporting.grades import GRADES
from distillab.reporting.palette import ordered
from distillab.reporting.tables import Tables

_KINDS = {"defenses": "defense", "knockoffs": "attack"}
_OWN = {"distillab": "this project's own design", "baseline": "baseline"}


def methods_table(tables: Tables) -> Html:
    """Every defense and every knockoff attack with its source and its grade."""
    import pandas as pd

    methods = tables.facts.get("methods", {})
    rows = [
        {"method": escape(tables.label(key) if tables.label(key) != key else facts["label"]), "kind": kind,
         "source": escape(_OWN.get(facts["paper"], facts["paper"])), "grade": escape(facts["grade"])}
        for name, kind in _KINDS.items()
        for key, facts in _sorted(methods.get(name, {}))
    ]  # fmt: skip
    if not rows:
        return paragraph("This run did not write down its methods.")
    labels = {"method": "Method", "kind": "Kind", "source": "Source", "grade": header("Grade", "of our code")}
    meanings = "; ".join(f"{grade}: {meaning}" for grade, meaning in GRADES.items())
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name="methods",
        caption="<b>Defenses and distillation attacks of this run.</b>",
        labels=labels,
        notes=[f"Grades: {meanings}."],
    )


def _sorted(methods: dict[str, dict[str, str]]) -> list[tuple[str, dict[str, str]]]:
    return [(key, methods[key]) for key in ordered(list(methods))]
