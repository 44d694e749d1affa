"""Labels that no two keys share."""

from distillab.core.labels import distinct


def test_shared_labels_take_what_their_keys_add():
    labels = {"mad": "MAD", "mad_argmax": "MAD", "ce": "CE", "two": "CE", "cmim_flat": "CMIM flat"}
    assert distinct(labels) == {
        "mad": "MAD", "mad_argmax": "MAD (argmax)", "ce": "CE", "two": "CE (two)", "cmim_flat": "CMIM flat"
    }  # fmt: skip


def test_a_variant_drops_the_name_of_its_method():
    labels = {"dual": "WK dual", "dual_no_box": "WK dual", "mine": "WK dual"}
    assert distinct(labels, dict.fromkeys(labels, "dual")) == {
        "dual": "WK dual", "dual_no_box": "WK dual (no_box)", "mine": "WK dual (mine)"
    }  # fmt: skip


def test_a_label_that_nothing_else_has_stays():
    assert distinct({"fast": "Madry fast", "ibp": "IBP training"}, {"fast": "madry", "ibp": "ibp_training"}) == {
        "fast": "Madry fast", "ibp": "IBP training"
    }  # fmt: skip
