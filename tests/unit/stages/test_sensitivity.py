"""Jacobian amplitudes at the first test images, against the Jacobian of our own forward pass."""

import numpy as np
import pytest
import torch
from small_project import forward, images

IMAGES = 9


@pytest.mark.parametrize("model", ["ta-T1-step0-s1", "ta-T4-step2-s0", "ta-T4-step2-s1"])
def test_a_row_is_one_of_the_first_test_images(small, model):
    """At temperature 1 whatever the training's: (1 / k m) sum_ij |dF_i / dx_j|, F the softmax."""
    made = small.made(f"{model}-sensitivity")
    x, _ = images("test")
    x = x[small.index("test")[:IMAGES]]
    weights = small.weights(model)

    def both(image):
        z = forward(weights, image[None])[0]
        return z.softmax(0), z

    expected = {"log10_all": [], "log10_pred": [], "log10_logit": [], "margin": []}
    for image in x:
        of_probs, of_logits = torch.autograd.functional.jacobian(both, image)
        _, z = both(image)
        expected["log10_all"].append(of_probs.abs().mean().log10())
        expected["log10_pred"].append(of_probs[z.argmax()].abs().mean().log10())
        expected["log10_logit"].append(of_logits.abs().mean().log10())
        expected["margin"].append(z.sort().values.diff()[-1])
    assert len(made.frame) == IMAGES
    for name, values in expected.items():
        np.testing.assert_allclose(made.frame[name], torch.stack(values), atol=1e-4)
    np.testing.assert_allclose(np.log10(made.frame["float32_all"]), torch.stack(expected["log10_all"]), atol=1e-2)
    assert made.product.device == "cpu"


def test_images_and_seeds_differ(small):
    rows = [small.made(f"ta-T4-step2-s{seed}-sensitivity").frame["log10_all"] for seed in (0, 1)]
    assert all(row.nunique() == IMAGES for row in rows)
    assert (rows[0] - rows[1]).abs().min() > 1e-3
