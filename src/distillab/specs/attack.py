"""What an adversarial attack's spec must offer; the attacks themselves live in ``distillab.attacks``."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from distillab.core.bounds import BatchSize, ImageCount
from distillab.core.identity import Family
from distillab.specs.base import CHOOSING, MethodSpec

if TYPE_CHECKING:
    from distillab.attacks.result import AttackResult, LogitsFn
    from distillab.core.generators import ExampleNoise
    from distillab.core.shapes import Images, Labels

Norm = Literal["l0", "l2", "linf"]
"""How a perturbation is measured; ``l0`` counts pixels, not channels."""

Budget = Literal["ci", "default", "paper"]
"""How much an attack may spend: minutes on a laptop, a fair attempt, or what its paper spent."""


Mode = Literal["strict", "fast"]
"""Whether a C&W attack makes the published steps, or finds the same kind of point in fewer passes."""


class AttackSpec(MethodSpec):
    """An attack on a classifier's logits: how hard it tries, and how its perturbations are measured."""

    kind: ClassVar[Literal["fixed_radius", "minimum_norm"]]
    """Whether it looks for any point within ``eps`` or for the closest one."""

    needs: ClassVar[Literal["gradients", "logits", "probs", "labels"]] = "gradients"
    """The most that it asks of the model."""

    randomized: ClassVar[bool] = False
    """True where the result depends on the seed."""

    norm: Norm = Field(description="Norm of the attack's own distance")
    images: ImageCount | None = Field(default=None, ge=1, description="Attack only this many first test images")
    batch_size: BatchSize = Field(default=240, ge=1, description="Images attacked together; moves last bits only")

    target: Literal["untargeted", "random"] = Field(
        default="untargeted", description="random: reach one wrong class per image, drawn uniformly from the seed"
    )
    families: tuple[Family, ...] | None = Field(
        default=None, json_schema_extra=CHOOSING, description="Models that it is run on, instead of robustness.families"
    )

    rescaled: bool = Field(
        default=True,
        json_schema_extra=CHOOSING,
        description="On models trained at a temperature T, also attack logits over T",
    )

    @property
    @abstractmethod
    def passes(self) -> int:
        """The most forward and backward passes that one image can cost."""

    @property
    def max_distance(self) -> float:
        """The largest distance a perturbation may have, in the attack's own norm; inf where it has no radius."""
        return float("inf")

    @property
    def required_margin(self) -> float:
        """By how many logits an adversarial class must win for the attack to call it a success."""
        return 0.0

    @abstractmethod
    def run(
        self,
        logits_fn: "LogitsFn",
        x: "Images",
        y: "Labels",
        *,
        noise: "ExampleNoise",
        y_target: "Labels | None" = None,
    ) -> "AttackResult":
        """Attack correctly classified images; only ``distillab.evaluate.run_attack`` and training loops call this.

        Pure: ``x``, the model and the global generators stay as they were. No decision about an example looks at
        another; which ones there are, and how many, may move the last bits of its result.

        Args:
            logits_fn: differentiable map from images to logits, already in evaluation mode with frozen parameters.
            x: images in [0, 1].
            y: their labels, which the attack wants to leave.
            noise: the only source of randomness.
            y_target: the classes that it wants to reach instead of any but ``y``.
        """

    def carried(
        self,
        logits_fn: "LogitsFn",
        x: "Images",
        y: "Labels",
        *,
        noise: "ExampleNoise",
        y_target: "Labels | None" = None,
    ) -> "AttackResult":
        """The points of an attack on this network that are tried on another one; the arguments are those of ``run``.

        FGSM, BIM and PGD have one for every image, where the ascent ends, whatever this network says of it: one that is
        not fooled may well lead to what fools another. Other attacks have one only where they fool this network.
        """
        return self.run(logits_fn, x, y, noise=noise, y_target=y_target)
