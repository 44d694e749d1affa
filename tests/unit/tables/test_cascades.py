"""Cascades from one network to all of them, image by image."""

import numpy as np
import pandas as pd
import pytest
from attacked_run import AttackedRun, assert_row

from distillab.tables import cascades

CERTIFIERS = {"best": {"norm": "l2"}, "dual": {"norm": "linf"}}


def verdicts(said, *, eps=0.1):
    """Labels 0, 1, 2, ...; per image the class that is predicted, with a plus where it is certified on the ball."""
    return pd.DataFrame({
        "label": np.arange(len(said)), "predicted": [int(answer[0]) for answer in said], "eps": eps,
        "certified_prediction": [answer.endswith("+") for answer in said],
    })  # fmt: skip


FIRST = ["0+", "1", "2", "0+", "4", "5", "0", "7+"]
SECOND = ["0", "1+", "0", "3", "4+", "0+", "6", "0"]
THIRD = ["0+", "1", "2+", "3+", "4", "5", "6", "7+"]
"""The first network decides 0 and 7 rightly, 3 wrongly; the second 1 and 4, and 5 wrongly; the third 2; nobody 6."""


@pytest.fixture
def run():
    """A cascade of three, certified at two radii by one certifier and not to the end by another; one of a kind."""
    made = AttackedRun(certifiers=CERTIFIERS)
    networks = [made.teacher("c1", seed=4), made.teacher("alone", seed=4)]
    networks += [made.teacher("c2", seed=4, after="c1"), made.teacher("c3", seed=4, arch="net", after="c2")]
    for network, said in zip(networks, (FIRST, FIRST, SECOND, THIRD), strict=True):
        far = ["0", "1", "2", "3+", "4", "5", "6", "7+" if said is THIRD else "7"]
        made.certify(network, "dual", pd.concat([verdicts(said), verdicts(far, eps=0.2)]))
    for network in networks[:3]:
        made.certify(network, "best", verdicts(["0+"] * 8))
    return made


def known(*, networks, eps=0.1):
    return {
        "cascade": "c3", "arch": "net", "networks": networks, "certifier": "dual", "norm": "linf", "eps": eps,
        "seed": 4, "n": 8,
    }  # fmt: skip


def test_every_column_from_the_first_network_to_the_last(run):
    """Undecided images are answered by the last network used. Strict: one certifies the label, all predict it.

    One network: 0 and 7 are right and certified; 3 and 6 are answered wrongly. Two: 0, 1, 4, 7 are decided rightly, but
    the second network says 0 to image 7; it is wrong about 2, 3 and 5. Three: 2 is decided rightly, though the second
    network says 0 to it, and 6 is answered rightly; 3 and 5 stay wrong.
    """
    one, two, three = cascades.rows(run)[:3]
    assert_row(
        one,
        known(networks=1)
        | {"paper_robust_error": 6 / 8, "strict_robust_error": 6 / 8, "standard_error": 2 / 8, "shares": [3 / 8]},
    )
    assert_row(
        two,
        known(networks=2)
        | {"paper_robust_error": 4 / 8, "strict_robust_error": 5 / 8, "standard_error": 3 / 8}
        | {"shares": [3 / 8, 3 / 8]},
    )
    assert_row(
        three,
        known(networks=3)
        | {"paper_robust_error": 3 / 8, "strict_robust_error": 5 / 8, "standard_error": 2 / 8}
        | {"shares": [3 / 8, 3 / 8, 1 / 8]},
    )


def test_the_radii_follow_one_another(run):
    rows = cascades.rows(run)
    assert [(row["eps"], row["networks"], row["paper_robust_error"]) for row in rows[3:]] == [
        (0.2, 1, 7 / 8),
        (0.2, 2, 7 / 8),
        (0.2, 3, 6 / 8),
    ]
    assert [row["shares"] for row in rows[3:]] == [[1 / 8], [1 / 8, 0.0], [1 / 8, 0.0, 1 / 8]]
    assert_row(
        rows[5],
        known(networks=3, eps=0.2)
        | {"paper_robust_error": 6 / 8, "strict_robust_error": 6 / 8, "standard_error": 0.0}
        | {"shares": [1 / 8, 0.0, 1 / 8]},
    )


def test_a_cascade_with_a_network_that_was_not_certified_has_no_row():
    run = AttackedRun(certifiers=CERTIFIERS)
    first, _, _ = run.teacher("c1"), run.teacher("c2", after="c1"), run.teacher("c3", after="c2")
    run.certify(first, "dual", verdicts(FIRST))
    assert cascades.rows(run) == []


def test_a_teacher_alone_is_no_cascade():
    run = AttackedRun(certifiers=CERTIFIERS)
    run.certify(run.teacher("ce"), "dual", verdicts(FIRST))
    assert cascades.rows(run) == []


def test_each_certifier_and_seed_has_a_cascade_of_its_own():
    """Seed 1 is never certified by the first network, seed 2 always, seed 2 under the other certifier at once."""
    run = AttackedRun(certifiers=CERTIFIERS)
    for seed, plus in ((1, ""), (2, "+")):
        first, second = run.teacher("c1", seed=seed), run.teacher("c2", seed=seed, after="c1")
        run.certify(first, "dual", verdicts([f"0{plus}", f"0{plus}"]))
        run.certify(second, "dual", verdicts(["0+", "1+"]))
    for model, said in ((first, ["0+", "1+"]), (second, ["1", "0"])):
        run.certify(model, "best", verdicts(said), norm="l2")
    keys = ("seed", "certifier", "norm", "networks", "shares", "standard_error")
    assert [tuple(row[key] for key in keys) for row in cascades.rows(run)] == [
        (1, "dual", "linf", 1, [0.0], 0.5),
        (1, "dual", "linf", 2, [0.0, 1.0], 0.0),
        (2, "best", "l2", 1, [1.0], 0.0),
        (2, "best", "l2", 2, [1.0, 0.0], 0.0),
        (2, "dual", "linf", 1, [1.0], 0.5),
        (2, "dual", "linf", 2, [1.0, 0.0], 0.5),
    ]


def test_published_bounds_count_what_rounding_leaves_open():
    """The first network's bound at image 1 lies within rounding: as published it decides there, and wrongly."""
    run = AttackedRun(certifiers=CERTIFIERS)
    one = verdicts(["0+", "2"]).assign(slack=[False, True])
    two = verdicts(["0", "1+"]).assign(slack=False)
    for key, paper in (("dual", "scaling"), ("best", None)):
        first, second = run.teacher(f"{key}_1"), run.teacher(f"{key}_2", after=f"{key}_1")
        run.certify(first, key, one, as_published=paper)
        run.certify(second, key, two, as_published=paper)
    last = {row["certifier"]: row for row in cascades.rows(run) if row["networks"] == 2}
    assert (last["dual"]["paper_robust_error"], last["best"]["paper_robust_error"]) == (1 / 2, 0.0)
    assert (last["dual"]["shares"], last["best"]["shares"]) == ([1.0, 0.0], [1 / 2, 1 / 2])
