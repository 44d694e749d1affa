"""The methods of a study: what they are, whose they are, and how sure their code is."""

from distillab.reporting.columns import Heading
from distillab.reporting.grades import GRADE_NOTE
from distillab.reporting.kit import PageTable
from distillab.reporting.palette import ordered
from distillab.reporting.tables import Tables
from distillab.tables.thefts import BROUGHT

METHODS = {"method": Heading("Method"), "kind": Heading("Kind"), "source": Heading("Source"),
           "grade": Heading("Grade", "of our code")}  # fmt: skip

_KINDS = {"defenses": "defense", "knockoffs": "attack"}
_OWN = {"distillab": "this project's own design", "baseline": "baseline"}


def methods_table(tables: Tables) -> PageTable:
    """Every model from elsewhere, every defense and every knockoff attack with its source and its grade."""
    methods = tables.facts.get("methods", {})
    brought = [
        {"method": facts["label"], "kind": "model", "source": f"from elsewhere: {facts['form']}", "grade": ""}
        for facts in methods.get("defenses", {}).values()
        if facts.get("kind") == BROUGHT
    ]
    return PageTable(
        "methods",
        "Defenses and distillation attacks of this run",
        METHODS,
        brought
        + [
            {"method": tables.label(key) if tables.label(key) != key else facts["label"], "kind": kind,
             "source": _OWN.get(facts["paper"], facts["paper"]), "grade": facts["grade"]}
            for name, kind in _KINDS.items()
            for key, facts in _sorted(methods.get(name, {}))
            if facts.get("kind") != BROUGHT
        ],
        notes=[GRADE_NOTE],
        otherwise="This run did not write down its methods.",
    )  # fmt: skip


def _sorted(methods: dict[str, dict[str, str]]) -> list[tuple[str, dict[str, str]]]:
    return [(key, methods[key]) for key in ordered(list(methods))]
