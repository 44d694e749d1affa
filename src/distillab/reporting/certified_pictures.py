"""Bounds on networks of a few units, drawn: a ladder from intervals to the exact minimum, and a polytope."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distillab.core.errors import ArtifactError
from distillab.reporting.charts import Axis, Chart, Outline, Reference
from distillab.reporting.display import Html, Piece, number, paragraph
from distillab.reporting.drawing import show

if TYPE_CHECKING:
    import pandas as pd

_COMMAND = "python benchmarks/certify/toys.py"


def ladder(results: str | Path) -> "pd.DataFrame":
    """The bound of every certifier on the test vectors, beside the ``exact`` minimum; no row where none was recorded.

    Raises:
        ArtifactError: the record is not what the script writes.
    """
    import pandas as pd

    record = _record(results)
    if record is None:
        return pd.DataFrame(columns=["network", "certifier", "bound", "exact"])
    rows = pd.DataFrame(record["ladder"])
    return rows.assign(exact=rows.groupby("network", sort=False)["bound"].transform("first"))


def ladder_figure(frame: "pd.DataFrame") -> Piece:
    """The rows of `ladder` drawn, from the exact minimum down, with what is and what is not a theorem."""
    if frame.empty:
        return paragraph(f"Bounds on tiny networks were not recorded; <code>{_COMMAND}</code> computes them.")
    chart = Chart(
        frame.assign(title="network " + frame["network"]),
        x=Axis("bound", "lower bound of the margin, logits", low="bound", high="exact", shared=False),
        y=Axis("certifier", scale="names"),
        kind="rows",
        panel="title",
        references=(Reference("x", "exact", "exact", broken=False),),
    )
    return show(
        chart,
        name="ladder",
        alt="Lower bounds of seven certifiers on three tiny networks, from the exact minimum down to intervals.",
        caption="<b>The ladder on three tiny networks</b>, two inputs and six hidden units each. Theorems on every "
        "network: no bound lies right of the exact minimum (line), and each certifier down to CROWN is at least "
        f"as tight as the next. The rest is no theorem{_counterexamples(frame)}.",
        data=frame[["network", "certifier", "bound"]],
    )


def outlines(results: str | Path) -> "pd.DataFrame":
    """What each certifier cannot exclude among two logits, as the corners of its outline; no row where not recorded.

    Raises:
        ArtifactError: the record is not what the script writes.
    """
    import pandas as pd

    record = _record(results)
    rows = [
        {"certifier": name, "rank": rank, "right": right, "other": other}
        for rank, (name, corners) in enumerate((record or {"plane": {"outlines": {}}})["plane"]["outlines"].items(), 1)
        for right, other in [*corners, corners[0]]
    ]
    return pd.DataFrame(rows, columns=["certifier", "rank", "right", "other"])


def polytope_figure(results: str | Path, frame: "pd.DataFrame") -> Piece:
    """What a ball becomes under a network with two inputs and two logits, and the rows of `outlines` around it.

    Raises:
        ArtifactError: the record is not what the script writes.
    """
    record = _record(results)
    if frame.empty or record is None:
        return Html("")
    plane = record["plane"]
    said = ", ".join(f"{name} {number(value)}" for name, value in plane["bounds"].items())
    return show(
        *_polytope(plane, frame),
        name="polytope",
        alt="First a square of inputs in pieces, then its image among the logits inside convex outlines.",
        caption="<b>The convex outer polytope.</b> First: a ball around an image of two pixels, cut where a hidden "
        "unit changes its sign. Then: the logits that the ball can reach (filled: exactly these; the network "
        "is linear on each piece) and what each certifier cannot exclude, drawn from its bounds in many "
        "directions. Below the line of equal logits the class is right. Where an outline crosses it, the certifier "
        f"proves nothing. Smallest margin: exactly {number(plane['exact'])}; by bounds {said}.",
        data=frame[["certifier", "right", "other"]],
    )


def _record(results: str | Path) -> dict[str, Any] | None:
    """What the script kept; None where it did not run."""
    path = Path(results) / "toys.json"
    if not path.is_file():
        return None
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ArtifactError("not JSON", where=str(path), got=str(error), do=_COMMAND) from error
    if missing := {"ladder", "plane"} - set(record):
        raise ArtifactError("lacks keys", where=str(path), expected=", ".join(sorted(missing)), do=_COMMAND)
    return record


def _counterexamples(bounds: "pd.DataFrame") -> str:
    """Where intervals beat a method that costs more, and where CROWN and the dual beat each other."""
    wide = bounds.pivot_table(index="network", columns="certifier", values="bound")

    def where(better: str, worse: str) -> str:
        names = [str(name) for name in wide.index[wide[better] > wide[worse] + 1e-6]]
        return f"{better} beats {worse} on {' and '.join(names)}" if names else ""

    pairs = (("IBP", "WK dual"), ("IBP", "CROWN"), ("WK dual", "CROWN"), ("CROWN", "WK dual"))
    found = [said for pair in pairs if (said := where(*pair))]
    return f": {'; '.join(found)}" if found else ""


def _polytope(plane: dict[str, Any], frame: "pd.DataFrame") -> tuple[Chart, Chart]:
    import pandas as pd

    pixels = pd.DataFrame([dict(zip(("first", "second"), plane["x"], strict=True))])
    ball = Chart(
        pixels.assign(title="the ball around an image", look=0),
        x=Axis("first", "first pixel"),
        y=Axis("second", "second pixel"),
        kind="points",
        panel="title",
        look="look",
        shapes=tuple(Outline(piece["inputs"], shaded=True) for piece in plane["pieces"]),
        equal=True,
    )
    ends = [max(frame["right"].min(), frame["other"].min()), min(frame["right"].max(), frame["other"].max())]
    line = pd.DataFrame({"certifier": "equal logits", "rank": 0, "right": ends, "other": ends})
    logits = Chart(
        pd.concat([line, frame], ignore_index=True).assign(title="its logits"),
        x=Axis("right", "logit of the right class"),
        y=Axis("other", "logit of the other class"),
        panel="title",
        line="certifier",
        look="rank",
        markers=False,
        shapes=tuple(Outline(piece["logits"], shaded=True) for piece in plane["pieces"]),
        equal=True,
    )
    return ball, logits
