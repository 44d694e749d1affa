"""Attack any torch network with adversarial examples."""

from dataclasses import dataclass

import torch
from torch import nn

from distillab.api.checks import require_device, require_pairs, require_targets
from distillab.api.given import method_of
from distillab.api.settings import own_settings
from distillab.attacks import ATTACKS
from distillab.core.seeds import derive
from distillab.core.shapes import Images, Labels
from distillab.evaluate.checks import require_logits
from distillab.evaluate.run_attack import AttackTable, run_attack
from distillab.evaluate.targets import random_targets
from distillab.metrics.intervals import Estimate, wilson
from distillab.models.modes import frozen
from distillab.specs.attack import AttackSpec


@dataclass(frozen=True)
class AttackedModel(AttackTable):
    """What an attack did, image by image, on the CPU; distances in pixel units, pixels being in [0, 1]."""

    x_adv: Images
    """The images (n, c, h, w), the adversarial ones in the places of those that were turned."""
    randomized_forward: bool
    """Whether two forward passes on the same images differed: verdicts are then noisy."""
    spec: AttackSpec
    """The attack with every parameter."""

    @property
    def clean_accuracy(self) -> Estimate:
        """Share of images that the model classifies correctly, in [0, 1], with its 95 % interval over images."""
        return wilson(int(self.correct.sum()), len(self.correct))

    @property
    def robust_accuracy(self) -> Estimate:
        """Share of all images that are classified correctly and were not turned, with its 95 % interval."""
        return wilson(int((self.correct & ~self.success).sum()), len(self.correct))

    @property
    def success_rate(self) -> Estimate:
        """Share of the initially correct images that were turned, with its 95 % interval.

        Raises:
            ContractError: the model classified none correctly.
        """
        return wilson(int(self.success.sum()), int(self.correct.sum()))


@own_settings()
def attack_model(
    model: nn.Module,
    images: Images,
    labels: Labels,
    method: str | AttackSpec = "pgd",
    *,
    targets: Labels | None = None,
    source: nn.Module | None = None,
    seed: int = 0,
    **parameters: object,
) -> AttackedModel:
    """What an attack finds on the images that a model classifies correctly, recomputed from the images found.

    The model is put into evaluation mode with frozen parameters, and is afterwards as it was. No decision about one
    image looks at another, and the global generators stay as they were.

    Args:
        model: images (n, c, h, w) in [0, 1] to logits (n, k), on the device of the images and in their precision;
            normalization is its first layer.
        images: floating point (n, c, h, w) in [0, 1].
        labels: int64 (n,), classes from 0.
        method: name of an attack of `distillab.attacks.ATTACKS`, e.g. ``pgd``, ``carlini_wagner_l2``, ``autoattack``,
            or its spec.
        targets: int64 (n,), a wrong class to reach for each image; by default any.
        source: network that is attacked in the model's stead; what fools it is then tried on the model.
        seed: of the attack's noise, which is drawn per image, by its place.
        parameters: of the attack, e.g. ``eps`` and ``step_size`` in pixel units.

    Raises:
        SpecError: there is no such attack, or a parameter is missing, unknown or out of range.
        ContractError: these are no images, labels or logits, or the model's logits have no gradient.

    Reference: each attack's class names its paper.
    """
    spec = method_of(ATTACKS, method, parameters, where="attack_model")
    require_pairs(images, labels, "images")
    require_device(labels, images, "labels")
    require_targets(targets, labels)
    n = min(spec.images or len(images), len(images))
    ids = range(n)
    if targets is None and spec.target == "random":
        targets = random_targets(labels[:n], labels.new_tensor(ids), _classes(model, images), derive(seed, "attack"))
    record = run_attack(
        model, images, labels, ids, spec=spec, seed=derive(seed, "attack"), y_target=targets, keep=n, source=source
    )
    x_adv = images[:n].detach().cpu().clone()
    x_adv[record.success] = record.kept
    table = {name: getattr(record, name) for name in AttackTable.__dataclass_fields__}
    return AttackedModel(**table, x_adv=x_adv, randomized_forward=record.randomized_forward, spec=spec)


def _classes(model: nn.Module, images: Images) -> int:
    with frozen(model), torch.no_grad():
        logits = model(images[:1].clone())
    require_logits(logits, 1)
    return int(logits.shape[1])
