"""A ball in which all images lie proves nothing of a network."""

import pytest

from distillab.core.errors import SpecError
from distillab.params.radius_checks import largest_distance


@pytest.mark.parametrize(("norm", "distance"), [("linf", 1), ("l2", 12**0.5), ("l1", 12), ("l0", 4)])
def test_the_largest_distance_by_hand(norm, distance):
    assert largest_distance(norm, (3, 2, 2)) == pytest.approx(distance)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        (
            {"robustness": {"attacks": {"pgd_linf": {"eps": 1.01}}}},
            "params: robustness.attacks.pgd_linf.eps: expected at most 1, the largest linf distance of two images; "
            "got 1.01; pixels are in [0, 1]",
        ),
        (
            {"robustness": {"attacks": {"x": {"name": "pgd", "norm": "l2", "eps": 8.01, "step_size": 1}}}},
            "params: robustness.attacks.x.eps: expected at most 8, the largest l2",
        ),
        (
            {"certification": {"eps": [0.5, 1.5], "certifiers": {"*": None, "ibp": {"name": "ibp"}}}},
            "params: certification.eps[1] with certifiers.ibp: expected at most 1,",
        ),
        (
            {"defenses": {"ibp_training": {"name": "ibp_training", "eps": 2}}},
            "params: defenses.ibp_training.eps: expected at most 1,",
        ),
    ],
    ids=["linf", "l2", "certification", "defense"],
)
def test_a_radius_beyond_all_images_is_refused(params_of, override, says):
    with pytest.raises(SpecError) as error:
        params_of(override)
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)


def test_a_radius_as_large_as_all_images_is_allowed(params_of):
    attacks = {"x": {"name": "pgd", "norm": "l2", "eps": 8, "step_size": 1}, "pgd_linf": {"eps": 1}}
    assert params_of({"robustness": {"attacks": attacks}}).robustness.attacks["x"].eps == 8
