"""What protections take and cost: shares by the kernels on listed numbers, users' losses counted by hand."""

import numpy as np
import pytest
from made_run import answers, deciding, log_of, means
from theft_run import TEST, counts, gains_of, theft_run, without

from distillab.metrics.dunnett import Difference
from distillab.metrics.protection import Shield, protections, removed_share
from distillab.tables.protections import rows

SEEDS = range(6)
THIEVES = {
    "poor": means(12, seeds=SEEDS), "told": means(12, answers="label", seeds=SEEDS),
    "rich": means(20, answers="label", seeds=SEEDS),
}  # fmt: skip
LS, PSEUDO = counts(0, 100, 102, 98, 101, 99, 103, 97, 100), counts(0, 104, 101, 106, 103, 105, 102, 107, 100)
BARE = {"kd": counts(0, 160, 163, 158, 161, 164, 159), "mkd": counts(0, 170, 168, 172, 171, 167, 169)}
TOLD = {"kd": counts(0, 159, 162, 158, 163, 161, 160), "mkd": counts(0, 168, 169, 170, 171, 166, 168)}
WRAPPED = {"kd": counts(0, 104, 108, 101, 106, 103, 102), "mkd": counts(0, 98, 104, 99, 103, 101, 97)}
SAID = answers(np.arange(TEST) % 4, 190, "teachers")
NUMBERS = ("share_removed", "share_low", "share_high")


def run(*, told=TOLD, wrapped=WRAPPED, bare=BARE, bare_said=SAID, own_said=SAID):
    """A teacher, its answers as labels, and a defense around it; controls of both thieves are the same students."""
    cells = {("poor", "ce", attack): right for attack, right in bare.items()}
    cells |= {("told", "ce", attack): right for attack, right in told.items()}
    cells |= {("poor", "mad", attack): right for attack, right in wrapped.items()}
    controls = {(thief, role): right for thief in ("poor", "told")
                for role, right in (("ls_student", LS), ("pseudo_student", PSEUDO))}  # fmt: skip
    found = theft_run(cells, controls, thieves=THIEVES, decide=deciding())
    found.workspace.plan.facts["defenses"]["mad"] |= {"kind": "perturbed", "label": "MAD"}
    for seed in SEEDS:
        member = found.workspace.plan.members[f"mad-wide-s{seed}"]
        found.workspace.plan.members[member.id] = member.model_copy(update={"parents": {"ce": f"ce-wide-s{seed}"}})
        for defense, said in (("ce", bare_said), ("mad", own_said)):
            found.said[f"{defense}-wide-s{seed}"] = found.said[f"{defense}-wide-s{seed}"] | {"test": said}
    found.forget()
    return found


def by_name(found):
    return {row["protection"]: row for row in rows(found)}


def kernel_gains(bare=BARE, other=WRAPPED):
    gains = gains_of({("ce", name): runs for name, runs in bare.items()}
                     | {("mad", name): runs for name, runs in other.items()}, ls=LS, pseudo=PSEUDO)  # fmt: skip
    return gains["ce", "kd"], {name: gains["mad", name] for name in other}


def test_each_protection_has_its_row_and_nothing_else_has():
    found = rows(run())
    assert [(row["thief"], row["teacher"], row["protection"], row["is_form"]) for row in found] == [
        ("poor", "ce-wide", "mad", False), ("poor", "ce-wide", "told", True),
    ]  # fmt: skip
    assert [row["protection_label"] for row in found] == ["MAD", "label"]
    assert all((row["seeds"], row["missing"], row["teachers"], row["n"]) == (6, 0, 6, TEST) for row in found)


def test_shares_are_the_kernels_over_the_leak_of_the_bare_teacher():
    """The wrapper shares an attack's variance with the bare teacher, as one thief robs both."""
    leak, gains = kernel_gains()
    share = removed_share(gains, leak, alpha=0.025, attacks=2, margin=0.01)
    row = by_name(run())["mad"]
    assert [row[name] for name in NUMBERS] == pytest.approx([share.value, share.lower, share.upper])
    assert row["share_attack"] == share.attack


def test_an_answer_form_is_judged_by_the_gains_of_its_own_thief():
    row = by_name(run())["told"]
    worst = max(sum(TOLD["mkd"].values()), sum(TOLD["kd"].values())) / 6 - 103.5
    assert row["share_removed"] == pytest.approx(1 - worst / (sum(BARE["kd"].values()) / 6 - 103.5), abs=0.01)
    assert row["protects"] is False
    assert row["protection_reason"] == "mkd may keep half of the leak"
    assert by_name(run())["mad"]["protects"] is True


def test_what_users_lose_is_counted_image_by_image():
    """Every tenth answer turns to another class, from right to wrong; all others keep their class and sharpen."""
    labels = np.arange(TEST) % 4
    bare = np.full((TEST, 4), 0.1)
    bare[np.arange(TEST), labels] = 0.7
    own = np.full((TEST, 4), 0.0)
    own[np.arange(TEST), np.where(np.arange(TEST) % 10 == 0, (labels + 1) % 4, labels)] = 1.0
    found = by_name(run(bare_said=log_of(bare), own_said=log_of(own)))
    mad, told = found["mad"], found["told"]
    assert (mad["accuracy"], mad["cost"], mad["flip_rate"]) == pytest.approx((0.9, 0.1, 0.1))
    assert mad["change_l1"] == pytest.approx(0.9 * 0.6 + 0.1 * (0.7 + 0.9 + 0.2), abs=1e-5)
    assert (mad["bare_ece"], mad["ece"]) == pytest.approx((0.3, 0.1), abs=1e-5)
    half = 1.9719565 * np.sqrt(0.1 * 0.9 * TEST / (TEST - 1) / TEST)  # Student's quantile at 199 degrees of freedom
    assert (mad["cost_low"], mad["cost_high"]) == pytest.approx((0.1 - half, 0.1 + half), abs=1e-5)
    assert (told["accuracy"], told["cost"], told["flip_rate"], told["ece"]) == pytest.approx((1, 0, 0, 0), abs=1e-6)
    assert told["change_l1"] == pytest.approx(0.6, abs=1e-5)
    assert mad["protects"] is False
    assert mad["protection_reason"] == "it may cost more accuracy than the margin"


def test_all_protections_of_a_teacher_share_the_error_rate():
    leak, gains = kernel_gains()
    free = Difference(0.0, 1 / TEST, TEST - 1, TEST, None, None, None)
    said = protections(
        {"mad": Shield(gains, free), "told": Shield(kernel_gains(other=TOLD)[1], free)}, leak,
        alpha=0.05, looks=1, margin=0.01, n_test=TEST,
    )  # fmt: skip
    assert {name: row["protects"] for name, row in by_name(run()).items()} == {
        name: each.protects for name, each in said.items()
    }


def test_where_nothing_leaks_or_an_attack_is_missing_there_is_no_share():
    shut = by_name(run(bare=WRAPPED))
    assert all(row["share_removed"] is None and row["protects"] is False for row in shut.values())
    gone = by_name(without(run(), *(f"mad-wide--mkd-thin--poor-s{seed}" for seed in SEEDS)))["mad"]
    assert (gone["share_removed"], gone["protects"], gone["protection_reason"]) == (None, False, "missing: mkd")
    assert gone["missing"] == 6
