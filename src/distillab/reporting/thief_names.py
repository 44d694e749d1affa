"""What pages call a thief, and its means in words: labels, questions, what an answer shows."""

from collections import Counter
from typing import Any

from distillab.core.identity import PAPER

Facts = dict[str, Any]

_EVERYTHING = "every probability"


def thief_title(thief: str) -> str:
    """What a sentence or a column calls a thief: its key, but for the papers'."""
    return "the papers' thief" if thief == PAPER else thief


def listed(names: list[str]) -> str:
    """``"poor, told and the papers' thief"``."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def means_lines(facts: Facts, thief: str) -> list[str]:
    """What it has, asks about and sees: ``["60 labels", "answers to the same images", "the class alone"]``."""
    means = facts["thieves"][thief]
    asked = [] if means["queries"] == "none" else [answer_phrase(means["answers"])]
    return [label_phrase(facts, thief), _questions(facts, means), *asked]


def means_phrase(facts: Facts, thief: str) -> str:
    """``"60 labels, answers to all 1,377 training images, the class alone"``; nothing of what shows everything."""
    return ", ".join(line for line in means_lines(facts, thief) if line != _EVERYTHING)


def label_phrase(facts: Facts, thief: str) -> str:
    """``"60 labels"``, or ``"all 1,377 labels"``."""
    n = label_count(facts, thief)
    number = f"all {n:,}" if facts["thieves"][thief]["labels"] == "all" else f"{n:,}"
    return f"{number} label{'s' * (n != 1)}"


def label_count(facts: Facts, thief: str) -> int:
    """How many labels a thief has: of all, those of the validation images too, on which it chooses."""
    labels = facts["thieves"][thief]["labels"]
    return int(facts["train_n"] + facts["val_n"] if labels == "all" else labels)


def own_labels(facts: Facts) -> dict[str, str]:
    """Thief to what its students are told apart by: their labels, and its key where others have as many."""
    alike = Counter(label_count(facts, thief) for thief in facts["thieves"])
    return {
        thief: label_phrase(facts, thief) + (f" ({thief})" if alike[label_count(facts, thief)] > 1 else "")
        for thief in facts["thieves"]
    }


def answers_shown(facts: Facts, thief: str) -> str:
    """What an answer shows, as the plan writes it: ``probabilities``, ``label``, ``top 3``, ``rounded 2``."""
    answers = facts["thieves"][thief]["answers"]
    return answers if isinstance(answers, str) else " ".join(f"{key} {value}" for key, value in answers.items())


def images_asked(facts: Facts, thief: str) -> str:
    """Which images a thief asks about, as the plan writes it; with all labels, every image of the data set's own."""
    means = facts["thieves"][thief]
    queries = means["queries"]
    if means["labels"] == "all" and queries not in ("none", "other_data"):
        return "all"
    written = queries if isinstance(queries, str) else f"share {queries['share']:g}"
    return f"{written} {means['data']}".strip()


def _questions(facts: Facts, means: dict[str, Any]) -> str:
    """Which images it asks about."""
    queries = means["queries"]
    if isinstance(queries, dict):
        return f"answers to these images and {100 * queries['share']:g} % of all training images"
    return {
        "labeled": "answers to the same images",
        "all": f"answers to all {facts['train_n']:,} training images",
        "other_data": f"answers to images of {means['data']}",
        "none": "no answers",
    }[str(queries)]


def answer_phrase(answers: str | dict[str, int]) -> str:
    """What an answer shows: ``"the class alone"``, ``"the 3 largest probabilities"``."""
    if isinstance(answers, str):
        return {"probabilities": _EVERYTHING, "label": "the class alone"}[answers]
    if "top" in answers:
        top = answers["top"]
        return "the largest probability" if top == 1 else f"the {top} largest probabilities"
    digits = answers["rounded"]
    return f"probabilities to {digits} digit{'s' * (digits != 1)}"
