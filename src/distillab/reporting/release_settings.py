"""Settings in the authors' repositories of AST, NT and ST, beside those of this run."""

from typing import Any

from distillab.reporting.cells import Absent, Content
from distillab.reporting.columns import Heading, printed
from distillab.reporting.display import Html
from distillab.reporting.kit import PageTable
from distillab.reporting.reported import Reported
from distillab.reporting.selection import of_method, settings_of
from distillab.reporting.tables import Tables, records

_FILES = {"ast": "ast_hyperparams", "nt": "nasty_hyperparams", "st": "stingy_hyperparams"}
"""Method to the file with its release's settings."""

_SHOWN = {"ast": ("weight", "temperature", "top_k", "steps"), "nt": ("omega", "temperature"), "st": ("ratio",)}
_TITLES = {"weight": "α", "temperature": "T", "top_k": "Classes kept", "steps": "Steps of PGD", "omega": "ω",
           "ratio": "Share of the classes kept"}  # fmt: skip
_RELEASED = {"weight": "alpha", "steps": "pgd_iters", "omega": "omega_weight", "ratio": "sparse_ratio"}
"""A setting to its name in the releases, where that is another."""


def settings_tables(tables: Tables, papers: Reported) -> Html:
    """One table per method that has a release: its settings, and above them ours."""
    return Html("".join(_settings(tables, papers, method).text for method in _FILES))


def _settings(tables: Tables, papers: Reported, method: str) -> PageTable:
    released, label = papers[_FILES[method]], tables.label(method)
    theirs = {name: _RELEASED.get(name, name) for name in _SHOWN[method]}
    network = "arch" if "arch" in released else "teacher"
    rows = [
        {"where": f"here, {key}", "dataset": tables.dataset} | {name: _value(own.get(name)) for name in theirs}
        for key in of_method(tables, method)
        if (own := _own(tables, key))
    ]
    rows += [
        {"where": f"release, {getattr(row, network)}", "dataset": row.dataset}
        | {name: _value(getattr(row, their)) for name, their in theirs.items()}
        for row in records(released.drop_duplicates(["dataset", network, *theirs.values()]))
    ]
    columns = {"where": Heading("Whose"), "dataset": Heading("Data set")}
    columns |= {name: Heading(_TITLES[name], show=printed) for name in theirs}
    title = f"Settings of {label if label != method else method.upper()}"
    return PageTable(f"settings-{method}", title, columns, rows)


def _own(tables: Tables, key: str) -> dict[str, Any]:
    """Our settings; how many classes are kept follows from their share."""
    spec = settings_of(tables, key)
    kept = max(1, round(float(spec.get("ratio", 0)) * int(tables.facts["classes"])))
    return spec | {"top_k": kept} if spec else {}


def _value(found: object) -> Content:
    """A number; a dash where there is none."""
    text = str(found)
    return float(text) if text.replace(".", "", 1).isdigit() else Absent("not in the file")
