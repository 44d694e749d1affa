"""Certificates beside attacks, image by image; an attack that beats one stops the run."""

from types import SimpleNamespace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from distillab.certify import CERTIFIERS
from distillab.certify.best import Stage
from distillab.core.errors import ContractError
from distillab.core.registry import name_of
from distillab.stages.tables import cascades, certificates

EPS = (0.05, 0.1)


def certified_frame(by, *, n=4, wrong=(), eps=EPS, radius=np.nan):
    """``by[eps]`` names the method that certified each image, or nothing."""
    label = np.arange(n)
    predicted = np.where(np.isin(label, wrong), label + 1, label)
    parts = []
    for value in eps:
        methods = np.array(by[value], object)
        sure = methods != ""
        parts.append(pd.DataFrame({
            "id": label + 100, "label": label, "predicted": predicted, "eps": value,
            "margin": np.where(sure, 1.0, -1.0), "certified": sure & (label == predicted),
            "certified_prediction": sure, "by": methods, "slack": np.arange(n) == n - 1, "radius": radius,
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def attacked_frame(linf, *, l2=None, wrong=(), n=4):
    distance = np.array(linf, float)
    correct = ~np.isin(np.arange(n), wrong)[: len(distance)]
    found = np.isfinite(distance) & correct
    return pd.DataFrame({
        "id": np.arange(len(distance)) + 100, "correct": correct, "distance": np.where(correct, distance, np.inf),
        "linf": np.where(found, distance, np.nan), "l2": np.where(found, np.inf if l2 is None else l2, np.nan),
    })  # fmt: skip


class Run:
    """Stands in for `Results`: certifiers of one model by name, attacks on it by name."""

    def __init__(self, certified, attacks=(), norm="linf"):
        self.frames, self.attacks = certified, dict(attacks)
        known = {key: {"label": key.upper(), "grade": "V", "norm": norm} for key in certified}
        facts = {"certifiers": known, "defenses": {"ce": {"label": "CE"}}}
        self.workspace = SimpleNamespace(plan=SimpleNamespace(facts=facts))
        self.norm = norm

    def members(self, stage):
        if stage == "certify":
            return [self._member(key, {"certifier": {"norm": self.norm}, "eps": list(EPS)}) for key in self.frames]
        return [self._member(key, {"attack": spec}) for key, (spec, _) in self.attacks.items()]

    def _member(self, key, spec):
        axes = {"family": "teachers", "certifier": key, "attack": key}
        return SimpleNamespace(id=key, axes=axes, parents={"model": "ce-net-s0"}, spec=spec, seed=0)

    def certified(self, member):
        return self.frames[member.id]

    def attacked(self, member):
        return self.attacks[member.id][1]

    def run_of(self, _model):
        key = dict.fromkeys(certificates.MODEL, "")
        return SimpleNamespace(key=lambda: key, model="ce-net", defense="ce", seed=0)

    def sidecar(self, _member):
        return SimpleNamespace(run={"seconds_per_image": [0.1, 0.2], "peak_memory": 5})


PGD = {"norm": "linf", "eps": 0.05}
ANY = {"norm": "linf"}
BY = {0.05: ["ibp", "crown", "", "ibp"], 0.1: ["dual", "", "", "dual"]}


def test_shares_intervals_and_who_decided():
    results = Run({"best": certified_frame(BY, wrong=(3,))})
    near, far = certificates.rows(results)
    assert (near["eps"], far["eps"], near["n"], near["slack"]) == (0.05, 0.1, 4, 1)
    assert (near["clean_accuracy"], near["certified_accuracy"], far["certified_accuracy"]) == (0.75, 0.5, 0.25)
    assert near["low"] < 0.5 < near["high"]
    assert {name: near[f"by_{name}"] for name in ("ibp", "crown", "dual")} == {"ibp": 0.25, "crown": 0.25, "dual": 0}
    for row in (near, far):
        decided = sum(row[f"by_{name}"] for name in certificates.METHODS)
        assert decided == row["certified_accuracy"]
        assert decided + row["undecided"] == row["clean_accuracy"]
    assert np.isnan(near["mean_radius"])
    assert (near["certifier"], near["certifier_label"], near["norm"], near["family"]) == (
        "best",
        "BEST",
        "linf",
        "teachers",
    )


def test_the_worst_case_is_that_of_the_same_norm_and_budget():
    frame = certified_frame({0.05: ["ibp", "", "", ""], 0.1: [""] * 4})
    pgd, any_ = attacked_frame([np.inf, 0.05, np.inf, np.inf]), attacked_frame([np.inf, 0.09, 0.02])
    other = attacked_frame([np.inf, np.inf, np.inf, 0.01], l2=0.2)
    alone = certificates.rows(Run({"best": frame}, {"pgd": (PGD, pgd)}))
    assert [(row["robust_accuracy"], row["robust_n"], row["gap"]) for row in alone] == [(0.75, 4, 0.5), (0.75, 4, 0.75)]
    both = certificates.rows(Run({"best": frame}, {"pgd": (PGD, pgd), "cw": (ANY, any_)}))
    assert [row["robust_accuracy"] for row in both] == [0.5, 0.5]
    some = certificates.rows(Run({"best": frame}, {"cw": (ANY, any_)}))
    assert [row["robust_n"] for row in some] == [3, 3]
    assert some[0]["robust_accuracy"] == pytest.approx(2 / 3)
    assert some[0]["gap"] == pytest.approx(1 / 3)
    far = certificates.rows(Run({"best": frame}, {"pgd": (PGD | {"eps": 0.3}, pgd), "l2": ({"norm": "l2"}, other)}))
    assert all(np.isnan(row["robust_accuracy"]) and np.isnan(row["gap"]) and row["robust_n"] == 0 for row in far)


@pytest.mark.parametrize(
    ("distance", "says"),
    [
        (0.04, r"^ce-net-s0: an attack changed a certified image; expected none within 0.1 \(linf\) of test image 100, "
               r"by dual; got pgd at 0.04; "),
        (0.1 + 1e-8, "got pgd at 0.1; "),
    ],
)  # fmt: skip
def test_an_attack_that_beats_a_certificate_stops_the_run(distance, says):
    frame = certified_frame(BY)
    attacks = {"pgd": (PGD, attacked_frame([distance, np.inf, 0.01, np.inf]))}
    with pytest.raises(ContractError, match=says) as error:
        certificates.rows(Run({"dual": frame}, attacks))
    assert "\n" not in str(error.value)


def test_what_lies_beyond_a_certificate_is_no_contradiction():
    attacks = {"pgd": (PGD, attacked_frame([0.11, 0.06, 0.01, np.inf], wrong=(3,)))}
    assert len(certificates.rows(Run({"dual": certified_frame(BY)}, attacks))) == 2


def test_a_searched_radius_is_a_certificate_too():
    frame = certified_frame({0.05: [""] * 4, 0.1: [""] * 4}, radius=0.03)
    with pytest.raises(ContractError, match=r"none within 0.03 \(linf\) of test image 102"):
        certificates.rows(Run({"dual": frame}, {"pgd": (PGD, attacked_frame([0.031, np.inf, 0.03, 0.04]))}))


def test_an_attack_in_another_norm_counts_by_its_length_in_the_certificates():
    attacks = {"cw": ({"norm": "l2"}, attacked_frame([0.3, np.inf, np.inf, np.inf], l2=0.04))}
    assert len(certificates.rows(Run({"dual": certified_frame(BY)}, attacks))) == 2
    with pytest.raises(ContractError, match=r"none within 0.1 \(l2\) of test image 100"):
        certificates.rows(Run({"dual": certified_frame(BY)}, attacks, norm="l2"))


def test_images_are_listed_up_to_a_number(monkeypatch):
    monkeypatch.setattr(certificates, "SHOWN", 2)
    rows = certificates.image_rows(Run({"best": certified_frame(BY), "ibp": certified_frame(BY)}))
    assert len(rows) == 2 * 2 * 2
    assert {row["id"] for row in rows} == {100, 101}
    assert [row["by"] for row in rows[:4]] == ["ibp", "crown", "dual", ""]


def test_costs_stand_apart_from_what_equal_runs_share():
    rows = certificates.cost_rows(Run({"best": certified_frame(BY)}))
    assert [(row["eps"], row["seconds_per_image"], row["peak_memory"]) for row in rows] == [
        (0.05, 0.1, 5),
        (0.1, 0.2, 5),
    ]
    assert not {"seconds_per_image", "peak_memory"} & set(certificates.rows(Run({"best": certified_frame(BY)}))[0])


def test_every_method_that_may_decide_has_its_share():
    alone = {name_of(spec) for spec in CERTIFIERS} - {"best"}
    assert set(certificates.METHODS) == alone | set(get_args(Stage)) - {"undecided"}


def stage(key, after=None, seed=0):
    """A teacher of a cascade."""
    member_id = f"{key}-net-s{seed}"
    parents = {after: f"{after}-net-s{seed}"} if after else {}
    return SimpleNamespace(stage="teach", id=member_id, seed=seed, parents=parents, spec={"defense": {"after": after}})


class CascadeRun:
    """Stands in for `Results`: two stages, a third that was not certified, and a teacher of no cascade."""

    def __init__(self, frames, stages):
        self.frames, self.stages = frames, stages
        members = {s.id: s for s in stages}
        members |= {f"{key}-net-s0-certify-dual": SimpleNamespace(
            id=key, axes={"certifier": "dual"}, spec={"certifier": {"norm": "linf"}}) for key in frames}  # fmt: skip
        facts = {"certifiers": {"dual": {}, "best": {}}}
        self.workspace = SimpleNamespace(plan=SimpleNamespace(members=members, facts=facts))

    def members(self, _stage):
        return self.stages

    def certified(self, member):
        return self.frames[member.id]

    def run_of(self, model_id):
        return SimpleNamespace(defense=model_id.split("-")[0], arch="net", seed=0)


def said(predicted, certified):
    return pd.DataFrame({"label": np.arange(4), "predicted": predicted, "certified_prediction": certified, "eps": 0.1})


FIRST = said([0, 1, 2, 0], [True, False, False, True])
SECOND = said([0, 1, 0, 3], [False, True, False, False])


def test_a_cascade_is_told_from_its_first_stage_to_its_last():
    stages = [stage("ce"), stage("c1"), stage("c2", "c1")]
    one, two = cascades.rows(CascadeRun({"ce": FIRST, "c1": FIRST, "c2": SECOND}, stages))
    assert (one["cascade"], one["stages"], two["stages"], one["n"]) == ("c2", 1, 2, 4)
    assert (one["paper_robust_error"], one["standard_error"], one["shares"]) == (0.75, 0.25, [0.5])
    assert (two["paper_robust_error"], two["standard_error"], two["shares"]) == (0.5, 0.5, [0.5, 0.25])
    assert two["strict_robust_error"] >= two["paper_robust_error"]
    assert {row["certifier"] for row in (one, two)} == {"dual"}


def test_a_cascade_with_a_stage_that_was_not_certified_has_no_row():
    stages = [stage("c1"), stage("c2", "c1"), stage("c3", "c2")]
    assert cascades.rows(CascadeRun({"c1": FIRST, "c2": SECOND}, stages)) == []
    assert cascades.rows(CascadeRun({"c1": FIRST}, [stage("c1")])) == []
