"""The study ``certified``: which certificates a params file asks for, and what it cannot ask for."""

import pytest

from distillab.core.errors import SpecError

DUAL = {"dual": {"name": "dual"}}
ALONE = {"studies": ["certified"], "certification": {"eps": [0.02, "8/255"], "images": 9, "defenses": []}}


def certify(plan):
    return {m.id: m for m in plan.members.values() if m.stage == "certify"}


def test_every_trained_teacher_is_certified_by_every_certifier(plan_of):
    found = certify(plan_of(ALONE))
    assert set(found) == {
        f"{defense}-cnn_digits-s{seed}-certify-{key}"
        for defense in ("ce", "ls", "cmim")  # not st: its weights are those of ce
        for seed in (0, 1)
        for key in ("ibp", "dual")
    }
    member = found["ls-cnn_digits-s1-certify-dual"]
    assert member.path == "results/tiny/certificates/teachers/ls-cnn_digits/dual-s1.parquet"
    assert member.spec["eps"] == [0.02, 8 / 255]
    assert (member.spec["images"], member.spec["precision"]) == (9, "float32")
    assert member.spec["certifier"]["input_box"] is True


def test_nothing_is_certified_unasked(plan_of):
    assert certify(plan_of({"studies": ["undistillable"]})) == {}
    assert certify(plan_of(ALONE | {"certification": {"families": ["chains"]}})) == {}
    only = certify(plan_of(ALONE | {"certification": {"defenses": ["ls", "st"]}}))
    assert {i.split("-")[0] for i in only} == {"ls"}


def test_other_families_may_be_certified(plan_of):
    override = {"studies": ["undistillable", "certified"], "certification": {"families": ["students", "knockoffs"]}}
    families = {m.axes["family"] for m in certify(plan_of(override)).values()}
    assert families == {"students", "knockoffs"}


@pytest.mark.parametrize(
    ("change", "others"),
    [
        ({"certification": {"eps": [0.05]}}, True),
        ({"certification": {"certifiers": {"dual": {"intersect": False}}}}, False),
        ({"certification": {"precision": "float64"}}, True),
        ({"certification": {"families": ["teachers"], "certifiers": {"crown": {"name": "crown"}}}}, None),
        ({"robustness": {"attacks": {"pgd_linf": {"eps": 0.2}}}}, None),
        ({"train": {"checkpoint_every": 1}, "batch": {"certify": ["seed"]}, "device": "auto"}, None),
    ],
    ids=["radii", "one certifier", "precision", "another certifier", "an attack", "how it is made"],
)
def test_a_certificate_changes_with_what_it_says(plan_of, change, others):
    before, after = certify(plan_of()), certify(plan_of(change))
    different = {i.rsplit("-", 1)[1] for i in before if after[i].key != before[i].key}
    assert different == {None: set(), True: {"ibp", "dual"}, False: {"dual"}}[others]


def test_tables_and_page_hang_on_the_certificates(plan_of):
    before, after = plan_of(), plan_of({"certification": {"eps": [0.05]}})
    for member in ("tables/certified/certificates.parquet", "report-certified"):
        assert before.members[member].key != after.members[member].key
    assert before.facts["certifiers"]["dual"]["norm"] == "linf"


@pytest.mark.parametrize(
    ("certification", "says"),
    [
        ({"eps": ["8/0"]}, r"^params: certification\.eps\[0\]: not a fraction: '8/0'; got '8/0'$"),
        ({"eps": ["abc"]}, r"^params: certification\.eps\[0\]: expected a valid number.*; got 'abc'$"),
        ({"eps": [0.1, -0.1]}, r"^params: certification\.eps\[1\]: expected a number greater than 0; got -0.1$"),
        ({"eps": [0]}, r"greater than 0; got 0$"),
        ({"eps": [float("nan")]}, r"certification\.eps\[0\]: "),
        ({"eps": []}, r"certification\.eps: expected at least one entry"),
        ({"eps": [0.2, 0.1]}, r"^params: certification\.eps: expected increasing radii; got \[0.2, 0.1\]$"),
        ({"eps": [0.1, 0.1]}, r"expected increasing radii"),
        ({"certifiers": {"dual": {"name": "duall"}}}, r"certifiers\.dual.*one of ibp, dual.*did you mean dual"),
        ({"certifiers": {"ibp": None, "dual": None}}, r"the study certified needs at least one"),
        ({"certifiers": {"lp": {"name": "lp", "norm": "l2"}}}, r"lp\.norm: expected linf or l1 for lp; got 'l2'"),
        ({"defenses": ["nasty"]}, r"certification\.defenses: expected some of ce, ls, .*; got 'nasty'"),
        ({"radius_steps": -1}, r"certification\.radius_steps"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_clear_line_before_any_job(plan_of, certification, says):
    with pytest.raises(SpecError, match=says) as error:
        plan_of({"certification": certification})
    assert "\n" not in str(error.value)


def test_a_network_with_unknown_layers_is_refused_before_it_is_trained(plan_of):
    override = ALONE | {"pairs": [{"teacher": "squeezenet", "student": "cnn_digits"}]}
    with pytest.raises(SpecError, match=r"^params: certification: squeezenet cannot be certified: .*do not know"):
        plan_of(override)
    assert certify(plan_of(override | {"studies": ["undistillable"]})) == {}


def lines_of(params_of, override):
    """What the study cannot do."""
    try:
        params_of(override)
    except SpecError as error:
        return [line.removeprefix("params: ") for line in str(error).splitlines()]
    return []


@pytest.mark.parametrize(
    ("certification", "lines"),
    [
        (
            {"certifiers": {"*": None}},
            ["certification.certifiers: the study certified needs at least one; add one, or take it out of studies"],
        ),
        (
            {"certifiers": {"lp": {"name": "lp", "norm": "l2"}}},
            ["certification.certifiers.lp.norm: expected linf or l1 for lp; got 'l2'"],
        ),
        (
            {"defenses": ["ce", "nasty"]},
            ["certification.defenses: expected some of ce, ls, st, cmim; got 'nasty'"],
        ),
    ],
)
def test_a_line_for_each_reason(params_of, certification, lines):
    assert lines_of(params_of, {"certification": certification}) == lines
    assert lines_of(params_of, {"certification": certification, "studies": ["undistillable", "ta"]}) == []


UNKNOWN = "squeezenet"
"""A network with layers that no certifier knows; it takes any image."""

BOTH = [{"teacher": "cnn_digits", "student": UNKNOWN}, {"teacher": UNKNOWN, "student": "cnn_digits"}]
TA = {"ta": {"steps": 1, "networks": ["cnn_digits", UNKNOWN]}}


@pytest.mark.parametrize(
    ("override", "refused"),
    [
        ({"pairs": BOTH[:1]}, False),
        ({"pairs": BOTH[1:]}, True),
        ({"pairs": BOTH[1:], "defenses": {"ce": {"networks": ["cnn_digits"]}}}, False),  # ce alone is certified
        ({"pairs": BOTH[1:], "defenses": {"ls": {"networks": ["cnn_digits"]}}}, True),
        ({"pairs": BOTH[1:], "certification": {"defenses": ["st"]}}, False),  # its weights are those of ce
        ({"pairs": BOTH[1:], "certification": {"defenses": []}}, True),
        ({"pairs": BOTH[:1], "certification": {"families": ["students"]}}, True),
        ({"pairs": BOTH[:1], "certification": {"families": ["knockoffs"]}}, True),
        ({"pairs": BOTH[:1], "certification": {"families": ["knockoffs"]}, "studies": ["ta", "certified"]}, False),
        ({"chains": TA, "certification": {"families": ["chains"]}}, True),
        ({"chains": {"ta": {"steps": 0, "networks": [UNKNOWN]}}, "certification": {"families": ["chains"]}}, True),
        ({"chains": TA}, False),
        ({"chains": TA | {"mine": {"teacher_defense": "ls"}}, "certification": {"families": ["chains"]},
          "studies": ["adversarial", "certified"]}, False),
    ],
)  # fmt: skip
def test_only_networks_that_are_certified_must_be_known(params_of, override, refused):
    found = [line.split(":")[1] for line in lines_of(params_of, override)]
    assert found == ([f" {UNKNOWN} cannot be certified"] if refused else [])
