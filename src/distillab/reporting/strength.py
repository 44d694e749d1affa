"""The words that an attack's number must not stand without: cut short, and weaker."""

from typing import TYPE_CHECKING, Any

from distillab.reporting.cells import Content, Marked, beside
from distillab.reporting.display import number
from distillab.reporting.tables import Tables, records
from distillab.tables.strength import CUT_SHORT, LONGER, WEAKER

if TYPE_CHECKING:
    import pandas as pd

_MEANINGS = {
    CUT_SHORT: "Cut short: the attack is behind and its step limit stopped it, or its steps ran out before it had "
    "found anything.",
    WEAKER: "Weaker: the attack is behind although it came to its own end.",
}
_NAMED = 3
"""Models that a note names at most."""


def with_mark(content: Content, word: str) -> Content:
    """A number with the word that it must not stand without; alone where there is none."""
    return beside(content, Marked(word, "strength")) if word else content


def with_word(label: str, word: object) -> str:
    """An attack's label with its word in brackets, where it has one; text."""
    return f"{label} ({word})" if word in _MEANINGS else label


def strength_words(tables: Tables) -> dict[tuple[str, str, str], str]:
    """Model, attack and view of the logits to the word that the attack's numbers need there; others are left out."""
    frame = _behind(tables["robustness"])
    return {(str(row.model), str(row.attack), str(row.logits)): str(row.strength) for row in records(frame)}


def named_attack(tables: Tables, frame: "pd.DataFrame") -> str:
    """The label of the one attack in these rows of ``robustness``, with its words in brackets; text."""
    words = [word for word in _MEANINGS if (frame["strength"] == word).any()]
    return tables.label(str(frame["attack"].iloc[0])) + (f" ({', '.join(words)})" if words else "")


def attack_list(tables: Tables, frame: "pd.DataFrame") -> str:
    """The attacks in these rows of ``robustness``, each with its words and on how many models they hold."""
    said = [(str(key), strength_extent(part)) for key, part in frame.groupby("attack", sort=False)]
    return "; ".join(tables.label(key) + (f" ({extent})" if extent else "") for key, extent in said)


def strength_extent(frame: "pd.DataFrame") -> str:
    """``"cut short on 2 and weaker on 1 of 9 models"``, from one attack's rows of ``robustness``; empty if neither."""
    models = frame["model"].nunique()
    counted = {word: frame.loc[frame["strength"] == word, "model"].nunique() for word in _MEANINGS}
    said = " and ".join(f"{word} on {count:,}" for word, count in counted.items() if count)
    return f"{said} of {models:,} model{'s' * (models > 1)}" if said else ""


def strength_sentence(tables: Tables, frame: "pd.DataFrame") -> str:
    """Which attacks in these rows of ``robustness`` are behind, for a caption; empty where none is."""
    behind = frame[frame["attack"].isin(_behind(frame)["attack"].unique())]
    if behind.empty:
        return ""
    return f"Not at full strength: {attack_list(tables, behind)}."


def strength_note(tables: Tables, frame: "pd.DataFrame") -> str:
    """What the words in these rows of ``robustness`` mean, with the counts behind each; empty without words."""
    behind = _behind(frame)
    if behind.empty:
        return ""
    shown = {(str(row.model), str(row.attack), str(row.logits)) for row in records(behind)}
    compared = tables["strength"]
    keys = zip(compared["model"], compared["attack"], compared["logits"], strict=True)
    compared = compared[[key in shown for key in keys]]
    meanings = " ".join(meaning for word, meaning in _MEANINGS.items() if (behind["strength"] == word).any())
    said = [_counted(tables, part) for _, part in compared.groupby(["attack", "strength"], sort=False)]
    return (
        f"{meanings} An attack is behind that misses an image which another one breaks, or whose median distance on "
        f"the images that both break is over {number(100 * (LONGER - 1), digits=2)} % longer. {' '.join(said)}"
    )


def _behind(frame: "pd.DataFrame") -> "pd.DataFrame":
    return frame[frame["strength"].isin(list(_MEANINGS))]


def _counted(tables: Tables, part: "pd.DataFrame") -> str:
    """How far one attack is behind on the models where it has one word."""
    first, worst, n = records(part)[0], _longest(part), part["n"].sum()
    rival = tables.label(worst.rival) if worst else ""
    longer = f", at a median up to {number(worst.ratio)} times that of {rival}" if worst else ""
    stopped = f"; its steps ran out on {part['at_limit'].sum():,} of {n:,}" if first.strength == CUT_SHORT else ""
    return (
        f"{tables.label(first.attack)} is {first.strength} on {_models(tables, part)}: it breaks "
        f"{part['found'].sum():,} of the {part['found_by_any'].sum():,} images that it or another one breaks"
        f"{longer}{stopped}."
    )


def _longest(part: "pd.DataFrame") -> Any:  # noqa: ANN401 - a row
    """The comparison with the largest ratio; None where no distance is over a tenth longer than a rival's."""
    found = [row for row in records(part) if row.ratio > LONGER]
    return max(found, key=lambda row: row.ratio, default=None)


def _models(tables: Tables, part: "pd.DataFrame") -> str:
    labels = [tables.label(model) for model in dict.fromkeys(part["model"])]
    rest = len(labels) - _NAMED
    return "; ".join(labels[:_NAMED]) + (f"; and {rest:,} more" if rest > 0 else "")
