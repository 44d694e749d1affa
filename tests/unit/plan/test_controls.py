"""The students that a thief's knockoffs are compared with."""


def ids(plan, stage):
    return [m.id for m in plan.members.values() if m.stage == stage]


def test_students_come_by_smoothing_and_seed_with_the_headlines(rich):
    assert ids(rich, "baseline") == [
        f"ls{smoothing}-papernot_digits-s{seed}" for smoothing in (0.1, 0.25) for seed in (3, 7, 9)
    ]
