"""The table ``history``: one value per epoch and term."""

from distillab.tables import history


def test_every_term_of_every_epoch_of_every_training(made_up, same_row):
    found = made_up(("ce",))
    run = found.teacher("ce", seed=2, history=[{"loss": 3.0, "kl": 0.5}, {"loss": 2.0, "kl": 0.25}])
    found.knockoff("kd", run, history=[{"loss": 7.0}])
    rows = list(history.rows(found))
    teacher = {"model": "ce-wide", "role": "teacher", "seed": 2}
    expected = [
        teacher | {"epoch": 1, "term": "loss", "value": 3.0},
        teacher | {"epoch": 1, "term": "kl", "value": 0.5},
        teacher | {"epoch": 2, "term": "loss", "value": 2.0},
        teacher | {"epoch": 2, "term": "kl", "value": 0.25},
        {"model": "ce-wide--kd-thin", "role": "knockoff", "seed": 2, "epoch": 1, "term": "loss", "value": 7.0},
    ]
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        same_row(row, wanted)
