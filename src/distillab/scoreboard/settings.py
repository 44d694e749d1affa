"""A defense as claims name it: its own settings, or, of a network that has others, the same method's for that one."""

from typing import TYPE_CHECKING, Any

from distillab.reporting.tables import Tables

if TYPE_CHECKING:
    import pandas as pd


def rows_of(tables: Tables, frame: "pd.DataFrame", key: str, *, network: str = "arch") -> "pd.DataFrame":
    """The rows of a defense, on each network with the settings that the run has for that network.

    Args:
        tables: Of the run.
        frame: Rows with a column ``defense``.
        key: The defense that a claim names.
        network: Column that holds the network of the row's teacher.
    """
    return frame[frame["defense"] == frame[network].map(lambda name: key_on(tables, key, str(name)))]


def key_on(tables: Tables, key: str, network: str) -> str:
    """The key under which a run has a defense on a network; where it has none there, the defense's own.

    A defense may be for some networks alone. Of several with the same method that are for this network, it is the one
    that differs from the named one in the fewest settings.
    """
    defenses: dict[str, dict[str, Any]] = tables.facts["params"].get("defenses", {})
    own = defenses.get(key, {})
    if not own.get("networks") or network in own["networks"]:
        return key
    others = {
        other: spec for other, spec in defenses.items() if spec["name"] == own["name"] and network in spec["networks"]
    }
    return min(others, key=lambda other: _differing(own, others[other]), default=key)


def _differing(own: dict[str, Any], other: dict[str, Any]) -> int:
    return sum(own.get(name) != other.get(name) for name in own | other)
