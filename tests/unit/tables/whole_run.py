"""A made-up run that fills every table, from which tests take members away."""

from zlib import crc32

import numpy as np
import pandas as pd
from attacked_run import method
from certified_run import certifier
from made_run import MadeUp, deciding, means

SEEDS, MORE_SEEDS = (0, 1), (0, 1, 2)
THIEVES = {
    "paper": means("all", queries="labeled", seeds=SEEDS, control_seeds=MORE_SEEDS), "poor": means(6, seeds=MORE_SEEDS),
}  # fmt: skip
IMAGES = np.array([4, 9, 2, 7, 5])
OMEGAS = {"cmim": 1, "cmim_a": 2, "cmim_b": 3}
DEFENSES = {key: {"name": key} for key in ("ce", "label_only", "wk", "wk2")}
DEFENSES |= {key: {"name": "cmim", "omega": omega, "n_powers": 4} for key, omega in OMEGAS.items()}
ATTACKS = {
    "cw": method("l2", label="CW", passes=9), "df": method("l2", label="DF", passes=3),
    "pgd": method("linf", eps=1.5, label="PGD", passes=5),
}  # fmt: skip
DATA = {"title": "Made", "standin": "", "shape": (1, 1, 2), "classes": 4, "license": "free", "source": "web",
        "split_rule": "none"}  # fmt: skip

STATISTICS = {}
"""Split and answers to the statistics of their classes."""


class Whole(MadeUp):
    """`MadeUp` with answers that are members, and with attacks, certificates and slopes."""

    def __init__(self):
        certifiers = {key: certifier(key, key) for key in ("ibp", "crown")}
        super().__init__(
            DEFENSES, ("kd", "mkd", "avg", "extra"), data=DATA, certifiers=certifiers,
            attacks={key: said for key, (_, said) in ATTACKS.items()}, thieves=THIEVES, decide=deciding(4, 8),
        )  # fmt: skip
        self.workspace.plan.facts["defenses"]["label_only"]["kind"] = "perturbed"
        self.frames = {}
        counts = {split: len(labels) for split, labels in self.labels.items()}
        self.workspace.plan.params["seeds"] = list(SEEDS)
        self.make("prepare", "data-images", results={"class_names": ["a", "b", "c", "d"]})
        self.make("prepare", "data-split", results={"counts": counts})

    def make(self, stage, member_id, *, run=None, **more):
        return super().make(stage, member_id, run=run or {"seconds": 1.0}, **more)

    def attacked(self, member):
        return self.frames[member.id]

    certified = sensitivity = pictured = attacked

    def statistics(self, model_id, split):
        """Of the same answers computed once: every run without a member has the same answers."""
        key = split, self.log_probs(model_id, split).tobytes()
        if key not in STATISTICS:
            STATISTICS[key] = super().statistics(model_id, split)
        return STATISTICS[key]

    def without(self, *member_ids):
        """Itself, with these members not there."""
        self.missing = dict.fromkeys(member_ids, "killed")
        self.forget()
        return self

    def ask(self, stage, model, name, frame, *, axes, spec, source=None, **made):
        """A question to a model."""
        parents = {"model": model.member.id} | ({"source": source.member.id} if source else {})
        member = self.make(
            stage, f"{model.member.id}-{name}", seed=model.seed, axes=axes, spec=spec, parents=parents, **made
        )
        self.frames[member.id] = frame

    def attack(self, run, key, *, logits="raw", source=None):
        """An attack, with numbers of its own."""
        name = f"{key}-{logits}"
        self.ask(
            "attack", run, name, struck(f"{run.member.id}-{name}"), axes={"attack": key, "logits": logits},
            spec={"attack": ATTACKS[key][0]}, source=source,
            results={"zero_gradient": 0.0, "randomized_forward": False},
        )  # fmt: skip

    def certify(self, run, key):
        """Certificates at two radii."""
        axes, spec = {"family": "teachers", "certifier": key}, {"certifier": {"norm": "linf"}, "eps": [0.05, 0.1]}
        cost = {"seconds": 1.0, "seconds_per_image": [0.5, 0.25], "peak_memory": 7}
        frame = certified(f"{run.member.id}-{key}")
        self.ask("certify", run, f"certify-{key}", frame, axes=axes, spec=spec, run=cost)

    def _trained(self, stage, model, **said):
        history = [] if model.name == "label_only-wide" else [{"loss": float(len(model.name))}]
        run = super()._trained(stage, model, history=history, **said)
        self.make("measure", f"{run.member.id}-measure", seed=run.seed, parents={"model": run.member.id})
        return self.run_of(run.member.id)


def whole_run():
    """Seven teachers, of which two make a cascade; knockoffs of two students; a chain; two seeds of everything.

    And a thief with few labels, who steals from two of the teachers; of it, of the controls and of one cell three.
    """
    made = Whole()
    for seed in MORE_SEEDS:
        for share in (0.1, 0.3):
            for net in ("thin", "slim"):
                made.ls_student(share, seed=seed, net=net, val=6 if share < 0.2 else 2 + 3 * (seed % 2), test=4 + seed)
    for seed in SEEDS:
        teachers = {}
        for key in DEFENSES:
            after = {"wk2": "wk"}.get(key)
            parents = (
                {after: f"{after}-wide-s{seed}"} if after else {"ce": f"ce-wide-s{seed}"} if key == "label_only" else {}
            )
            teachers[key] = made.teacher(key, seed=seed, spec={"defense": {"after": after}}, parents=parents, test=7)
        for key in ("ce", "label_only", "cmim"):
            for attack, net in (
                ("kd", "thin"),
                ("kd_trial0", "thin"),
                ("mkd", "thin"),
                ("avg", "thin"),
                ("kd", "slim"),
            ):
                made.knockoff(attack, teachers[key], net=net, val=len(attack) - 2, test=5)
        for key in ("ce", "cmim"):
            for attack in ("cw", "df", "pgd"):
                made.attack(teachers[key], attack)
            made.attack(teachers[key], "pgd", logits="carried", source=teachers["label_only"])
        for key in ("ce", "wk", "wk2"):
            for asked in ("ibp", "crown"):
                made.certify(teachers[key], asked)
        _chain(made, seed)
    _poor(made)
    return made


def _poor(made):
    for seed in MORE_SEEDS:
        made.ls_student(0.1, seed=seed, thief="poor", test=1 + seed)
        made.ls_student(0.1, seed=seed, thief="poor", role="pseudo_student", test=2 + seed % 2)
        for key, attacks in {
            "ce": {"kd": 10, "mkd": 9},
            "label_only": {"kd": 9, "mkd": 8},
            "cmim": {"kd": 3 - seed, "mkd": 1 + seed},
        }.items():
            if seed not in SEEDS:
                made.teacher(key, seed=seed, spec={"defense": {"after": None}}, test=8)
            teacher = made.run_of(f"{key}-wide-s{seed}")
            for attack, right in attacks.items():
                made.knockoff(attack, teacher, thief="poor", queries=14, test=right)
    made.knockoff("kd", made.run_of("ce-wide-s2"), net="slim", val=0, test=6)


def _chain(made, seed):
    for temperature in (1.0, 4.0):
        before = None
        for step in (0, 1, 2):
            before = made.step("ta", temperature=temperature, step=step, seed=seed, source=before)
            for attack in ("cw", "df"):
                made.attack(before, attack)
            if not step:
                slopes = _random(before.member.id).normal(-9, 2, (len(IMAGES), 4))
                frame = pd.DataFrame(slopes, columns=["log10_all", "float32_all", "log10_logit", "margin"])
                made.ask("sensitivity", before, "sensitivity", frame, axes={}, spec={})


def struck(name):
    """Every image but the last is classified correctly; the first is kept for pictures."""
    rng, n = _random(name), len(IMAGES)
    distance = rng.uniform(1, 2, n)
    picture = np.zeros(2, np.float32).tobytes()
    return pd.DataFrame({
        "id": IMAGES, "correct": np.arange(n) < n - 1, "distance": np.where(np.arange(n) < n - 1, distance, np.inf),
        "farthest": 3.0, "l2": distance, "linf": distance, "label": 1, "label_clean": 1, "label_adv": 2,
        "forwards": 3, "backwards": 2, "x": [picture] * n, "x_adv": [picture] + [None] * (n - 1),
    })  # fmt: skip


def certified(name):
    """Verdicts at two radii, far below what attacks needed."""
    rng, n = _random(name), len(IMAGES)
    parts = [
        pd.DataFrame({
            "id": IMAGES, "label": np.arange(n) % 4, "predicted": np.arange(n) % 4, "eps": eps,
            "margin": rng.normal(size=n),
            "certified": sure, "certified_prediction": sure, "by": np.where(sure, "ibp", ""), "slack": False,
            "radius": np.nan,
        })
        for eps in (0.05, 0.1)
        for sure in (rng.random(n) < 0.6,)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _random(name):
    return np.random.default_rng(crc32(name.encode()))
