"""What certificates cost against the width of the network, as it was measured once, drawn."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from distillab.core.errors import ArtifactError
from distillab.reporting.charts import Axis, Chart
from distillab.reporting.display import Piece, paragraph
from distillab.reporting.drawing import show

if TYPE_CHECKING:
    import pandas as pd

_COMMAND = "PYTHONPATH=benchmarks/peers python benchmarks/certify/width.py"
_LINES = {"exact": "dual, exact", "projected": "dual, projected (an estimate)"}


def costs(results: str | Path) -> "pd.DataFrame":
    """CPU milliseconds of an image against the width of the network, as measured once; no row where it was not.

    Raises:
        ArtifactError: the record is not what the script writes.
    """
    import pandas as pd

    record = _record(results)
    return pd.DataFrame(columns=["label", "width", "milliseconds"]) if record is None else record[0]


def width_figure(results: str | Path, frame: "pd.DataFrame") -> Piece:
    """The rows of `costs` drawn: the exact and the projected dual bound against width; how to measure it without.

    Raises:
        ArtifactError: the record is not what the script writes.
    """
    record = _record(results)
    if frame.empty or record is None:
        return paragraph(f"The cost was not recorded; <code>{_COMMAND}</code> measures it.")
    chart = Chart(
        frame,
        x=Axis("width", "units in each hidden layer (log scale)", "log", ticks="values"),
        y=Axis("milliseconds", "CPU ms per image (log scale)", "log"),
        line="label",
        look="rank",
    )
    return show(
        chart,
        name="width",
        alt="CPU time per image against the width of the network: the exact bound rises faster than projections.",
        caption="<b>Exact bounds sweep once for each hidden unit, projections push a fixed number of directions "
        "forward</b>: quadratic against linear cost, as the papers count. At the lines: the power of the width "
        f"that was measured. {record[1]} Projections estimate: they train networks and certify none.",
        data=frame[["label", "width", "milliseconds"]],
    )


def _record(results: str | Path) -> "tuple[pd.DataFrame, str] | None":
    """What the script measured, and on what; None where it did not run."""
    path = Path(results) / "width.json"
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        rows, machine, setup = _costs(record["rows"]), record["machine"], record["setup"]
        said = (
            f"Dense network, {setup['hidden']} hidden layers, {setup['inputs']} inputs; {setup['directions']} "
            f"directions, {setup['images']} images, one thread; {machine['processor']}, {machine['instructions']}, "
            f"torch {machine['torch']}, {record['date']}."
        )
        return rows, said
    except (ValueError, KeyError) as error:
        raise ArtifactError("not a record of costs", where=str(path), got=str(error), do=_COMMAND) from error


def _costs(rows: list[dict[str, Any]]) -> "pd.DataFrame":
    """One line per bound, with the power of the width that its last half follows."""
    import pandas as pd

    found = list[pd.DataFrame]()
    for column, label in _LINES.items():
        line = pd.DataFrame([{"width": row["width"], "milliseconds": row[column]} for row in rows])
        half = line.iloc[len(line) // 2 :]
        slope = np.polyfit(np.log(half["width"]), np.log(half["milliseconds"]), 1)[0]
        found.append(line.assign(label=f"{label}: ∝ width^{slope:.1f}", slope=float(slope), rank=len(found) + 1))
    return pd.concat(found, ignore_index=True)
