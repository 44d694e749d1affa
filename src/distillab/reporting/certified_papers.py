"""What Wong and Kolter's two papers print, beside ours where data, network, radius and training are the same."""

import re
from math import isclose
from typing import TYPE_CHECKING, Any

from distillab.reporting.cells import Absent, Content, Measured, beside, lines
from distillab.reporting.certified_rows import CERTIFIED, certificates, method, settings
from distillab.reporting.columns import Heading, printed, rows_of
from distillab.reporting.display import number
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.reported import Reported, on_our_data
from distillab.reporting.selection import kind_of, settings_of
from distillab.reporting.summaries import over_seeds
from distillab.reporting.tables import Tables, records
from distillab.reporting.text import dataset_text
from distillab.reporting.titles import text_titles
from distillab.tables.thefts import UNPROTECTED

if TYPE_CHECKING:
    import pandas as pd

_PAPERS = {"wong_kolter": "Wong & Kolter 2018", "scaling": "Wong et al. 2018"}
_QUANTITIES = {
    "test_error": "test error", "fgsm_error": "error under FGSM", "pgd_error": "error under PGD",
    "robust_error": "robust error bound", "robust_error_bound": "robust error bound",
}  # fmt: skip
_ACCURACIES = {
    "test_error": "clean_accuracy", "fgsm_error": "robust_accuracy", "pgd_error": "robust_accuracy",
    "robust_error": "certified_accuracy", "robust_error_bound": "certified_accuracy",
}  # fmt: skip
"""A printed quantity to the column that holds the rest up to 1."""

_KNOWN = {
    "recomputed": "recomputed from the released weights",
    "verified by loading": "stored in the released weights",
    "abstract": "abstract",
    "README": "a README",
}
"""What a source must say to count as checked; all others are known from memory."""

_MEMORY = "memory"
_OTHER_BOUNDS = ("cascade", "CROWN")
"""What the dual of one network is not."""

_RADIUS = r"eps (\d+(?:\.\d+)?)(?:/(\d+))?"

_NETWORKS = {"small": "wong_small", "large": "wong_large", "resnet": "wong_resnet", "robust conv net": "wong_small",
             "standard conv net": "wong_small"}  # fmt: skip


def two(error: float | None) -> str:
    """An error with two decimals, as the papers print it."""
    return number(error, decimals=2)


PRINTED = {
    "paper": Heading("Paper"), "dataset": Heading("Data set"), "model": Heading("Network"),
    "setting": Heading("Setting"), "said": Heading("Quantity"), "value": Heading("Printed ↓", "%", printed),
    "ours": Heading("Ours ↓", "%", two), "known": Heading("Known from"),
}  # fmt: skip


def printed_tables(tables: Tables, papers: Reported) -> Folded:
    """Checked numbers of our data set with ours beside them; folded, those known from memory and other data sets."""
    frame = printed_rows(papers)
    own, checked = on_our_data(frame, tables.facts), frame["known"] != _MEMORY
    first = _printed(tables, frame[own & checked], "printed-own", "What the papers print about certified networks")
    memory = "What the papers print, known from memory and not checked again"
    others = [_printed(tables, frame[own & ~checked], "printed-memory", memory),
              _printed(tables, frame[~own], "printed", "What the papers print about other data")]  # fmt: skip
    return Folded(first, "The papers' own numbers, and those known from memory", others)


def comparable(tables: Tables, papers: Reported) -> bool:
    """Whether the papers print a number of our data set."""
    return bool(on_our_data(printed_rows(papers), tables.facts).any())


def printed_rows(papers: Reported) -> "pd.DataFrame":
    """Printed errors of both papers in percent, with where each is known from; numbers that are wrong left out."""
    import pandas as pd

    frame = pd.concat([papers[f"{key}_reported"].assign(paper=name) for key, name in _PAPERS.items()])
    frame = frame[frame["quantity"].isin(_QUANTITIES) & ~frame["note"].fillna("").str.startswith("WRONG")]
    known = [_known(f"{row.source} {row.note}") for row in records(frame)]
    frame = frame.assign(said=frame["quantity"].map(_QUANTITIES), known=known)
    frame = frame.fillna({"model": "", "setting": ""}).assign(
        value=frame["value"].astype(str).str.split(" -> ").str[-1].astype("float64")
    )
    frame = frame.assign(balls=_balls(frame))
    same = ["paper", "dataset", "model", "setting", "quantity", "value"]
    return frame.drop_duplicates(same).sort_values(["paper", "dataset"]).reset_index(drop=True)


def _balls(frame: "pd.DataFrame") -> list[list[str]]:
    """The settings with a radius that each row is about: its own, or, of a clean error, those of the same network."""
    has_radius = [re.search(_RADIUS, setting) is not None for setting in frame["setting"]]
    of_network = frame[has_radius].groupby(["paper", "dataset", "model"])["setting"].unique()
    return [
        [row.setting] if radius else list(of_network.get((row.paper, row.dataset, row.model), ()))
        for row, radius in zip(records(frame), has_radius, strict=True)
    ]


def _known(source: str) -> str:
    return next((said for word, said in _KNOWN.items() if word in source and "recalled" not in source), _MEMORY)


def _printed(tables: Tables, frame: "pd.DataFrame", name: str, title: str) -> PageTable:
    columns = {key: column for key, column in PRINTED.items() if key != "ours" or name != "printed"}
    ours = [_ours(tables, row) if "ours" in columns else "" for row in records(frame)]
    return PageTable(
        name,
        title,
        columns,
        rows_of(frame.assign(ours=ours), columns),
        sample=": errors, so that smaller is better",
        notes=[
            "Robust error bound: images that are not certified, misclassified ones included. The papers pick the "
            "epoch, and for cascades the number of networks, by the test images; ours never see them.",
            "Ours beside it: the same network, trained on certified bounds at the same radius (or without a defense, "
            "where the paper's is), certified by the dual bound; under attack: the worst of all of our attacks."
            if "ours" in columns
            else "",
        ],
        otherwise=f"The papers print no number for {dataset_text(tables)}." if name == "printed-own" else "",
    )


def _ours(tables: Tables, row: Any) -> Content:  # noqa: ANN401 - a row
    """Every teacher of ours that the printed number is about."""
    found, reason = _alike(tables, row)
    titles = text_titles(tables)
    said = [beside(Measured(*_error(own)), titles[own.model]) for own in found]
    return lines(*said) if said else Absent(reason)


def _alike(tables: Tables, printed: Any) -> tuple[list[Any], str]:  # noqa: ANN401 - rows
    """Rows of `over_seeds` of every teacher of ours that the printed number is about; or why there is none."""
    frame, absent = certificates(tables), "no such network at this radius here"
    if any(word in f"{printed.setting} {printed.model}" for word in _OTHER_BOUNDS):
        return [], "no such bound here"
    if frame.empty:
        return [], absent
    frame = frame[[_is_like(tables, row, printed) for row in records(frame)]]
    if frame.empty:
        return [], absent
    frame = frame.drop_duplicates(["model", "certifier", "seed"])
    means = over_seeds(frame, ["model", "certifier"], _ACCURACIES[printed.quantity])
    found = records(means.dropna(subset="value").drop_duplicates("model"))
    return found, "no attack on this network at this radius here"


def _error(row: Any) -> tuple[float, float, float]:  # noqa: ANN401 - a row of `over_seeds`
    """The error behind an accuracy with its bounds, in percent."""
    return 100 * (1 - row.value), 100 * (1 - row.high), 100 * (1 - row.low)


def _network(model: str) -> str:
    """Our network of the printed name; empty where there is none."""
    return next((ours for name, ours in _NETWORKS.items() if re.match(rf"{name}\b", model)), "")


def _is_ball(setting: str, norm: str, eps: float) -> bool:
    """Whether a printed setting is this ball."""
    found = re.search(_RADIUS, setting)
    printed_norm = "l2" if "l2" in setting else "linf"
    return found is not None and printed_norm == norm and isclose(float(found[1]) / float(found[2] or 1), eps)


def _is_like(tables: Tables, row: Any, printed: Any) -> bool:  # noqa: ANN401 - rows
    """Whether a row is of the printed network, trained and certified like it."""
    return (
        row.role == "teacher"
        and row.arch == _network(str(printed.model))
        and any(_is_ball(setting, row.norm, row.eps) for setting in printed.balls)
        and _same_training(tables, row, str(printed.model))
        and method(tables, row.certifier) == "dual"
        and _has_box(tables, row.certifier, str(printed.setting))
    )


def _same_training(tables: Tables, row: Any, model: str) -> bool:  # noqa: ANN401 - a row
    """Whether a teacher was trained like the printed network: without a defense, or alone on bounds at this radius."""
    if "standard" in model:
        return kind_of(tables, row.defense) == UNPROTECTED
    spec = settings_of(tables, row.defense)
    alone = kind_of(tables, row.defense) == CERTIFIED and not spec.get("after")
    return alone and isclose(float(spec.get("eps", row.eps)), row.eps)


def _has_box(tables: Tables, certifier: str, setting: str) -> bool:
    """Whether pixels are kept in [0, 1] where the printed bound keeps them; where it does not say, either will do."""
    own = bool(settings(tables, certifier).get("input_box", True))
    wanted = re.search(r"(with|no) .*input box", setting)
    return wanted is None or own == (wanted[1] == "with")
