"""A made-up run: models and what was asked of them, in memory. Members and model runs are real, frames are given.

Tests give every seed, attack, view, norm and step numbers of its own, so that none can stand in for another.
"""

from math import inf, nan, sqrt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from distillab.core.identity import ModelIdentity
from distillab.core.job import Member
from distillab.metrics.scores import scores
from distillab.tables.results import Results

Z = 1.959963984540054
"""Of a two-sided 95 % interval."""

T2 = 4.302652729911275
"""The same of Student's t with two degrees of freedom: three seeds."""


def method(norm, *, eps=None, targeted=False, label="", passes=1, **settings):
    """An attack of the plan: what its spec says, and what reports say of it."""
    spec = {"norm": norm} | ({} if eps is None else {"eps": eps}) | settings
    kind = "minimum_norm" if eps is None else "fixed_radius"
    return spec, {"norm": norm, "kind": kind, "targeted": targeted, "label": label, "passes": passes}


def struck(distances, **columns):
    """One row per image id: the distance found, inf for a failure, None for an image that is misclassified."""
    correct = [distance is not None for distance in distances.values()]
    found = [inf if distance is None else distance for distance in distances.values()]
    given = {"farthest": nan} | columns
    return pd.DataFrame({"id": list(distances), "correct": correct, "distance": found} | given)


def answers(right, confidence, labels):
    """Released log-probabilities of two classes: right on the first images, at a mean confidence."""
    p = confidence * len(labels) / right
    said = np.where(np.arange(len(labels)) < right, labels, 1 - labels)
    return {"test": np.log(np.where(np.arange(2) == said[:, None], p, 1 - p))}


def wilson_bounds(successes, n):
    """Wilson's 95 % interval of a share, in the form that solves the quadratic for the count."""
    center, spread = successes + Z**2 / 2, Z * sqrt(successes * (n - successes) / n + Z**2 / 4)
    return (center - spread) / (n + Z**2), (center + spread) / (n + Z**2)


def three_seeds(values, step=0.0):
    """Mean, and Student's 95 % interval, of one number from each of three seeds; spread at least by a step."""
    mean, half = sum(values) / 3, T2 * max(np.std(values, ddof=1), step) / sqrt(3)
    return mean, mean - half, mean + half


def assert_row(row, expected):
    """Every column of a row, numbers up to rounding; a failure names the columns: what is there, and what belongs."""
    assert row.keys() == expected.keys(), row.keys() ^ expected.keys()
    wrong = {
        name: (row[name], value) for name, value in expected.items() if row[name] != pytest.approx(value, nan_ok=True)
    }
    assert not wrong, wrong


class AttackedRun(Results):
    """`Results` whose members are added one by one, each with its frame, and whose files are never read."""

    def __init__(self, attacks=(), *, certifiers=(), defenses=(), shape=(1, 1, 2)):
        self.specs = {key: spec for key, (spec, _) in dict(attacks).items()}
        facts = {
            "data": {"shape": shape},
            "attacks": {key: said for key, (_, said) in dict(attacks).items()},
            "certifiers": dict(certifiers),
            "defenses": dict(defenses),
        }
        super().__init__(SimpleNamespace(plan=SimpleNamespace(members={}, facts=facts)))
        self.frames, self.sidecars, self.answers, self.missing = {}, {}, {}, {}

    def teacher(self, defense, *, seed=0, arch="net", after=None):
        """A defended teacher, as a cascade's network after another."""
        model, parents = ModelIdentity(role="teacher", arch=arch, seed=seed, defense=defense), {}
        if after:
            parents[after] = model.model_copy(update={"defense": after}).member_id
        return self._train("teach", model, {"model": {"name": arch}, "defense": {"after": after}}, parents)

    def step(self, temperature, step, *, seed=0, chain="ta", arch="net", teacher=""):
        """A network of a chain, learning from a defended teacher where one is named."""
        parents, spec = {}, {"model": {"name": arch}, "part": "weights", "temperature": temperature, "step": step}
        if teacher:
            asked = {"axes": {}, "spec": {"part": "labels"}, "parents": {"model": teacher}}
            parents["soft_labels"] = self._add("distill", f"{teacher}-labels", seed=seed, **asked)
        first = self.workspace.plan.members[teacher].model if teacher else None
        model = ModelIdentity(
            role="chain", arch=arch, seed=seed, chain=chain, temperature=temperature, step=step,
            defense=first.defense if first else "", teacher=first.name if first else "",
        )  # fmt: skip
        return self._train("distill", model, spec, parents)

    def attack(self, model, key, frame, *, logits="raw", source="", **flags):
        """An attack on a model, carried over from a source where one is named."""
        name, axes = f"{key}-{logits}".removesuffix("-raw"), {"attack": key, "logits": logits}
        parents = {"source": source} if source else {}
        asked = self._ask("attack", model, name, frame, axes=axes, spec={"attack": self.specs[key]}, parents=parents)
        self.sidecars[asked] = SimpleNamespace(results={"zero_gradient": nan, "randomized_forward": False} | flags)

    def slopes(self, model, frame):
        """Jacobian amplitudes of a model."""
        self._ask("sensitivity", model, "sensitivity", frame)

    def certify(self, model, key, frame, *, norm="linf", as_published=None, **cost):
        """Certificates of a model, with what they cost."""
        axes, eps = {"family": "teachers", "certifier": key}, frame["eps"].unique().tolist()
        spec = {"certifier": {"name": key, "norm": norm, "as_published": as_published}, "eps": eps}
        asked = self._ask("certify", model, f"certify-{key}", frame, axes=axes, spec=spec)
        self.sidecars[asked] = SimpleNamespace(run=cost)

    def attacked(self, member):
        return self.frames[member.id]

    certified = sensitivity = pictured = attacked

    def sidecar(self, member_id):
        return self.sidecars[member_id]

    def predicted(self, model_id, split):
        return self.answers[model_id][split].argmax(axis=1)

    def scores(self, model_id):
        return scores(self.answers[model_id]["test"], self.labels["test"])

    def _ask(self, stage, model, name, frame, *, axes=None, spec=None, parents=None):
        made = self._add(
            stage,
            f"{model}-{name}",
            axes=axes or {},
            spec=spec or {},
            seed=self.workspace.plan.members[model].seed,
            parents={"model": model} | (parents or {}),
        )
        self.frames[made] = frame
        return made

    def _train(self, stage, model, spec, parents):
        return self._add(
            stage, model.member_id, axes=model.axes, spec=spec, seed=model.seed, parents=parents, model=model
        )

    def _add(self, stage, name, **parts):
        self.workspace.plan.members[name] = Member(stage=stage, id=name, code="", key=name, path=name, **parts)
        return name
