"""What an audit says first, and what to do: sentences that follow from its numbers."""

from html import escape
from math import isfinite, nan
from typing import Any

from distillab.reporting.audit_rows import audit_thief, protection_rows, subjects, taken_phrase, verdict_rows
from distillab.reporting.display import Html, number, paragraph, percent, points
from distillab.reporting.first_screen import card_list
from distillab.reporting.knockoff_rows import attack_name, sample
from distillab.reporting.summaries import seeds_phrase
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import listed, means_phrase
from distillab.reporting.thief_rows import price_phrase, strongest
from distillab.reporting.thief_text import bounds_phrase
from distillab.reporting.verdict_notes import margin_phrase

NOTHING = "No theft of the model is there yet"

HALF = 0.5
"""Share of the leak of which more must be gone."""


def audit_answer(tables: Tables) -> Html:
    """The verdict, the control, what would protect; three numbers; on how many images and seeds this rests."""
    lead, *more = audit_clauses(tables)
    own, _ = verdict_rows(tables)
    rest = f"{sample(tables)}, {seeds_phrase(int(own[0].seeds))}.{_of_what(tables)}" if own else ""
    said = "".join(f"{escape(clause)}. " for clause in more)
    return paragraph(f"{escape(lead)}.", kind="lead") + paragraph(said + escape(rest)) + Html(card_list(_cards(tables)))


def _of_what(tables: Tables) -> str:
    """What kind of thing each audited model is, and about how many images it was asked."""
    methods, knockoffs = tables.facts.get("methods", {}).get("defenses", {}), tables["knockoff"]
    said = []
    for key in subjects(tables):
        form, asked = methods.get(key, {}).get("form"), knockoffs.loc[knockoffs["defense"] == key, "queries"].max()
        if form and isfinite(asked):
            images = f"{int(asked):,} by thieves, {tables.facts['test_n']:,} to judge with"
            said.append(f" {tables.label(key)} is from elsewhere ({form}); asked about {images}.")
    return "".join(said)


def audit_sentence(tables: Tables) -> str:
    """The same in a line for a terminal."""
    first, *more = audit_clauses(tables)
    return f"{'; '.join([first, *(clause[0].lower() + clause[1:] for clause in more)])}."


def audit_clauses(tables: Tables) -> list[str]:
    """The verdict on each model, the control's, and what is shown to protect, each without a full stop."""
    own, controls = verdict_rows(tables)
    if not own:
        return [NOTHING]
    protections = _protects(tables)
    said = [_verdict(tables, v, controlled=bool(controls)) for v in own]
    return [*said, _control(tables, controls), *([protections] if protections else [])]


def advice(tables: Tables) -> Html:
    """What each protection would do to the thief and to the honest user, and what follows for the owner."""
    own, _ = verdict_rows(tables)
    if not own:
        return Html("")
    said = [*(_follows(tables, v) for v in own), *(_of_protection(tables, p) for p in records(protection_rows(tables)))]
    return Html(f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in said if line)}</ul>")


def _verdict(tables: Tables, v: Any, *, controlled: bool) -> str:  # noqa: ANN401 - a row
    who = f"a thief with {means_phrase(tables.facts, v.thief)}"
    gain = f"{points(v.best_delta)} points{bounds_phrase(v)} over the same thief without answers"
    attack = attack_name(tables, v.best_attack)
    where = f"On {tables.dataset}, {v.row}"
    match v.verdict:
        case "distillable":
            return f"{where} can be stolen: {who} gains {gain} by {attack}"
        case "undistillable":
            these = f"these {int(v.attacks)} attacks" if v.attacks > 1 else "this one attack"
            return f"{where} is undistillable by {these} of {who}: the largest gain is {gain}"
        case "nothing to steal":
            return f"{where} gives nothing to steal: {who} is as accurate without answers, to less than the margin"
        case "no control":
            but = "neither is the control" if controlled else "there is no control that does"
            return f"{where} is not shown to leak to {who}, but {but}: nothing follows; the largest gain is {gain}"
        case _:
            price = price_phrase(tables, v)
            decides = f"; {price} would probably decide" if isfinite(v.price_seeds or nan) else f" ({price})"
            return f"{where} is undecided against {who}: the largest gain is {gain}{decides}"


def _control(tables: Tables, controls: list[Any]) -> str:
    if not controls:
        return "There is no control beside it"
    said = [
        f"{v.row}, trained here on the same images and labels, {_leaks(v)}: {points(v.best_delta)} points"
        f"{bounds_phrase(v)} by {attack_name(tables, v.best_attack)}"
        for v in controls
    ]
    return f"Control: {'; '.join(said)}"


def _leaks(v: Any) -> str:  # noqa: ANN401 - a row
    return "leaks" if v.verdict == "distillable" else "is not shown to leak"


def _protects(tables: Tables) -> str:
    """Which protections are shown to protect; empty where none was tried."""
    rows = records(protection_rows(tables))
    found = [row.what for row in rows if row.protects is True]
    if not rows:
        return ""
    of = f"Of {len(rows)} protection{'s' * (len(rows) > 1)} that {'were' if len(rows) > 1 else 'was'} tried"
    return f"{of}, {len(found)} would protect ({listed(found)})" if found else f"{of}, none is shown to protect"


def _cards(tables: Tables) -> list[tuple[str, str, str]]:
    """What the model, the knockoff and the thief alone reach."""
    own, _ = verdict_rows(tables)
    thief = audit_thief(tables)
    rows = [row for row in records(strongest(tables)) if row.thief == thief and row.row == own[0].row] if own else []
    if not rows:
        return []
    row = rows[0]
    ends = (f"{percent(row.knockoff_low)}", f"{percent(row.knockoff_high)}")
    stolen = f"{percent(row.knockoff_accuracy)} %" + (f" [{', '.join(ends)}]" if isfinite(row.knockoff_low) else "")
    found = [(stolen, f"accuracy of the copy by {attack_name(tables, row.attack)}", seeds_phrase(int(row.seeds)))]
    found += [_share(row, "agreement", "of test images on which the copy says what the model says")]
    return [
        *found,
        _share(row, "ls", "accuracy of the same student with the thief's labels alone", value="ls_accuracy"),
    ]


def _share(row: Any, name: str, what: str, *, value: str = "") -> tuple[str, str, str]:  # noqa: ANN401 - a row
    low, high = (_float(getattr(row, f"{name}_{end}")) for end in ("low", "high"))
    bounds = f" [{percent(low)}, {percent(high)}]" if isfinite(low) else ""
    seeds = row.control_seeds if name == "ls" else row.seeds
    return f"{percent(getattr(row, value or name))} %{bounds}", what, seeds_phrase(int(seeds))


def _follows(tables: Tables, v: Any) -> str:  # noqa: ANN401 - a row
    """What the verdict asks of the owner."""
    if v.verdict == "distillable":
        worth = tables["worth"]
        named = {"thief": v.thief, "teacher": v.teacher, "attack": v.best_attack}
        found = records(worth[(worth[[*named]] == [*named.values()]).all(axis=1)]) if len(worth) else []
        price = _float(found[0].per_answer) if found else nan
        beyond = {-1: "less than ", 1: "more than "}.get(int(found[0].per_answer_beyond), "") if isfinite(price) else ""
        more = f" To this thief an answer is worth {beyond}{number(price, digits=2)} labels." if isfinite(price) else ""
        return f"Whoever may ask {v.row} about as many images can copy it so far.{more}"
    if v.verdict in ("undistillable", "nothing to steal"):
        return f"{v.row} needs no protection against this thief; others, with more labels or images, were not tried."
    return f"{v.row} may or may not leak: more `seeds` in audit.yaml narrow the bounds."


def _of_protection(tables: Tables, p: Any) -> str:  # noqa: ANN401 - a row
    """What one protection takes and costs."""
    what = f"{p.what[0].upper()}{p.what[1:]}"
    share, low, high = (_float(value) for value in (p.share_removed, p.share_low, p.share_high))
    user = f"honest users get another class for {percent(p.flip_rate)} % of images"
    user += f", and probabilities that are {number(p.change_l1, digits=2)} away (L1)"
    if not isfinite(share):
        margin = margin_phrase(tables)
        return f"{what}: nothing can be said, as no leak surely above the margin of {margin} is there; {user}."
    taken = f"{taken_phrase(share, low, high)} is gone"
    left = f"{attack_name(tables, p.best_attack)} is left with a gain of {points(p.gain)} points"
    if p.protects is True:
        return f"{what} would protect: {taken}; {_cost(p)}; {user}."
    if isfinite(high) and high <= HALF:
        return f"{what} would not protect: {taken}; {left}; {user}."
    return f"{what} is not shown to protect: by estimate {taken}; {left} ({p.protection_reason}); {user}."


def _cost(p: Any) -> str:  # noqa: ANN401 - a row
    """``"accuracy falls by 0.20 points [−0.20, +0.60]"``, or by which it rises."""
    cost, low, high = (_float(value) for value in (p.cost, p.cost_low, p.cost_high))
    word = "rises" if cost < 0 else "falls"
    ends = (-high, -low) if cost < 0 else (low, high)
    bounds = f" [{points(ends[0])}, {points(ends[1])}]" if isfinite(low) and isfinite(high) else ""
    return f"accuracy {word} by {points(abs(cost)).lstrip('+')} points{bounds}"


def _float(value: float | None) -> float:
    return nan if value is None else float(value)
