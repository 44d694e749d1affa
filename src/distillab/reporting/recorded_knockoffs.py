"""A finished knockoff study as Markdown: teachers, the matrix, verdicts, hypotheses."""

from html import unescape
from typing import TYPE_CHECKING, Any

from distillab.core.identity import PAPER
from distillab.reporting.display import DASH, number
from distillab.reporting.knockoff_rows import attack_name, knockoff_cells
from distillab.reporting.knockoff_views import literal_rule
from distillab.reporting.markdown import between, gain, markdown_table, share, with_bounds
from distillab.reporting.names import grade_note, marked
from distillab.reporting.reported import Reported
from distillab.reporting.selection import robbed_by
from distillab.reporting.summaries import over_seeds, teachers_of
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import means_phrase, thief_title
from distillab.reporting.thief_rows import asking_thieves, controls_of, hardest_first, price_phrase

if TYPE_CHECKING:
    import pandas as pd


def knockoff_sections(tables: Tables, _papers: Reported) -> list[str]:
    """Every teacher, the thieves, every cell of the papers' with its interval, all verdicts, and the hypotheses."""
    paper = robbed_by(tables, PAPER)
    parts = [
        f"n = {int(tables.facts['test_n']):,} test images; intervals: 95 % over training seeds on these test images. "
        "Gains are over the mean of all LS students of the thief, and of those of its pseudo-labels. Answers are live, "
        "to every view that the student sees, or cached, once an image.",
        "## Teachers",
        _teachers(tables),
        "## Thieves",
        _thieves(tables),
        "## Verdicts",
        _verdicts(tables),
        "## Knockoffs of the papers' thief",
        _matrix(paper),
    ]
    parts += ["## Hypotheses", _hypotheses(tables)] if len(tables["hypotheses"]) else []
    return [*parts, unescape(grade_note(tables, [*tables["knockoff"]["defense"], *tables["knockoff"]["attack"]]))]


def _thieves(tables: Tables) -> str:
    """Whatever has labels: what they alone are worth, and where there are unlabeled images their pseudo-labels."""
    order = list(dict.fromkeys(tables["labels"].sort_values("labels", kind="stable")["thief"]))
    controls = controls_of(tables)
    students = list(dict.fromkeys(tables["labels"]["student"]))
    rows = [
        [thief, means_phrase(tables.facts, thief), student, *(_control(controls.get((thief, student, role))) for role in
         ("ls_student", "pseudo_student")), f"{controls[thief, student, 'ls_student'].seeds}"]
        for thief in order for student in students if (thief, student, "ls_student") in controls
    ]  # fmt: skip
    names = ("thief", "means", "student", "its labels alone, %", "its pseudo-labels, %", "seeds")
    return markdown_table(names, rows)


def _control(row: Any) -> str:  # noqa: ANN401 - a row
    return DASH if row is None else share(row.accuracy, row.low, row.high)


def _teachers(tables: Tables) -> str:
    frame, leaks = teachers_of(tables), tables["leaks"]
    entropy = over_seeds(frame, ["model"], "entropy_nats").set_index("model")
    peak = over_seeds(leaks[leaks["split"] == "test"], ["teacher"], "peak").set_index("teacher")
    rows = [
        [
            marked(tables, row.defense), tables.networks[row.model], f"{row.seeds}",
            share(row.value, row.low, row.high), _nats(entropy, row.model), _nats(peak, row.model),
        ]
        for row in records(over_seeds(frame, ["model", "defense"], "test_accuracy"))
    ]  # fmt: skip
    return markdown_table(
        ("teacher", "network", "seeds", "accuracy, %", "entropy, nats", "largest CMI over powers, nats"), rows
    )


def _nats(frame: "pd.DataFrame", model: str) -> str:
    """A row of `over_seeds` as text; a dash where the model has none."""
    if model not in frame.index:
        return DASH
    row = frame.loc[model]
    return with_bounds(row["value"], row["low"], row["high"], number)


def _matrix(tables: Tables) -> str:
    rows = [
        [
            row.row, marked(tables, row.attack), row.student, f"{row.seeds}",
            share(row.knockoff_accuracy, row.knockoff_low, row.knockoff_high),
            share(row.ls_accuracy, row.ls_low, row.ls_high), f"{row.ls_smoothing:g}",
            gain(row.delta, row.delta_low, row.delta_high), f"{row.queries:,}", row.responses,
        ]
        for row in records(knockoff_cells(tables))
    ]  # fmt: skip
    names = ("teacher", "attack", "student", "seeds", "knockoff, %", "LS student, %", "its smoothing", "gain, points",
             "queries", "answers")  # fmt: skip
    return markdown_table(names, rows)


def _verdicts(tables: Tables) -> str:
    verdicts, order = hardest_first(tables), asking_thieves(tables)
    rows = []
    for row in sorted(records(verdicts), key=lambda v: order.index(v.thief)):
        for prefix, scope in (("", "all"), ("paper_", "the paper's")):
            verdict = getattr(row, f"{prefix}verdict")
            if not isinstance(verdict, str):
                continue
            bounds = (getattr(row, prefix + name) for name in ("best_delta", "lower", "upper"))
            rows.append(
                [
                    thief_title(row.thief), row.row, f"{scope} ({int(getattr(row, f'{prefix}attacks'))})", verdict,
                    gain(*bounds), attack_name(tables, getattr(row, f"{prefix}best_attack")),
                    literal_rule(row, prefix) if row.thief == PAPER else DASH,
                    f"{int(getattr(row, f'{prefix}seeds'))}",
                    ("" if prefix else price_phrase(tables, row)) or DASH,
                ]
            )  # fmt: skip
    names = ("thief", "teacher", "attacks", "verdict", "largest gain [bounds that decide], points", "attack",
             "the paper's literal rule", "seeds", "price")  # fmt: skip
    return markdown_table(names, rows)


def _hypotheses(tables: Tables) -> str:
    rows = [
        [row.hypothesis, row.statement, number(row.value, signed=True), row.unit, between(row.low, row.high),
         row.decision, f"{row.seeds}"]
        for row in records(tables["hypotheses"])
    ]  # fmt: skip
    return markdown_table(("", "statement", "here", "unit", "95 %", "decision", "seeds"), rows)
