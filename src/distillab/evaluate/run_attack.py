"""Attack a model and check everything that the attack claims."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from distillab.attacks.goal import Goal
from distillab.attacks.precision import rounding
from distillab.attacks.projections import NORMS
from distillab.attacks.result import AttackResult, LogitsFn
from distillab.attacks.rows import Rows
from distillab.core.errors import ContractError
from distillab.core.generators import ExampleNoise
from distillab.core.registry import name_of
from distillab.core.shapes import Flags, Images, Labels, PerExample
from distillab.evaluate.checks import (
    exact_difference,
    is_randomized,
    require_images,
    require_labels,
    require_logits,
    require_model,
)
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.margins import is_adversarial
from distillab.models.modes import frozen
from distillab.specs.attack import AttackSpec


@dataclass(frozen=True)
class AttackTable:
    """One row per image, on the CPU; images that the model misclassifies anyway are listed, but not attacked."""

    id: Int[Tensor, "n"]
    label: Labels
    label_clean: Labels
    """What the model says about the image."""
    label_adv: Labels
    """What it says about the adversarial image, or about the image where there is none."""
    correct: Flags
    zero_gradient: Flags
    """Whether cross-entropy's gradient is exactly zero at the image: attacks on it then fail for numerical reasons."""
    success: Flags
    distance: PerExample
    """In the attack's own norm; inf where the attack failed, nan where the image was not attacked."""
    l0: PerExample
    """Changed pixels; this and the next three are nan where there is no success."""
    l1: PerExample
    l2: PerExample
    linf: PerExample
    forwards: Int[Tensor, "n"]
    """The attack's own forward passes of the example; checks are not counted."""
    backwards: Int[Tensor, "n"]
    at_limit: Flags
    """Whether the attack's step limit stopped its search before it came to rest."""

    def columns(self) -> dict[str, np.ndarray]:
        """The table as arrays, by column name."""
        return {field.name: getattr(self, field.name).numpy() for field in fields(AttackTable)}


@dataclass(frozen=True)
class AttackRecord(AttackTable):
    """The table, a few adversarial images, and what casts doubt on them."""

    kept_ids: Int[Tensor, "m"]
    kept: Float[Tensor, "m c h w"]
    """The adversarial images of the first successes."""
    randomized_forward: bool
    """Whether two forward passes on the same images differed: gradients and verdicts are then noisy."""

    @property
    def zero_gradient_share(self) -> float:
        """Share of the attacked images at which cross-entropy's gradient is exactly zero; nan if none was attacked."""
        return float(self.zero_gradient[self.correct].double().mean())


def run_attack(  # noqa: PLR0913 - an attack is this many things
    model: nn.Module,
    x: Images,
    y: Labels,
    ids: Sequence[int],
    *,
    spec: AttackSpec,
    seed: int,
    y_target: Labels | None = None,
    keep: int = 8,
    source: nn.Module | None = None,
) -> AttackRecord:
    """Attack the images that the model classifies correctly; what it reports is recomputed from the images found.

    The model is in evaluation mode and its parameters are frozen while it is attacked. No decision about an example
    looks at another: its result depends on its id, the seed and the spec. ``spec.batch_size``, the examples that
    share its batch, and the processor may move the last bits.

    Args:
        model: images in [0, 1] to logits, on the device of ``x``; wrap it to attack logits over a temperature.
        x: images, of which ``spec.images`` are used.
        y: their labels.
        ids: one number per image, which names its noise and its row.
        spec: the attack.
        seed: root of the attack's noise.
        y_target: the classes to reach, each other than the label, instead of any wrong one.
        keep: number of adversarial images to keep.
        source: the network that is attacked in the model's stead; the points that it leads to are tried on the model.

    Raises:
        ContractError: images or adversarial images out of [0, 1] or not finite; labels that are no classes of the
            model; a model whose output is no logits, not finite or not differentiable, or that uses the statistics of
            its batch; a target that is the label; a perturbation over budget; a failure with a changed image.
    """
    n = min(spec.images or len(x), len(x))
    numbers = torch.tensor(list(ids)[:n], dtype=torch.int64, device=x.device)
    batch = _Batch(numbers, x[:n].detach(), y[:n], None if y_target is None else y_target[:n])
    _require_batch(batch)
    for network in (model, source or model):
        require_model(network, batch.x)
    tables, kept = [], []
    attack = spec.run if source is None else spec.carried
    source = source or model
    with frozen(model), frozen(source):
        randomized = is_randomized(model, batch.x[: spec.batch_size])
        for rows in torch.split(torch.arange(n, device=x.device), spec.batch_size):
            table, x_adv = _attack_batch(model, partial(attack, source), batch.take(rows), spec, seed)
            tables.append(table)
            kept.append(x_adv[table["success"]][:keep])
    columns = {name: torch.cat([table[name] for table in tables]).cpu() for name in tables[0]}
    return AttackRecord(
        **columns,
        kept_ids=columns["id"][columns["success"]][:keep],
        kept=torch.cat(kept)[:keep].cpu(),
        randomized_forward=randomized,
    )


@dataclass(frozen=True)
class _Batch(Rows):
    id: Int[Tensor, "n"]
    x: Images
    y: Labels
    y_target: Labels | None


def _attack_batch(
    logits_fn: LogitsFn, attack: Callable[..., AttackResult], batch: _Batch, spec: AttackSpec, seed: int
) -> tuple[dict[str, Tensor], Images]:
    """The columns of an ``AttackTable``, and the images with the adversarial ones in their places."""
    x = batch.x.detach().clone().requires_grad_()
    logits = logits_fn(x)
    require_logits(logits, len(x))
    for what, classes in (("labels", batch.y), ("targets", batch.y_target)):
        if classes is not None:
            require_labels(classes, what, logits.shape[1])
    if not logits.requires_grad:
        raise ContractError("the model's logits have no gradient", do="compute them without no_grad and detach")
    (gradient,) = torch.autograd.grad(cross_entropy(logits, batch.y).sum(), x)
    label_clean = logits.argmax(dim=1)
    correct = label_clean == batch.y
    nothing = exact_difference(x, x).detach().new_full((len(x),), torch.nan)
    columns = {
        "id": batch.id,
        "label": batch.y,
        "label_clean": label_clean,
        "label_adv": label_clean.clone(),
        "correct": correct,
        "zero_gradient": (gradient == 0).flatten(1).all(dim=1),
        "success": torch.zeros_like(correct),
        "distance": nothing,
        **{norm: nothing.clone() for norm in NORMS},
        "forwards": torch.zeros_like(batch.id),
        "backwards": torch.zeros_like(batch.id),
        "at_limit": torch.zeros_like(correct),
    }
    x_adv = batch.x.clone()
    rows = correct.nonzero().squeeze(1)
    if len(rows):
        attacked = batch.take(rows)
        noise = ExampleNoise(seed, tuple(attacked.id.tolist()))
        result = attack(attacked.x, attacked.y, noise=noise, y_target=attacked.y_target)
        x_adv[rows], found = _verify(logits_fn, attacked, result, spec)
        for name, values in found.items():
            columns[name][rows] = values
    return columns, x_adv


def _verify(
    logits_fn: LogitsFn, batch: _Batch, result: AttackResult, spec: AttackSpec
) -> tuple[Images, dict[str, Tensor]]:
    """The images that really are adversarial, with the others as they were, and the columns recomputed from them."""
    where = f"attack {name_of(type(spec))}"
    require_images(result.x_adv, where, slack=rounding(batch.x))
    if not torch.equal(result.x_adv[~result.success], batch.x[~result.success]):
        raise ContractError("a failure has a changed image", where=where, expected="x_adv equal to x")
    with torch.no_grad():
        x_adv = result.x_adv.clamp(0, 1)
        logits = logits_fn(x_adv)
        require_logits(logits, len(x_adv))
        margin = Goal.of(batch.y, batch.y_target).margin(logits)
        success = result.success & is_adversarial(margin, spec.required_margin)
        x_adv = torch.where(success[:, None, None, None], x_adv, batch.x)
        delta = exact_difference(x_adv, batch.x)
        norms = {name: norm(delta).where(success, torch.nan) for name, norm in NORMS.items()}
        distance = norms[spec.norm].where(success, torch.inf)
    farthest = float(norms[spec.norm].nan_to_num(0.0).max())
    slack = rounding(batch.x, spec.norm)
    if farthest > spec.max_distance * (1 + slack) + slack:
        raise ContractError("over budget", where=where, expected=f"at most {spec.max_distance}", got=f"{farthest}")
    return x_adv, {
        "label_adv": logits.argmax(dim=1).where(success, batch.y),
        "success": success,
        "distance": distance,
        **norms,
        "forwards": result.forwards,
        "backwards": result.backwards,
        "at_limit": result.at_limit,
    }


def _require_batch(batch: _Batch) -> None:
    sizes = {
        len(values) for values in (batch.id, batch.x, batch.y, batch.y if batch.y_target is None else batch.y_target)
    }
    if len(sizes) != 1 or 0 in sizes:
        raise ContractError(
            "images, labels, ids and targets do not match", expected="one of each", got=f"{sorted(sizes)}"
        )
    require_images(batch.x, "attacked images")
    require_labels(batch.y, "labels")
    if batch.y_target is not None:
        require_labels(batch.y_target, "targets")
        if bool((batch.y_target == batch.y).any()):
            raise ContractError("a target class is the label", expected="a wrong class for each image")
