"""A made-up run: real members in a real plan, so that identities are the code's own; answers that are given."""

from pathlib import Path
from zlib import crc32

import numpy as np

from distillab.core.identity import TRIAL, ModelIdentity
from distillab.core.job import Member, Plan
from distillab.core.sidecar import Payload, Sidecar
from distillab.core.workspace import Workspace
from distillab.metrics.class_statistics import class_statistics
from distillab.metrics.scores import scores
from distillab.tables.results import Results

LABELS = {
    "train": [0, 1, 1, 2, 0, 3, 1, 0, 2, 1, 3, 1, 0, 1],
    "val": [2, 2, 0, 1, 3, 0, 2, 1],
    "test": [3, 0, 2, 1, 1, 2, 0, 2, 3, 2],
}
"""Splits differ in number, order and frequency of the classes."""


def log_of(probs):
    """Released log-probabilities, as files hold them."""
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(probs, np.float64)).astype(np.float32)


def answers(labels, right, name):
    """Log-probabilities that are right on ``right`` images; which ones, and every number, is the name's own."""
    rng, rows = np.random.default_rng(crc32(name.encode())), np.arange(len(labels))
    classes = max(LABELS["train"]) + 1
    said, wrong = labels.copy(), rng.permutation(rows)[right:]
    said[wrong] = (labels[wrong] + 1) % classes
    probs = rng.dirichlet(np.full(classes, 2.0), size=len(labels))
    top = probs.argmax(axis=1)
    probs[rows, top], probs[rows, said] = probs[rows, said], probs[rows, top]
    return log_of(probs)


def means(labels, *, queries="all", answers="probabilities", data="", seeds=range(8), control_seeds=()):
    """What a plan tells of a thief; without ``control_seeds`` its controls have those of its cells."""
    return {"labels": labels, "queries": queries, "answers": answers, "data": data, "seeds": [*seeds],
            "control_seeds": [*(control_seeds or seeds)]}  # fmt: skip


def deciding(*looks, margin=0.01, alpha=0.05, headline=None):
    """What a plan tells of decisions."""
    nothing = {"thieves": [], "defenses": [], "attacks": [], "seeds": []}
    return {"looks": [*looks], "margin": margin, "alpha": alpha, "headline": nothing | (headline or {})}


class MadeUp(Results):
    """A `Results` without files: models join it one by one, each with what it says.

    What a model says of a split is the number of images it is right on, or its probabilities.
    """

    def __init__(self, defenses=(), knockoffs=("kd",), *, labels=LABELS, powers=(0.0, 0.5, 1.0, 2.0), **facts):
        defenses = defenses if isinstance(defenses, dict) else {key: {"name": key} for key in defenses}
        known = {
            "defenses": {
                key: {"label": key.upper(), "grade": f"of {key}", "kind": "unprotected" if key == "ce" else "other"}
                for key in defenses
            },
            "thieves": {"paper": means("all", queries="labeled")},
            "decide": deciding(),
            "knockoffs": {
                key: {"label": key.upper(), "grade": f"of {key}", "in_paper": key != "extra"} for key in knockoffs
            },
        }
        params = {"defenses": defenses}
        plan = Plan(
            preset="made", params=params, members={}, jobs=(), studies={}, facts={"params": params} | known | facts
        )
        super().__init__(Workspace(Path("nowhere"), plan))
        self.labels = {split: np.array(values, np.int64) for split, values in labels.items()}
        self.powers, self.said, self.sidecars, self.missing = powers, {}, {}, {}

    def sidecar(self, member_id):
        return self.sidecars[member_id]

    def make(self, stage, member_id, *, seed=0, axes=None, spec=None, parents=None, results=None, run=None, **more):
        """Any member, with the sidecar it would leave; ``environment`` and ``path`` may be given."""
        environment = more.pop("environment", {})
        member = Member(
            stage=stage, id=member_id, axes=axes or {}, spec=spec or {}, seed=seed, parents=parents or {}, code="c",
            key=f"key of {member_id}", **({"path": f"results/made/{member_id}.safetensors"} | more),
        )  # fmt: skip
        self.workspace.plan.members[member_id] = member
        self.sidecars[member_id] = Sidecar(
            stage=stage, id=member_id, key=member.key, spec=member.spec, code="c", parents={},
            payload=Payload(bytes=0, blake2b=""), environment=environment, results=results or {}, run=run or {},
        )  # fmt: skip
        self.forget()
        return member

    def forget(self):
        """What was said of fewer members, or of more of them being there."""
        for cached in ("asked", "planned", "trained", "runs", "_by_id"):
            self.__dict__.pop(cached, None)

    def teacher(self, defense, *, seed=0, net="wide", parents=None, **said):
        """The teacher of a defense."""
        model = ModelIdentity(role="teacher", arch=net, seed=seed, defense=defense)
        return self._trained("teach", model, parents=parents or {}, **said)

    def ls_student(self, smoothing, *, seed=0, net="thin", thief="paper", role="ls_student", **said):
        """A student that learned with label smoothing and from nobody, or the other control of a thief."""
        model = ModelIdentity(role=role, arch=net, seed=seed, label_smoothing=smoothing, thief=thief)
        return self._trained("baseline", model, spec={"label_smoothing": smoothing}, **said)

    def knockoff(
        self, attack, teacher, *, net="thin", thief="paper", responses="cached", queries=40, parents=None, **said
    ):
        """A student that learned from a teacher's answers; ``attack`` may be that of a trial."""
        attack, _, trial = attack.partition(TRIAL)
        return self._trained(
            "knockoff", ModelIdentity(role="knockoff", arch=net, seed=teacher.seed, defense=teacher.defense,
                                      teacher=teacher.model, attack=attack, trial=int(trial) if trial else None,
                                      thief=thief),
            spec={"attack": {"responses": responses}}, parents={"teacher": teacher.member.id} | (parents or {}),
            results={"queries": queries}, **said,
        )  # fmt: skip

    def step(self, chain, *, temperature, step, seed=0, net="wide", source=None, **said):
        """A step of a distillation chain; ``source`` is whose soft labels it learned from."""
        first = {} if source is None else {"defense": source.defense, "teacher": source.teacher or source.model}
        first = first if first.get("defense") else {}
        model = ModelIdentity(
            role="chain", arch=net, seed=seed, chain=chain, temperature=temperature, step=step, **first
        )
        parents = {}
        if source is not None:
            labels = {"part": "labels", "temperature": temperature}
            name, of_source = f"{chain}-T{temperature:g}-step{step - 1}-s{seed}-labels", {"model": source.member.id}
            before = model.axes | {"step": str(step - 1)}
            self.make("distill", name, seed=seed, axes=before, spec=labels, parents=of_source)
            parents = {"soft_labels": name}
        return self._trained(
            "distill", model, parents=parents,
            spec={"part": "weights", "temperature": temperature, "step": step}, **said,
        )  # fmt: skip

    def _trained(self, stage, model, *, spec=None, results=None, history=(), parameters=1, run=None, **said):
        parents = said.pop("parents", None)
        made = {"parameters": parameters, "history": list(history)} | (results or {})
        member = self.make(
            stage, model.member_id, seed=model.seed, axes=model.axes,
            spec=(spec or {}) | {"model": {"name": model.arch}}, parents=parents, results=made, run=run, model=model,
        )  # fmt: skip
        self.said[member.id] = {
            split: self._said(said.get(split, len(labels) // 2), split, member.id)
            for split, labels in self.labels.items()
        }
        return self.run_of(member.id)

    def log_probs(self, model_id, split):
        return self.said[model_id][split]

    def predicted(self, model_id, split):
        return self.log_probs(model_id, split).argmax(axis=1)

    def scores(self, model_id):
        return scores(self.log_probs(model_id, "test"), self.labels["test"])

    def measured(self, _model_id):
        """Every split: a teacher that was trained here."""
        return "train", "test"

    def statistics(self, model_id, split):
        order = np.argsort(self.labels[split], kind="stable")
        return class_statistics([self.log_probs(model_id, split)[order]], self.labels[split][order], self.powers)

    def _said(self, said, split, member_id):
        return answers(self.labels[split], said, f"{member_id} {split}") if np.ndim(said) == 0 else log_of(said)
