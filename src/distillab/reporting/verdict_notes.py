"""Lines under tables of verdicts: the rule, how its error rate is shared, whom it is judged by, what it speaks of."""

from typing import TYPE_CHECKING, Any

from distillab.core.identity import PAPER
from distillab.reporting.absent import gaps
from distillab.reporting.display import setting
from distillab.reporting.knockoff_rows import of_teachers
from distillab.reporting.selection import unselected
from distillab.reporting.tables import Tables, records
from distillab.reporting.thief_names import listed, thief_title
from distillab.reporting.thief_rows import asking_thieves, hardest_first

if TYPE_CHECKING:
    import pandas as pd

POPULATION = (
    "Bounds and intervals speak of training seeds on these test images: another split of the data set may move them."
)

PRICE = (
    "Price: the seeds of each open attack that would decide with 80 % power if gains and spreads stay as they are, the "
    "knockoffs to train for it, and their time at the mean of those trained here; teachers and controls of new seeds "
    "come on top."
)


def rule_note(tables: Tables) -> str:
    """When which of the five verdicts holds."""
    return (
        "Each verdict is the first of five that holds. Distillable: some attack's lower bound on its gain is above 0. "
        "Nothing to steal: the teacher is surely less than the margin above the LS students. No control: the teacher "
        "without protection of this network is not shown to leak to this thief, so that no defense can be called "
        f"undistillable. Undistillable: every attack's upper bound is below the margin of {margin_phrase(tables)}, "
        "stated beforehand. Otherwise undecided. Gains are over the mean of all LS students with the thief's labels, "
        "the control of all its cells, and where the thief holds unlabeled images also over the students of their "
        "pseudo-labels; an attack's variance borrows from its other teachers."
    )


def margin_phrase(tables: Tables) -> str:
    """``"1 point"``."""
    margin = 100 * float(tables.facts["margin"])
    return f"{setting(margin)} point{'s' * (setting(margin) != '1')}"


def levels_note(tables: Tables) -> str:
    """Over how many verdicts, looks, attacks and thieves the error rate is shared, whichever of them are shown."""
    thieves = asking_thieves(tables)
    if not thieves:
        return ""
    others = [thief for thief in asking_thieves(unselected(tables)) if thief != PAPER]
    shared: dict[str, list[str]] = {}
    for thief in thieves:
        shared.setdefault(sharing_phrase(tables, thief), []).append(thief_title(thief))
    said = "; ".join(f"{listed(titles)}: {phrase}" for phrase, titles in shared.items())
    shown = any(thief != PAPER for thief in thieves)
    family = f", and by the {len(others)} thieves beside the papers'" if shown and len(others) > 1 else ""
    rate = setting(100 * float(tables.facts["decide"]["alpha"]))
    return f"The error rate of {rate} % is shared by verdicts, looks and attacks{family} ({said})."


def sharing_phrase(tables: Tables, thief: str) -> str:
    """``"16 verdicts, 2 looks, 9 attacks"``: by what the bounds of a thief's verdicts are corrected."""
    tables = unselected(tables)
    verdicts = tables["verdicts"]
    counts = verdicts.loc[verdicts["thief"] == thief, "attacks"].dropna()
    attacks = f"up to {int(counts.max())} attacks" if counts.nunique() > 1 else _counted(int(counts.max()), "attack")
    return f"{_counted(_asked(tables, thief), 'verdict')}, {_counted(_looks(tables, thief), 'look')}, {attacks}"


def control_note(tables: Tables) -> str:
    """Which unprotected teachers leak to which thief, for no defense is called undistillable without that."""
    verdicts = of_teachers(hardest_first(tables))
    plain = verdicts[verdicts["unprotected"]]
    if plain.empty:
        return "Positive control: none, as no unprotected teacher was attacked; no defense can be called undistillable."
    said = [_leaking(tables, row, plain[plain["row"] == row]) for row in dict.fromkeys(plain["row"])]
    return f"Positive control: {'; '.join(said)}."


def fewer_note(verdicts: "pd.DataFrame") -> str:
    """That some verdicts rest on fewer networks than planned, and what that means."""
    fewer = int((verdicts["missing"] > 0).sum())
    if not fewer:
        return ""
    return (
        f"Of {fewer:,} of these verdicts planned networks are missing: what is distillable stays so, at the levels of "
        "the planned number of attacks; nothing is called undistillable there."
    )


def _leaking(tables: Tables, row: str, plain: "pd.DataFrame") -> str:
    """``"CE leaks to poor, not shown for the papers' thief"``."""
    verdicts = dict(zip(plain["thief"], plain["verdict"], strict=True))
    asked = [thief for thief in asking_thieves(tables) if thief in verdicts]
    leaks = [thief_title(thief) for thief in asked if verdicts[thief] == "distillable"]
    holds = [thief_title(thief) for thief in asked if verdicts[thief] != "distillable"]
    if not leaks:
        return f"{row} is not shown to leak to {' or '.join(holds)}"
    return f"{row} leaks to {listed(leaks)}" + (f", not shown for {listed(holds)}" if holds else "")


def _asked(tables: Tables, thief: str) -> int:
    """Verdicts that were planned, those of which nothing is there too."""
    verdicts = tables["verdicts"]
    found = verdicts[verdicts["thief"] == thief]
    there = {(row.teacher, row.student) for row in records(found)}
    return len(there | {(gap["teacher"], gap["arch"]) for gap in gaps(tables, "knockoff", thief=thief)})


def _looks(tables: Tables, thief: str) -> int:
    first = len(tables.facts["thieves"][thief]["seeds"])
    return 1 + len([look for look in tables.facts["decide"]["looks"] if look > first])


def _counted(n: Any, what: str) -> str:  # noqa: ANN401 - a number of any kind
    return f"{int(n):,} {what}{'s' * (int(n) != 1)}"
