"""Verdicts as a heatmap: what each thief gains from each teacher, with what is undecided drawn as such."""

from html import escape
from typing import TYPE_CHECKING, Any

from distillab.reporting.display import Html, Piece, points
from distillab.reporting.drawing import Drawing
from distillab.reporting.knockoff_rows import attack_name, sample
from distillab.reporting.matrix_views import gain_chart
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import thief_title
from distillab.reporting.thief_rows import asking_thieves

if TYPE_CHECKING:
    import pandas as pd

_STRONGEST = 0.2
"""Gain in shares that is drawn in the full color."""

_DRAWN = {"distillable": "leaks", "undistillable": "safe", "nothing to steal": "idle"}
"""Verdicts that are drawn in a way of their own: filled the decided ones alone; all others are dashed."""


def verdict_heatmap(tables: Tables, verdicts: "pd.DataFrame") -> Piece:
    """The verdicts of `hardest_first`: teachers as rows, thieves as columns, filled where the gain is decided.

    Nothing without them. As a chart, for where a page is shared: those of the thief with fewest labels, with bounds.
    """
    if verdicts.empty:
        return Html("")
    thieves = [thief for thief in asking_thieves(tables) if thief in set(verdicts["thief"])]
    heads = "".join(f'<th scope="col">{escape(thief_title(thief))}</th>' for thief in thieves)
    rows = []
    for row, group in verdicts.groupby("row", sort=False):
        found = {v.thief: v for v in records(group)}
        cells = "".join(_cell(tables, found[thief]) if thief in found else "<td>–</td>" for thief in thieves)
        rows.append(f'<tr><th scope="row">{escape(str(row))}</th>{cells}</tr>')
    first = verdicts[verdicts["thief"] == thieves[0]]
    gains = first.rename(columns={"best_delta": "delta", "lower": "delta_low", "upper": "delta_high"})
    titled = gains.assign(title=f"gains of {thief_title(thieves[0])}")
    chart = gain_chart(titled, float(tables.facts["margin"]), panel="title")
    return Drawing(
        '<figure class="table heat"><figcaption id="heatmap-caption"><b>What the strongest attack gains from each '
        "teacher, points.</b> Filled: decided, red where it leaks; dashed: undecided or without a control; plain: "
        f"nothing to steal. {sample(tables)}.</figcaption>"
        '<div class="scroll" role="region" aria-labelledby="heatmap-caption" tabindex="0"><table><thead><tr>'
        f'<th scope="col">Teacher</th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div></figure>',
        (chart,),
    )


def _cell(tables: Tables, v: Any) -> str:  # noqa: ANN401 - a row
    """One verdict: its gain, as strong in color as it is large."""
    strength = round(10 + 60 * min(abs(v.best_delta) / _STRONGEST, 1))
    said = f"{v.verdict}; {attack_name(tables, v.best_attack)}, [{points(v.lower)}, {points(v.upper)}]"
    return (
        f'<td class="{_DRAWN.get(v.verdict, "open")}" style="--strength:{strength}%" title="{escape(said)}">'
        f'{points(v.best_delta)}<span class="unseen"> {escape(v.verdict)}</span></td>'
    )
