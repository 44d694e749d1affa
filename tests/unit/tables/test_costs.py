"""Times of teachers, and times and memory of certificates."""

from attacked_run import AttackedRun
from certified_run import FAR, NEAR, certified

from distillab.tables import costs


def test_times_are_means_over_the_seeds_of_a_teacher_that_has_them(made_up):
    found = made_up(("ce", "st"))
    found.teacher("ce", seed=0, run={"seconds": 2.0, "step_seconds": 0.1, "fixed_seconds": 7.0})
    found.teacher("ce", seed=1, run={"seconds": 5.0, "step_seconds": 0.3})
    teacher = found.teacher("st", seed=0, run={"seconds": 1 / 3})
    found.knockoff("kd", teacher, run={"seconds": 9.0, "step_seconds": 9.0})
    assert costs.teacher_seconds(found, "seconds") == {"ce-wide": 3.5, "st-wide": 0.333333}
    assert costs.teacher_seconds(found, "step_seconds") == {"ce-wide": 0.2}
    assert costs.teacher_seconds(found, "fixed_seconds") == {"ce-wide": 7.0}


def test_certificates_have_their_own_times_and_memory():
    run = AttackedRun()
    for key, seed, seconds, memory in (("best", 5, [0.1, 0.7], 50), ("dual", 6, [2.0, 3.0], 60)):
        frame = certified({0.05: NEAR, 0.1: FAR})
        run.certify(run.teacher("ce", seed=seed), key, frame, seconds_per_image=seconds, peak_memory=memory)
    keys = ("model", "certifier", "seed", "eps", "seconds_per_image", "peak_memory")
    assert costs.certificate_costs(run) == [
        dict(zip(keys, ("ce-net", *values), strict=True))
        for values in (
            ("best", 5, 0.05, 0.1, 50),
            ("best", 5, 0.1, 0.7, 50),
            ("dual", 6, 0.05, 2.0, 60),
            ("dual", 6, 0.1, 3.0, 60),
        )
    ]
