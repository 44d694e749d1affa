"""Certificates in a plan: which ones a params file asks for, and what they depend on."""

import pytest

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
