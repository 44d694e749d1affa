"""Rehearsing work: what is run of a member, and that every method can be."""

import pytest
import torch

from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.plan.rehearsal import MOMENTS, Rehearsal
from distillab.training.supervised import CrossEntropyObjective

NETWORK = {"pairs": [{"teacher": "wong_small", "student": "cnn_digits"}]}
NEEDS = {"weights_file"}
"""Fields without which a method cannot be named here."""


@pytest.fixture(scope="module")
def everything(kept_project):
    """A plan with every defense and every knockoff attack, on a network that bounds know."""
    from distillab.plan.build import build_plan

    eps = {"madry": {"eps": 0.1, "steps": 1}, "trades": {"steps": 1}, "ast": {"steps": 1}}
    return build_plan(
        kept_project({
            "studies": ["undistillable"], "seeds": [0], **NETWORK, "data": {"val": 100, "augment": {}},
            "defenses": {"*": None} | {name: {"name": name} | eps.get(name, {}) for name in DEFENSES.names},
            "knockoff": {"attacks": {"*": None} | {name: {"name": name} for name in KNOCKOFFS.names}},
        })
    )  # fmt: skip


def trained(plan, stage):
    key = {"teach": "defense", "knockoff": "attack"}[stage]
    return {member.spec[key]["name"]: member for member in plan.members.values() if member.stage == stage}


def test_a_step_of_every_defense_and_every_attack_takes_time_and_no_global_randomness(everything):
    rehearsal = Rehearsal(everything, "cpu")
    members = [*trained(everything, "teach").values(), *trained(everything, "knockoff").values()]
    assert len(members) == len(DEFENSES.names) + len(KNOCKOFFS.names)
    before = torch.get_rng_state()
    for member in members:
        assert rehearsal.step(member, 4) > 0, member.id
        assert rehearsal.before(member, 4) >= 0, member.id
        assert rehearsal.release(member, 4) >= 0 if member.stage == "teach" else True, member.id
    assert torch.equal(before, torch.get_rng_state())


def test_steps_are_those_of_several_moments_of_the_training(everything, monkeypatch):
    rehearsal, seen = Rehearsal(everything, "cpu"), []

    class Watched(CrossEntropyObjective):
        def begin_epoch(self, epoch, model):
            seen.append((epoch, model.training))

        def diagnostics(self, _model):
            raise AssertionError("only watched")

    member = trained(everything, "teach")["ce"]
    monkeypatch.setattr(Rehearsal, "_objective", lambda *_given: Watched())
    rehearsal.step(member, 2)
    epochs = member.spec["train"]["epochs"]
    first, *others = [int(epochs * moment) for moment in MOMENTS]
    assert seen == [(epoch, True) for epoch in (first, first, *others)]


def test_what_a_bound_costs_depends_on_the_network_being_settled(rich):
    rehearsal = Rehearsal(rich, "cpu")
    member = next(member for member in rich.members.values() if member.stage == "certify")
    assert all(rehearsal.certificates(member, 2, settled=settled) > 0 for settled in (True, False))
