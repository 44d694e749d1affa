"""A made-up run of thefts: right answers of 200 test images, listed by thief, defense, attack and seed."""

import numpy as np
from made_run import MadeUp

from distillab.core.identity import TRIAL
from distillab.metrics.gains import CellKey, gains_over_controls

TEST = 200
LABELS = {"train": np.arange(40) % 4, "val": np.arange(10) % 4, "test": np.arange(TEST) % 4}


def theft_run(cells, controls, *, teachers=None, **facts):
    """A `MadeUp` run.

    Args:
        cells: By thief, defense and attack, and where there are several by student network: right answers by seed.
        controls: The same by thief and role, and student network.
        teachers: The same by defense; right on 190 images where nothing is said.
        facts: What the plan tells: thieves, decide.
    """
    attacks = dict.fromkeys(attack.partition(TRIAL)[0] for _, _, attack, *_ in cells)
    found = MadeUp(tuple(dict.fromkeys(defense for _, defense, *_ in cells)), tuple(attacks), labels=LABELS, **facts)
    for (thief, role, *net), counts in controls.items():
        for seed, right in counts.items():
            found.ls_student(0.1, seed=seed, net=(net or ["thin"])[0], thief=thief, role=role, test=right)
    taught = {}
    for (thief, defense, attack, *net), counts in cells.items():
        for seed, right in counts.items():
            if (defense, seed) not in taught:
                known = (teachers or {}).get(defense, {}).get(seed, 190)
                taught[defense, seed] = found.teacher(defense, seed=seed, test=known)
            found.knockoff(attack, taught[defense, seed], net=(net or ["thin"])[0], thief=thief, test=right)
    return found


def without(found, *names):
    """The run with these members not there."""
    found.missing = dict.fromkeys(names, "killed")
    found.forget()
    return found


def counts(start, *right):
    """Right answers of the seeds from ``start`` on."""
    return {start + number: count for number, count in enumerate(right)}


def shares(right):
    return {seed: count / TEST for seed, count in right.items()}


def gains_of(cells, **controls):
    """The kernel's gains of right answers, by teacher and attack."""
    return gains_over_controls(
        {CellKey(*key): shares(right) for key, right in cells.items()},
        {name: shares(right) for name, right in controls.items()},
        n_test=TEST,
    ).cells


def same_gain(found, expected):
    """Whether two gains over each control have the same numbers."""
    assert found.keys() == expected.keys()
    for name, gain in expected.items():
        ours = found[name]
        assert (ours.n, ours.n_control) == (gain.n, gain.n_control), name
        numbers = [(each.value, each.error, each.df, each.shared) for each in (ours, gain)]
        assert np.allclose(*numbers, rtol=1e-9, atol=1e-12), name
