"""What a defense takes from a thief and costs: by the kernels on listed numbers, beside the right other teacher."""

import pytest
from made_run import deciding, means
from theft_run import TEST, counts, gains_of, shares, theft_run, without

from distillab.metrics.dunnett import differences_from
from distillab.metrics.protection import Shield, protections, removed_share
from distillab.tables.looks import questions
from distillab.tables.question import EVERY_STUDENT
from distillab.tables.shielding import NOTHING, shielding

THIEVES = {"paper": means("all", queries="labeled", seeds=range(6)), "poor": means(12, seeds=range(6)),
           "label_only": means(12, answers="label", seeds=range(6))}  # fmt: skip
LS = counts(0, 100, 102, 98, 101, 99, 103, 97, 100)
PSEUDO = counts(0, 104, 101, 106, 103, 105, 102, 107, 100)
CE = {"kd": counts(0, 160, 163, 158, 161, 164, 159), "mkd": counts(0, 170, 168, 172, 171, 167, 169)}
SHUT = {"kd": counts(0, 104, 108, 101, 106, 103, 102), "mkd": counts(0, 98, 104, 99, 103, 101, 97)}
HALF = {"kd": counts(0, 140, 143, 138, 146, 141, 139), "mkd": counts(0, 120, 118, 124, 121, 119, 125)}
TEACHERS = {
    "ce": counts(0, 190, 191, 189, 190, 192, 188), "shut": counts(0, 190, 190, 190, 190, 191, 188),
    "half": counts(0, 189, 191, 188, 190, 191, 188), "lame": counts(0, 160, 158, 163, 161, 159, 162),
}  # fmt: skip


def run(attacked=None, *, thieves=("poor",), decide=None, controls=None, net=(), teachers=TEACHERS):
    attacked = attacked or {"ce": CE, "shut": SHUT, "half": HALF, "lame": SHUT}
    cells = {
        (thief, defense, attack, *net): right
        for thief in thieves
        for defense, attacks in attacked.items()
        for attack, right in attacks.items()
    }
    both = controls or {(thief, role, *net): right for thief in thieves
                        for role, right in (("ls_student", LS), ("pseudo_student", PSEUDO))}  # fmt: skip
    return theft_run(cells, both, teachers=teachers, thieves=THIEVES, decide=decide or deciding(8))


def rows(found):
    return {(each.thief, each.defense, each.student): row for each, row in shielding(questions(found)).items()}


def kernels(attacked=None):
    """Gains by defense and attack, and the differences of the teachers."""
    attacked = attacked or {"ce": CE, "shut": SHUT, "half": HALF, "lame": SHUT}
    cells = {(defense, attack): right for defense, attacks in attacked.items() for attack, right in attacks.items()}
    gains = gains_of(cells, ls=LS, pseudo=PSEUDO)
    of_defense = {name: {attack: gains[name, attack] for attack in attacks} for name, attacks in attacked.items()}
    others = {name: shares(TEACHERS[name]) for name in attacked if name != "ce"}
    return of_defense, differences_from(shares(TEACHERS["ce"]), others, n_test=TEST)


def test_shares_protection_and_cost_are_the_kernels():
    """Two looks, one thief: a twentieth over two for protection, and a fortieth for each end of the interval."""
    gains, costs = kernels()
    leak = gains.pop("ce")["kd"]
    found = rows(run())
    assert [*found] == [("poor", name, "thin") for name in gains]
    shields = {name: Shield(over, costs[name]) for name, over in gains.items()}
    said = protections(shields, leak, alpha=0.05, looks=2, margin=0.01, n_test=TEST)
    for name, over in gains.items():
        row, share = found["poor", name, "thin"], removed_share(over, leak, alpha=0.025, attacks=2, margin=0.01)
        assert [*row] == [*NOTHING]
        assert (row["protects"], row["protection_reason"]) == (said[name].protects, said[name].reason)
        shown = [
            row[column] for column in ("share_removed", "share_low", "share_high", "cost", "cost_low", "cost_high")
        ]
        cost = costs[name]
        assert shown == pytest.approx([share.value, share.lower, share.upper, -cost.value, -cost.high, -cost.low])


def test_a_defense_that_only_loses_accuracy_does_not_protect():
    """LAME is as hard to steal from as SHUT, and 15 points less accurate; HALF leaves two thirds of KD's leak."""
    found = {defense: row for (_, defense, _), row in rows(run()).items()}
    assert {defense: row["protects"] for defense, row in found.items()} == {"shut": True, "half": False, "lame": False}
    assert found["lame"]["protection_reason"] == "it may cost more accuracy than the margin"
    assert found["half"]["protection_reason"] == "kd may keep half of the leak"
    assert found["lame"]["cost"] == pytest.approx((190 - 160.5) / 200)
    assert found["lame"]["cost_low"] < found["lame"]["cost"] < found["lame"]["cost_high"]


def protection(monkeypatch, found):
    """What the kernel of protection is asked: per call the level, the looks and the teachers."""
    asked = []

    def judge(shields, leak, **options):
        asked.append((round(options["alpha"], 9), options["looks"], [*shields]))
        return protections(shields, leak, **options)

    monkeypatch.setattr("distillab.tables.shielding.protections", judge)
    rows(found)
    return asked


def test_the_level_is_shared_by_thieves_and_by_groups_of_one_thief(monkeypatch):
    """Two thieves beside the papers', which has two students."""
    found = run({"ce": CE, "shut": SHUT}, thieves=("paper", "poor", "label_only"))
    for seed, right in LS.items():
        for role in ("ls_student", "pseudo_student"):
            found.ls_student(0.1, seed=seed, net="slim", role=role, test=right)
    for defense in ("ce", "shut"):
        for seed in range(6):
            found.knockoff("kd", found.run_of(f"{defense}-wide-s{seed}"), net="slim", test=150)
    assert protection(monkeypatch, found) == [
        (0.025, 2, ["shut-wide"]), (0.025, 2, ["shut-wide"]), (0.025, 2, ["shut-wide"]), (0.025, 2, ["shut-wide"]),
    ]  # fmt: skip
    shown = rows(found)
    assert ("paper", "shut", EVERY_STUDENT) not in shown
    assert shown["paper", "shut", "slim"]["share_removed"] == pytest.approx(0.0)


def test_looks_divide_the_level(monkeypatch):
    assert protection(monkeypatch, run({"ce": CE, "shut": SHUT}, decide=deciding(8, 16, 32, alpha=0.1))) == [
        (0.1, 4, ["shut-wide"])
    ]


def test_the_leak_is_that_of_kd_or_of_the_first_attack():
    """SHUT leaves 4 of 200; of KD's leak of 60.8, wherever KD stands, or of the other attack's of 69.5."""
    swapped = {"ce": {"mkd": CE["mkd"], "kd": CE["kd"]}, "shut": SHUT}
    renamed = {key: {f"{attack}_b": right for attack, right in attacks.items()} for key, attacks in swapped.items()}
    removed = [rows(run(attacked))["poor", "shut", "thin"]["share_removed"] for attacked in (swapped, renamed)]
    assert removed == pytest.approx([1 - 4 / (965 / 6 - 100), 1 - 4 / 69.5], abs=0.002)


def test_without_kds_knockoffs_of_the_unprotected_teacher_there_is_no_leak_to_compare_with():
    """MKD's are there: another attack must not take its place after the fact. The cost is known all the same."""
    found = without(run(), *(f"ce-wide--kd-thin--poor-s{seed}" for seed in range(6)))
    row = rows(found)["poor", "lame", "thin"]
    assert {name for name, value in row.items() if value is None} == {*NOTHING} - {"cost", "cost_low", "cost_high"}
    assert row["cost"] == pytest.approx((190 - 160.5) / 200)


def test_while_an_attack_is_missing_no_share_is_shown_and_nothing_protects():
    found = without(run(), *(f"shut-wide--mkd-thin--poor-s{seed}" for seed in range(6)))
    row = rows(found)["poor", "shut", "thin"]
    assert (row["share_removed"], row["share_low"], row["share_high"]) == (None, None, None)
    assert (row["protects"], row["protection_reason"]) == (False, "missing: mkd")


def test_while_a_seed_is_missing_nothing_protects():
    row = rows(without(run(), "shut-wide--mkd-thin--poor-s2"))["poor", "shut", "thin"]
    assert (row["protects"], row["protection_reason"]) == (False, "missing: some networks")
    assert row["share_removed"] is not None


def test_where_no_leak_is_shown_there_is_no_share():
    far = {attack: dict.fromkeys(right, 50) for attack, right in SHUT.items()}
    row = rows(run({"ce": SHUT, "shut": far}))["poor", "shut", "thin"]
    assert (row["share_removed"], row["protects"]) == (None, False)
    assert row["protection_reason"] == "no leak to remove is shown"


def test_costs_are_over_common_seeds():
    """SHUT's teachers of seeds 0 to 2 are gone; LAME's all, and those of seeds that CE lacks do not count."""
    gone = [f"shut-wide-s{seed}" for seed in range(3)] + [f"lame-wide-s{seed}" for seed in range(6)]
    found = rows(without(run(), *gone))
    assert [defense for _, defense, _ in found] == ["shut", "half"]
    assert found["poor", "shut", "thin"]["cost"] == pytest.approx(((190 - 190) + (192 - 191) + (188 - 188)) / 3 / 200)


def test_below_three_common_seeds_a_cost_has_no_bounds():
    found = rows(without(run(), *(f"shut-wide-s{seed}" for seed in range(4))))
    row = found["poor", "shut", "thin"]
    assert (row["cost"], row["cost_low"], row["cost_high"]) == (pytest.approx(0.0025), None, None)


def test_a_teacher_is_compared_with_the_unprotected_one_of_its_network_thief_and_student():
    """Of two networks one has no unprotected teacher; the papers' thief never robs it."""
    found = run()
    for seed in range(6):
        found.knockoff("kd", found.teacher("half", seed=seed, net="deep", test=150), thief="poor", test=120)
        found.knockoff("kd", found.run_of(f"shut-wide-s{seed}"), thief="paper", test=180)
        found.ls_student(0.1, seed=seed, test=170)
    assert [*rows(found)] == [("poor", defense, "thin") for defense in ("shut", "half", "lame")]


def test_of_two_unprotected_teachers_the_first_is_compared_with():
    found = run({"ce": CE, "plain": HALF, "shut": SHUT})
    found.workspace.plan.facts["defenses"]["plain"]["kind"] = "unprotected"
    shown = rows(found)
    assert [*shown] == [("poor", "shut", "thin")]
    assert shown["poor", "shut", "thin"]["share_removed"] == pytest.approx(
        rows(run({"ce": CE, "shut": SHUT}))["poor", "shut", "thin"]["share_removed"], rel=0.02
    )


def test_all_runs_count_whatever_was_decided_on_fewer():
    """CE is decided at six seeds of eight; its leak is over all eight, as are the controls of the others' gains."""
    more = {"ce": {"kd": CE["kd"] | counts(6, 120, 118)}, "shut": {"kd": SHUT["kd"] | counts(6, 100, 99)}}
    found = run(more)
    ce, shut = questions(found)
    assert (ce.gains["kd"]["ls"].n, shut.gains["kd"]["ls"].n) == (6, 8)
    gains = gains_of({("ce", "kd"): more["ce"]["kd"], ("shut", "kd"): more["shut"]["kd"]}, ls=LS, pseudo=PSEUDO)
    expected = removed_share({"kd": gains["shut", "kd"]}, gains["ce", "kd"], alpha=0.025, attacks=1, margin=0.01)
    row = rows(found)["poor", "shut", "thin"]
    assert (row["share_removed"], row["share_low"]) == pytest.approx((expected.value, expected.lower))
