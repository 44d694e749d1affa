"""A finished study of certificates as Markdown: every model, certifier and radius, cascades, the papers beside."""

from math import isfinite
from typing import Any

from distillab.reporting.certified_papers import printed_beside
from distillab.reporting.certified_rows import certificates, labels, with_interval
from distillab.reporting.display import DASH, number
from distillab.reporting.markdown import markdown_table, share
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables, norm_label, records


def certified_sections(tables: Tables, papers: Reported) -> list[str]:
    """Clean, attacked and certified accuracy of each model, its cascades, and what the papers print."""
    parts = ["Intervals: 95 %, Wilson over the images of one trained model.", "## Certificates", _certificates(tables)]
    parts += ["## Cascades", _cascades(tables)] if len(tables["cascades"]) else []
    beside = "Ours: trained on certified bounds at the printed radius, certified by the dual with the same pixel box."
    return [*parts, "## What the papers print", _papers(tables, papers), beside]


def _certificates(tables: Tables) -> str:
    names = labels(tables)
    rows = [
        [
            tables.label(row.model), f"{row.seed}", names[row.certifier], norm_label(row.norm), number(row.eps),
            f"{row.n:,}", share(row.clean_accuracy), _attacked(row),
            share(row.certified_accuracy, row.certified_low, row.certified_high),
            share(1 - row.certified_accuracy, 1 - row.certified_high, 1 - row.certified_low), f"{row.slack}",
            number(1000 * row.seconds_per_image), number(row.peak_memory / 1e6),
        ]
        for row in records(certificates(tables))
    ]  # fmt: skip
    columns = ("model", "seed", "certifier", "norm", "eps", "n", "clean accuracy, %", "worst attack, %",
               "certified accuracy, %", "robust error bound, %", "slack, images", "ms per image",
               "peak memory, MB")  # fmt: skip
    return markdown_table(columns, rows)


def _attacked(row: Any) -> str:  # noqa: ANN401 - a row
    """Robust accuracy under all attacks, with its n where that is smaller; a dash without an attack."""
    if not isfinite(row.robust_accuracy):
        return DASH
    said = share(row.robust_accuracy, row.robust_low, row.robust_high)
    return said if row.robust_n == row.n else f"{said} of {row.robust_n:,}"


def _cascades(tables: Tables) -> str:
    frame = tables["cascades"]
    for prefix, value in (("paper", "paper_robust_error"), ("strict", "strict_robust_error")):
        frame = with_interval(frame, prefix, value)
    names = labels(tables)
    rows = [
        [
            tables.label(row.cascade), f"{row.seed}", f"{row.networks}", names.get(row.certifier, row.certifier),
            norm_label(row.norm), number(row.eps), f"{row.n:,}", share(row.standard_error),
            share(row.paper_robust_error, row.paper_low, row.paper_high),
            share(row.strict_robust_error, row.strict_low, row.strict_high),
        ]
        for row in records(frame)
    ]  # fmt: skip
    columns = ("cascade", "seed", "networks", "certifier", "norm", "eps", "n", "error, %",
               "robust error as in the paper, %", "strictly robust error, %")  # fmt: skip
    return markdown_table(columns, rows)


def _papers(tables: Tables, papers: Reported) -> str:
    rows = [
        [row.paper, str(row.model), str(row.setting), row.said, f"{row.value:g}", ours or DASH, row.known]
        for row, ours in printed_beside(tables, papers)
    ]
    names = ("paper", "its network", "setting", "quantity", "printed, %", "ours, %", "known from")
    return markdown_table(names, rows)
