"""The boxes of every page: validity, how to reproduce, provenance, the paper's own table."""

import json
from base64 import b64encode
from html import escape
from math import isfinite
from typing import Any

from distillab.reporting import environments
from distillab.reporting.absent import cells_phrase, gap_list
from distillab.reporting.display import Html, paragraph, setting, timespan
from distillab.reporting.strength import strength_extent
from distillab.reporting.studies import studies_of
from distillab.reporting.summaries import seeds_range
from distillab.reporting.tables import Tables, records
from distillab.reporting.text import dataset


def validity(tables: Tables, *, whole: bool = False) -> Html:
    """The strip that says what the numbers rest on: seeds, n, flags, missing cells with their reasons.

    Args:
        tables: The run.
        whole: With data set, files and attacks, which the overview tells for all pages of a run of several studies.
    """
    facts = tables.facts
    whole = whole or len(studies_of(tables)) < 2
    items = [
        *([("Data set", dataset(tables))] if whole else []),
        ("Seeds", f"{len(facts['seeds'])} ({', '.join(str(seed) for seed in facts['seeds'])}){_others(tables)}"),
        ("Images", f"{facts['train_n']:,} train, {facts['val_n']:,} validation, {facts['test_n']:,} test"),
        *([("Files", escape(_files(facts["intake"])))] if facts["intake"] and whole else []),
        *([("Attack budget", escape(budgets(tables)))] if whole else []),
        ("Cells", cells_phrase(tables)),
        ("Flags", escape(_first(facts["flags"]))),
    ]
    tone = ' class="warn"' if facts["missing"] or facts["flags"] or facts["intake"].get("leaks") else ""
    cells = "".join(f"<div><dt>{title}</dt><dd>{text}</dd></div>" for title, text in items)
    return _nothing(tables) + Html(f"<dl id='validity'{tone}>{cells}</dl>") + gap_list(tables)


def _others(tables: Tables) -> str:
    """The seeds of knockoffs and their controls, where some have others than the run's."""
    knockoff, own = tables["knockoff"], len(tables.facts["seeds"])
    counts = {"knockoffs": knockoff["seeds"], "LS students": knockoff["control_seeds"]}
    said = [f"{name} {seeds_range(int(n) for n in seeds)}" for name, seeds in counts.items() if (seeds != own).any()]
    return f"; {', '.join(said)}" if said else ""


def _files(intake: dict[str, Any]) -> str:
    """What became of the image files of the data set, and how many images stand twice in it."""
    passed = ", ".join(f"{n:,} {reason}" for reason, n in intake["passed_over"].items())
    said = [
        f"{intake['read'] + intake['resized']:,} read",
        intake["resized"] and f"{intake['resized']:,} of them resized",
        passed and f"passed over: {passed}",
        intake["repeats"] and f"{intake['repeats']:,} with the pixels of another one of their split",
        intake["leaks"] and f"{intake['leaks']:,} of the test images stand in the training images too: a leak",
    ]
    return "; ".join(str(part) for part in said if part)


def _nothing(tables: Tables) -> Html:
    """One sentence where no model is there; nothing where one is."""
    if len(tables["models"]):
        return Html("")
    return paragraph("Nothing of this run is there yet: no model has been trained and measured.", kind="lead")


def _first(flags: list[str], shown: int = 3) -> str:
    """The first sentences, and how many there are besides."""
    rest = len(flags) - shown
    return "; ".join([*flags[:shown], *([f"and {rest} more, in facts.json"] if rest > 0 else [])]) or "none"


def reproduce(tables: Tables, *, whole: bool = False) -> Html:
    """One command and the time it took; of the ``whole`` run also by stage."""
    facts = tables.facts
    seconds = sum(float(s) for s in facts["stage_seconds"].values())
    where = environments.machines(facts["environments"])
    stages = ", ".join(f"{name} {timespan(float(s))}" for name, s in facts["stage_seconds"].items())
    return Html(f"<pre><code>{escape(facts['command'])}</code></pre>") + paragraph(
        f"The jobs took {timespan(seconds)} of process time on {escape(where)}"
        f"{f' ({escape(stages)})' if whole else ''}."
    )


def provenance(tables: Tables, *, whole: bool = False) -> Html:
    """The appendix: one file with all parameters, environments and hashes of what was read.

    Args:
        tables: The run; the tables are those that this page read.
        whole: With where data and software came from, which the overview tells for all pages of a run of several
            studies; printed on request only.
    """
    facts = tables.facts
    kept = {"commit": facts["commit"], "tables": tables.hashes(), "environments": facts["environments"]}
    file = _json(kept | {"params": facts["params"]})
    if not whole and len(studies_of(tables)) > 1:
        return file
    rows = {"Source": facts["source"], "License": facts["license"], "Split": facts["split_rule"],
            "Software": environments.software(facts["environments"]),
            "Environments": environments.differences(facts["environments"])}  # fmt: skip
    listed = "".join(f"<div><dt>{title}</dt><dd>{escape(text)}</dd></div>" for title, text in rows.items() if text)
    return Html(
        '<p class="ask"><label><input type="checkbox" id="with-appendix"> Print the appendix too</label></p>'
        f"<section class='appendix'><h2>Appendix</h2><dl class='facts'>{listed}</dl>{file.text}</section>"
    )


def budgets(tables: Tables) -> str:
    """Every attack with its eps and its named budget, where it has them, and on how many models it is behind."""
    parts = []
    for _, rows in tables["robustness"].groupby(["attack", "eps"], sort=False, dropna=False):
        row = records(rows)[0]
        mode = "; ".join(part for part in (str(row.mode or ""), strength_extent(rows)) if part)
        eps = f"eps {setting(row.eps)}" if isfinite(row.eps) else ""
        parts.append(" ".join(part for part in (tables.label(row.attack), eps, mode and f"({mode})") if part))
    return "; ".join(parts) or "no attack run"


def _json(found: dict[str, Any]) -> Html:
    """What this page was made from as a file to download."""
    payload = b64encode(json.dumps(found, indent=2, ensure_ascii=False).encode()).decode()
    link = (
        f'<a class="data" download="provenance.json" href="data:application/json;base64,{payload}">provenance.json</a>'
    )
    return paragraph(f"All parameters, resolved, and the BLAKE2b of every table read: {link}.")
