"""A network in parameters."""

from distillab.models.any_model import _named


def test_a_word_stands_for_a_network():
    assert _named("resnet20") == {"name": "resnet20"}
    assert _named({"name": "mlp", "widths": [3]}) == {"name": "mlp", "widths": [3]}
