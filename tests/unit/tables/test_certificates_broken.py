"""An attack that changes a certified image stops the run; what lies beyond a certificate does not."""

from math import inf

import numpy as np
import pytest
from attacked_run import AttackedRun, method
from certified_run import certified, certifier, lengths

from distillab.core.errors import ContractError
from distillab.tables import certificates

ATTACKS = {"pgd": method("linf", eps=0.05), "cw": method("l2"), "aimed": method("linf", targeted=True)}
CERTIFIERS = {"dual": certifier("dual", "dual")}
BY = {0.05: ("ibp", "crown", "", "ibp"), 0.1: ("dual", "", "", "dual")}
"""Image 40 and 7 are certified at both radii, 12 at the smaller one, 33 at none."""


def against(frame, key="pgd", *, norm="linf", certificate=None, of="certified"):
    """The rows of a certified teacher, or of one beside it, under one attack."""
    run = AttackedRun(ATTACKS, certifiers=CERTIFIERS, defenses={"ce": {"label": "CE"}, "nt": {"label": "NT"}})
    model, other = run.teacher("ce", seed=3), run.teacher("nt", seed=4)
    run.attack({"certified": model, "another": other}[of], key, frame)
    if of == "another":
        run.attack(model, key, lengths({40: inf}, l2=1.0), logits="from_other", source=other)
    run.certify(model, "dual", certified(BY) if certificate is None else certificate, norm=norm)
    return certificates.rows(run)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({33: 0.01, 40: 0.04, 12: inf}, r"none within 0.1 \(linf\) of test image 40, by dual; got pgd at 0.04; "),
        ({40: 0.10000105}, r"none within 0.1 \(linf\) of test image 40, by dual; got pgd at 0.100001; "),
        ({7: 0.1, 40: 0.1}, "of test image 7, "),
        ({12: 0.05}, r"none within 0.05 \(linf\) of test image 12, by dual; got pgd at 0.05; "),
    ],
)
def test_an_attack_that_beats_a_certificate_stops_the_run(found, says):
    with pytest.raises(ContractError, match=says) as error:
        against(lengths(found))
    assert str(error.value).startswith("ce-net-s3: an attack changed a certified image; expected none within ")
    assert str(error.value).endswith("; one of the two is wrong: report it with this model's files")


@pytest.mark.parametrize(
    "found", [{40: 0.1000012}, {40: 0.11, 12: 0.06, 33: 0.001, 7: inf}, {40: inf, 12: inf}, {99: 0.001}]
)
def test_what_lies_beyond_a_certificate_is_no_contradiction(found):
    assert len(against(lengths(found))) == 2


def test_what_another_model_falls_to_is_no_contradiction():
    assert len(against(lengths({40: 0.01}), of="another")) == 2


def test_a_targeted_attack_breaks_a_certificate_as_well():
    with pytest.raises(ContractError, match=r"got aimed at 0.03; "):
        against(lengths({40: 0.03}), "aimed")


def test_an_attack_in_another_norm_counts_by_its_length_in_the_certificates():
    found = lengths({40: 0.3}, "l2", linf=0.3)
    assert len(against(lengths({40: 0.06}, "l2", linf=2.0), "cw")) == 2
    with pytest.raises(ContractError, match=r"none within 0.1 \(linf\) of test image 40, by dual; got cw at 0.09; "):
        against(found, "cw")
    assert len(against(found, "cw", norm="l2")) == 2


def test_a_searched_radius_is_a_certificate_too():
    """It counts where it is larger than the given ones, and where it is above 0."""
    radius = np.array([0.03, 0.12, 0.02, 0.0])
    searched = certified({0.05: ("",) * 4, 0.1: ("ibp", "", "", "")}, radius=radius)
    harmless = {40: 0.11, 12: 0.13, 33: 0.021, 7: 1e-7}
    assert len(against(lengths(harmless), certificate=searched)) == 2
    for image, distance, within in ((40, 0.09, 0.1), (12, 0.11, 0.12), (33, 0.02, 0.02)):
        with pytest.raises(ContractError, match=rf"none within {within} \(linf\) of test image {image}, "):
            against(lengths(harmless | {image: distance}), certificate=searched)
