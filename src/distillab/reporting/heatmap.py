"""Verdicts as a heatmap: what each thief gains from each teacher, with what is undecided drawn as such."""

from html import escape
from typing import Any

from distillab.reporting.display import Html, points
from distillab.reporting.knockoff_rows import attack_name, sample
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import thief_title
from distillab.reporting.thief_rows import asking_thieves, hardest_first

_STRONGEST = 0.2
"""Gain in shares that is drawn in the full color."""

_DRAWN = {"distillable": "leaks", "undistillable": "safe", "nothing to steal": "idle"}
"""Verdicts that are drawn in a way of their own: filled the decided ones alone; all others are dashed."""


def verdict_heatmap(tables: Tables) -> Html:
    """Teachers as rows, thieves as columns: the largest gain in points, filled where it is decided."""
    verdicts, thieves = hardest_first(tables), asking_thieves(tables)
    heads = "".join(f'<th scope="col">{escape(thief_title(thief))}</th>' for thief in thieves)
    rows = []
    for row, group in verdicts.groupby("row", sort=False):
        found = {v.thief: v for v in records(group)}
        cells = "".join(_cell(tables, found[thief]) if thief in found else "<td>–</td>" for thief in thieves)
        rows.append(f'<tr><th scope="row">{escape(str(row))}</th>{cells}</tr>')
    return Html(
        '<figure class="table heat"><figcaption id="heatmap-caption"><b>What the strongest attack gains from each '
        "teacher, points.</b> Filled: decided, red where it leaks; dashed: undecided or without a control; plain: "
        f"nothing to steal. {sample(tables)}.</figcaption>"
        '<div class="scroll" role="region" aria-labelledby="heatmap-caption" tabindex="0"><table><thead><tr>'
        f'<th scope="col">Teacher</th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div></figure>'
    )


def _cell(tables: Tables, v: Any) -> str:  # noqa: ANN401 - a row
    """One verdict: its gain, as strong in color as it is large."""
    strength = round(10 + 60 * min(abs(v.best_delta) / _STRONGEST, 1))
    said = f"{v.verdict}; {attack_name(tables, v.best_attack)}, [{points(v.lower)}, {points(v.upper)}]"
    return (
        f'<td class="{_DRAWN.get(v.verdict, "open")}" style="--strength:{strength}%" title="{escape(said)}">'
        f'{points(v.best_delta)}<span class="unseen"> {escape(v.verdict)}</span></td>'
    )
