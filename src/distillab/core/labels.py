"""Labels told apart: one method may stand in a run several times, under keys of its user."""

from collections import Counter
from collections.abc import Mapping


def distinct(labels: Mapping[str, str], methods: Mapping[str, str] | None = None) -> dict[str, str]:
    """Key to a label that no other key has: where two share one, what the key adds to its method stands in brackets.

    Args:
        labels: Key to label.
        methods: Key to the registered name of its method; without it, the label written as a key.
    """
    shared = Counter(labels.values())
    names = methods or {key: label.casefold().replace(" ", "_") for key, label in labels.items()}
    return {
        key: label if shared[label] == 1 or key == names[key] else f"{label} ({key.removeprefix(f'{names[key]}_')})"
        for key, label in labels.items()
    }
