"""The recipe of a training: optimizer, schedule, precision, threads, checkpoints."""

from typing import Annotated, Literal

from pydantic import Field

from distillab.core.bounds import BatchSize, Epochs, Factor, Rate, Threads
from distillab.specs.base import PASSING, Spec


class SGDSpec(Spec):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"
    lr: Rate = Field(default=0.1, gt=0, description="Initial learning rate")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="Momentum")
    nesterov: bool = Field(default=False, description="Nesterov's form of momentum")
    weight_decay: float = Field(default=5e-4, ge=0, le=1, description="Weight decay (L2)")


DecayRate = Annotated[float, Field(ge=0, lt=1)]
"""Share that a mean over steps keeps of itself in each."""


class AdamSpec(Spec):
    """Adam (Kingma & Ba 2015)."""

    name: Literal["adam"] = "adam"
    lr: Rate = Field(default=1e-3, gt=0, description="Initial learning rate")
    betas: tuple[DecayRate, DecayRate] = Field(default=(0.9, 0.999), description="Decay rates of the two moments")
    weight_decay: float = Field(default=0.0, ge=0, le=1, description="Weight decay (L2)")


class ConstantSpec(Spec):
    """The initial learning rate throughout."""

    name: Literal["constant"] = "constant"


class MilestonesSpec(Spec):
    """Multiply the learning rate by ``gamma`` at each milestone epoch."""

    name: Literal["milestones"] = "milestones"
    milestones: tuple[Annotated[Epochs, Field(ge=0)], ...] = Field(
        description="Epochs (counted from 0) at which the rate drops"
    )
    gamma: float = Field(default=0.1, gt=0, le=1, description="Factor at each milestone")


class CosineSpec(Spec):
    """Half a cosine from the initial learning rate to zero, per optimizer step."""

    name: Literal["cosine"] = "cosine"


class InverseSpec(Spec):
    """``lr / (1 + decay * step)``: Keras' ``decay``, as in the defensive distillation releases."""

    name: Literal["inverse"] = "inverse"
    decay: Factor = Field(default=1e-6, ge=0, description="Decay per optimizer step")


OptimizerSpec = Annotated[SGDSpec | AdamSpec, Field(discriminator="name")]
ScheduleSpec = Annotated[ConstantSpec | MilestonesSpec | CosineSpec | InverseSpec, Field(discriminator="name")]


class TrainSpec(Spec):
    """One training, whatever the method."""

    epochs: Epochs = Field(ge=1, description="Passes over the training split")
    batch_size: BatchSize = Field(default=128, ge=1, description="Images per optimizer step")
    optimizer: OptimizerSpec = Field(default=SGDSpec(), description="Optimizer and its initial rate")
    schedule: ScheduleSpec = Field(default=ConstantSpec(), description="Learning rate over time")
    warmup_epochs: Epochs = Field(default=0, ge=0, description="Epochs of linear warm-up from zero, per optimizer step")
    precision: Literal["float32", "tf32", "bfloat16"] = Field(
        default="float32",
        description="Of a training's products: tf32 on GPUs, bfloat16 by autocast; weights and all else stay float32",
    )
    deterministic: bool = Field(
        default=True, description="Kernels that repeat their bytes; false lets a GPU take faster ones while it trains"
    )
    channels_last: bool = Field(default=False, description="Memory format of images and convolutions")
    compile: bool = Field(default=False, description="Use torch.compile (measured slower on CPUs)")
    threads: Threads = Field(default=1, ge=1, description="CPU threads of torch; part of the result, never detected")
    checkpoint_every: Epochs = Field(
        default=10, ge=1, description="Epochs between checkpoints", json_schema_extra=PASSING
    )
    clip_norm: Factor | None = Field(default=None, gt=0, description="Clip the gradient norm to this value")
