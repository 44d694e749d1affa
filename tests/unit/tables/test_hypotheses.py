"""The table ``hypotheses``: each one decided by numbers known by hand, of its teacher, network, split and attack."""

from math import log

import by_hand
import numpy as np
import pytest

from distillab.tables import hypotheses

SEEDS = (4, 2, 3)
POWERS = (0.0, 1.0, 2.0)
LABELS = {
    "train": [0, 1, 1, 2, 0, 3, 1, 0, 2, 1, 3, 3, 0],
    "val": [0, 1, 2, 3, 0, 1],
    "test": np.arange(20) % 4,
}
CMIM = {"name": "cmim", "n_powers": 25, "omega": 20.0}
DEFENSES = {
    "ce": {"name": "ce"}, "ls": {"name": "ls"}, "cmim": CMIM, "label_only": {"name": "label_only"},
}  # fmt: skip

RIGHT = {
    "ce": (12, 11, 15), "ls": (13, 16, 11), "cmim": (15, 16, 17), "label_only": (12, 12, 12),
    "student": (8, 9, 10),
    ("cmim", "kd"): (9, 9, 12), ("cmim", "mkd"): (11, 10, 17), ("cmim", "avg"): (7, 9, 11),
    ("label_only", "kd"): (12, 13, 12), ("label_only", "avg"): (8, 14, 13), ("ce", "kd"): (18, 1, 18),
}  # fmt: skip
"""Of 20 test images, by seed."""

STATEMENTS = {
    "means": "the class means of CMIM still order classes as an unprotected teacher's do",
    "avg": "the averager, which sees class means only, beats the LS student",
    "shift": "answers scatter more on test images than on those CMIM was trained on",
    "mkd": "learned transforms steal more than powers: MKD over KD",
    "slack": "the soft maximum's slack, ln N / omega, exceeds the scatter that is left on training images",
    "tuned": "tuning kd on validation images helps",
    "ce": "CMIM's teacher is more accurate than CE's",
    "ls": "CMIM's teacher is more accurate than LS's",
    "labels": "an API that answers with labels only is as hard to steal from as CMIM",
}


def make(made_up, defenses=DEFENSES, *, nets=("wide",), more=()):
    """Models by `RIGHT`; teachers of a second network, where there are some, say the opposite."""
    found = made_up(defenses | {key: {"name": key} for key in more}, ("kd", "mkd", "avg"), labels=LABELS, powers=POWERS)
    for number, seed in enumerate(SEEDS):
        found.ls_student(0.1, seed=seed, test=RIGHT["student"][number])
        for net in nets:
            for key in defenses:
                right = RIGHT[key][number]
                teacher = found.teacher(key, seed=seed, net=net, test=right if net == "wide" else 20 - right)
                for (of, attack), counts in (cell for cell in RIGHT.items() if isinstance(cell[0], tuple)):
                    if of == key and net == "wide":
                        found.knockoff(attack, teacher, val=3, test=counts[number])
    return found


@pytest.fixture
def results(made_up):
    return make(made_up, nets=("wide", "slim"))


def by_statement(results):
    return {row["statement"]: row for row in hypotheses.rows(results)}


def points(first, second):
    """Gains in points; seeds pair up."""
    return [5 * (a - b) for a, b in zip(RIGHT[first], RIGHT[second], strict=True)]


def leaked(results, split, measure):
    labels = results.labels[split]
    return [measure(results.log_probs(f"cmim-wide-s{seed}", split), labels) for seed in SEEDS]


def peak(log_probs, labels):
    return max(by_hand.scatter(log_probs, labels, power) for power in POWERS)


def expected(results):
    """Hypothesis, statement, unit, and the number of each seed."""
    train, test = leaked(results, "train", peak), leaked(results, "test", peak)
    ours = leaked(results, "test", by_hand.off_diagonal)
    plain = [by_hand.off_diagonal(results.log_probs(f"ce-wide-s{s}", "test"), results.labels["test"]) for s in SEEDS]
    order = [by_hand.rank_correlation(*pair) for pair in zip(ours, plain, strict=True)]
    kd, avg = (points(("label_only", attack), ("cmim", attack)) for attack in ("kd", "avg"))
    return [
        ("W1", "means", "rank correlation", order),
        ("W1", "avg", "points", points(("cmim", "avg"), "student")),
        ("W2", "shift", "nats", [b - a for a, b in zip(train, test, strict=True)]),
        ("W3", "mkd", "points", points(("cmim", "mkd"), ("cmim", "kd"))),
        ("W4", "slack", "nats", [log(25) / 20 - value for value in train]),
        ("W7", "ce", "points", points("cmim", "ce")),
        ("W7", "ls", "points", points("cmim", "ls")),
        ("W8", "labels", "points, mean over attacks", [(a + b) / 2 for a, b in zip(kd, avg, strict=True)]),
    ]


def test_every_hypothesis_has_the_numbers_of_its_statement(results, same_row):
    rows, wanted = hypotheses.rows(results), expected(results)
    assert len(rows) == len(wanted)
    for row, (name, statement, unit, values) in zip(rows, wanted, strict=True):
        mean, low, high = by_hand.mean_and_bounds(values)
        key = {"defense": "cmim", "hypothesis": name, "statement": STATEMENTS[statement], "unit": unit}
        verdict = {"value": mean, "low": low, "high": high, "p": row["p"], "decision": row["decision"], "seeds": 3}
        same_row(row, key | verdict)
    assert {row["p"] is None for row in rows} == {False}


def test_gains_are_known_in_points(results):
    """Of 20 test images one is 5 points: MKD over KD (2 + 1 + 5) / 3 images, label-only over CMIM 13 / 6."""
    values = {said: row["value"] for said, row in by_statement(results).items()}
    assert values[STATEMENTS["mkd"]] == pytest.approx(40 / 3)
    assert values[STATEMENTS["avg"]] == pytest.approx(0)
    assert values[STATEMENTS["ce"]] == pytest.approx(50 / 3)
    assert values[STATEMENTS["ls"]] == pytest.approx(40 / 3)
    assert values[STATEMENTS["labels"]] == pytest.approx(5 * (3 + 4 + 0 + 1 + 5 + 2) / 6)


@pytest.mark.parametrize(
    ("images", "decision"),
    [((0, 0), "holds"), ((1, 0), "undecided"), ((4, 4), "contradicted"), ((-4, -4), "contradicted")],
)
def test_as_hard_means_within_one_test_image(made_up, images, decision):
    """The same gain at every seed, of two attacks; the margin is 5 points, and so is the least spread over seeds."""
    found = made_up({key: DEFENSES[key] for key in ("cmim", "label_only")}, ("kd", "avg"), labels=LABELS, powers=POWERS)
    for seed in range(12):
        for attack, more in zip(("kd", "avg"), images, strict=True):
            found.knockoff(attack, found.teacher("cmim", seed=seed, test=12), test=10)
            found.knockoff(attack, found.teacher("label_only", seed=seed, test=12), test=10 + more)
    row = by_statement(found)[STATEMENTS["labels"]]
    assert (row["decision"], row["value"]) == (decision, pytest.approx(5 * sum(images) / 2))


def test_tuning_helps_by_the_chosen_trial_over_the_attack(results):
    for seed, right in zip(SEEDS, (10, 12, 11), strict=True):
        results.knockoff("kd_trial0", results.teacher("cmim", seed=seed), val=5, test=right)
    row = by_statement(results)[STATEMENTS["tuned"]]
    assert (row["hypothesis"], row["unit"], row["value"]) == ("W6", "points", pytest.approx(5))
    order = [each["hypothesis"] for each in hypotheses.rows(results)]
    assert order == ["W1", "W1", "W2", "W3", "W4", "W6", "W7", "W7", "W8"]


def test_only_seeds_that_both_have_are_compared(made_up):
    """At seed 9, far off, there is no teacher that answers with labels only; of LS there is none but at seed 2."""
    found = make(made_up, {key: DEFENSES[key] for key in ("ce", "cmim", "label_only")}, more=("ls",))
    for key, right in (("ce", 1), ("cmim", 20)):
        found.knockoff("kd", found.teacher(key, seed=9, test=right), test=right)
    found.ls_student(0.1, seed=9, test=0)
    found.teacher("ls", seed=2, test=10)
    rows = by_statement(found)
    assert (rows[STATEMENTS["ls"]]["seeds"], rows[STATEMENTS["ls"]]["value"]) == (1, pytest.approx(30))
    assert (rows[STATEMENTS["labels"]]["seeds"], rows[STATEMENTS["mkd"]]["seeds"]) == (3, 3)
    assert rows[STATEMENTS["ce"]]["seeds"] == 4


def test_cmim_teachers_have_numbers_of_their_own_and_share_one_error_rate(made_up):
    """W4 depends on the teacher's own parameters; Holm counts the hypotheses of all teachers."""
    found = make(made_up, more=("cmim_b",))
    alone = hypotheses.rows(found)
    found.workspace.plan.params["defenses"]["cmim_b"] = CMIM | {"n_powers": 5, "omega": 2.0}
    for seed in SEEDS:
        found.teacher("cmim_b", seed=seed, test=3)
    rows = hypotheses.rows(found)
    shared = [(row["p"], own["p"]) for row, own in zip(rows, alone, strict=False) if own["p"] is not None]
    assert all(among_more >= among_few for among_more, among_few in shared)
    assert any(among_more > among_few for among_more, among_few in shared)
    assert [row | {"p": None, "decision": ""} for row in rows[: len(alone)]] == [
        row | {"p": None, "decision": ""} for row in alone
    ]
    own = {row["statement"]: row for row in rows[len(alone) :]}
    assert {row["defense"] for row in own.values()} == {"cmim_b"}
    assert own[STATEMENTS["ce"]]["value"] == pytest.approx(5 * (9 - 38) / 3)
    labels = found.labels["train"]
    peaks = [peak(found.log_probs(f"cmim_b-wide-s{seed}", "train"), labels) for seed in SEEDS]
    assert own[STATEMENTS["slack"]]["value"] == pytest.approx(log(5) / 2 - sum(peaks) / 3)
    assert STATEMENTS["labels"] not in own


def test_without_teachers_by_cmim_there_is_nothing_to_decide(made_up):
    found = made_up({"ce": {"name": "ce"}, "cmim": CMIM})
    found.teacher("ce")
    assert hypotheses.rows(found) == []


def test_without_an_unprotected_teacher_its_class_means_are_compared_with_nothing(made_up):
    found = made_up({"cmim": CMIM}, labels=LABELS, powers=POWERS)
    found.teacher("cmim")
    assert [row["hypothesis"] for row in hypotheses.rows(found)] == ["W2", "W4"]
