"""The figure of what each distillation keeps of a robust teacher."""

from math import nan

import pytest

from distillab.reporting import survival_views

SPECS = {"params": {"defenses": {"madry": {"name": "madry", "eps": 0.3}}}}


def worst(model, kept, *, seed=0, norm="linf", eps=0.3, chain="", temperature=nan, step=-1, n=100):
    role = "chain" if chain else "teacher"
    return {"model": model, "role": role, "defense": "madry", "arch": "net", "chain": chain,
            "temperature": temperature, "step": step, "seed": seed, "norm": norm, "eps": eps, "attacks": 1, "n": n,
            "clean_accuracy": 0.9, "robust_accuracy": kept, "robust_low": kept, "robust_high": kept,
            "best_single": kept, "boundary": 0.9 - kept, "transfer_wins": False, "missing": 0}  # fmt: skip


@pytest.fixture
def read(tables_of, teacher):
    """A robust teacher, two steps of a chain from it at two temperatures, and a chain that trained its own."""
    rows = [worst("madry-net", 0.75), worst("madry-net", 0.875, norm="l2", eps=0.5, n=50)]
    rows += [worst(f"left-T{t}-step{s}", 0.75 - 0.25 * s + 0.0625 * (t > 1), chain="left", temperature=float(t), step=s)
             for t in (1, 5) for s in (1, 2)]  # fmt: skip
    rows += [worst("ta-T1-step0", 0.5, chain="ta", temperature=1.0, step=0) | {"defense": ""}]
    models = [teacher("madry", "Madry", teacher="")]
    models += [teacher("madry", "Madry") | {key: row[key] for key in ("model", "role", "defense", "chain", "step")}
               | {"teacher": "madry-net" if row["chain"] == "left" else ""}
               for row in rows if row["chain"]]  # fmt: skip
    return tables_of(SPECS, models=models, worst=rows)


def test_a_line_begins_at_the_teacher_whatever_the_temperature(read):
    frame = read["worst"]
    lines = survival_views._lines(read, frame[frame["norm"] == "linf"], {"left": "madry-net"})
    assert {name: list(line["robust_accuracy"]) for name, line in lines.items()} == {
        "Madry (left), T = 1": [0.75, 0.5, 0.25],
        "Madry (left), T = 5": [0.75, 0.5625, 0.3125],
    }
    assert all(list(line["step"]) == [0, 1, 2] for line in lines.values())


def test_the_figure_is_about_the_budget_of_the_training(read):
    drawn = survival_views.survival_figure(read, survival_views.survivals(read)).text
    assert "at L∞, eps 0.3" in drawn
    assert "n = 100 images" in drawn
    assert "ta" not in survival_views._lines(read, read["worst"], {"left": "madry-net"})


def test_without_such_a_chain_there_is_no_figure(tables_of, teacher):
    read = tables_of(SPECS, models=[teacher("madry")], worst=[worst("madry-net", 0.75)])
    assert survival_views.survival_figure(read, survival_views.survivals(read)).text == ""
