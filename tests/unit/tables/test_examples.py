"""Pictures of images and their adversarial neighbors."""

from math import inf

import numpy as np
from attacked_run import AttackedRun, method, struck

from distillab.tables import examples


def test_pictures_are_the_kept_images_in_the_layout_of_the_data():
    run = AttackedRun({"cw": method("l2")}, shape=(3, 1, 2))
    clean, adversarial = np.arange(6, dtype=np.float32) / 8, np.arange(6, dtype=np.float32) / 4
    frame = struck(
        {9: inf, 4: 0.75}, label=[1, 2], label_clean=[3, 4], label_adv=[5, 6],
        x=[None, clean.tobytes()], x_adv=[None, adversarial.tobytes()],
    )  # fmt: skip
    run.attack(run.step(4.0, 1, seed=7), "cw", frame, logits="rescaled")
    assert examples.rows(run) == [{
        "model": "ta-T4-step1", "attack": "cw", "logits": "rescaled", "seed": 7, "id": 4, "label": 2, "label_clean": 4,
        "label_adv": 6, "distance": 0.75, "norm": "l2", "height": 1, "width": 2, "channels": 3,
        "clean": [0, 0.125, 0.25, 0.375, 0.5, 0.625], "adversarial": [0, 0.25, 0.5, 0.75, 1, 1.25],
    }]  # fmt: skip
