"""Settings in the authors' repositories of AST, NT and ST, beside those of this run."""

from html import escape

from distillab.reporting.display import Html, missing, setting, table
from distillab.reporting.reported import Reported
from distillab.reporting.selection import of_method, settings_of
from distillab.reporting.tables import Tables, records

_COLUMNS = {
    "ast": {"weight": "alpha", "temperature": "temperature", "top_k": "top_k", "steps": "pgd_iters"},
    "nt": {"omega": "omega_weight", "temperature": "temperature"},
    "st": {"ratio": "sparse_ratio"},
}
"""Method to the names of its parameters here and in the release's file."""

_TITLES = {"weight": "α", "temperature": "T", "top_k": "Classes kept", "steps": "Steps of PGD", "omega": "ω",
           "ratio": "Share of the classes kept"}  # fmt: skip
_FILES = {"ast": "ast_hyperparams", "nt": "nasty_hyperparams", "st": "stingy_hyperparams"}


def settings_tables(tables: Tables, papers: Reported) -> Html:
    """One table per method that has a release: its settings, and above them ours."""
    return Html("".join(_settings(tables, papers, method).text for method in _COLUMNS))


def _settings(tables: Tables, papers: Reported, method: str) -> Html:
    import pandas as pd

    columns, label = _COLUMNS[method], tables.label(method)
    rows = [{"where": escape(f"here, {key}"), "dataset": escape(tables.dataset)} | _own(tables, key, columns)
            for key in of_method(tables, method) if settings_of(tables, key)]  # fmt: skip
    released = papers[_FILES[method]]
    network = "arch" if "arch" in released else "teacher"
    shown = released.drop_duplicates(["dataset", network, *columns.values()])
    rows += [{"where": escape(f"release, {getattr(row, network)}"), "dataset": escape(row.dataset)}
             | {name: _value(getattr(row, theirs)) for name, theirs in columns.items()}
             for row in records(shown)]  # fmt: skip
    labels = {"where": "Whose", "dataset": "Data set"} | {name: _TITLES[name] for name in columns}
    return table(
        pd.DataFrame(rows, columns=list(labels)),
        name=f"settings-{method}",
        caption=f"<b>Settings of {escape(label if label != method else method.upper())}.</b>",
        labels=labels,
    )


def _own(tables: Tables, key: str, columns: dict[str, str]) -> dict[str, str]:
    spec = settings_of(tables, key)
    if "top_k" in columns:
        kept = max(1, round(float(spec.get("ratio", 0)) * int(tables.facts["classes"])))
        spec = spec | {"top_k": kept}
    return {name: _value(spec.get(name)) for name in columns}


def _value(found: object) -> str:
    """A number as somebody would write it; a dash where there is none."""
    text = str(found)
    return setting(float(text)) if text.replace(".", "", 1).isdigit() else missing("not in the file")
