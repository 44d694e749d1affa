"""Learning rates as pure functions of the step, so that resuming needs no scheduler state."""

import math

from distillab.specs.train import ConstantSpec, CosineSpec, InverseSpec, MilestonesSpec, TrainSpec


def learning_rate(spec: TrainSpec, step: int, steps_per_epoch: int) -> float:
    """The learning rate of optimizer step ``step`` (from 0): warm-up times schedule times initial rate."""
    warmup_steps = spec.warmup_epochs * steps_per_epoch
    warmup = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    return spec.optimizer.lr * warmup * _factor(spec, step, steps_per_epoch)


def _factor(spec: TrainSpec, step: int, steps_per_epoch: int) -> float:
    match spec.schedule:
        case ConstantSpec():
            return 1.0
        case MilestonesSpec(milestones=milestones, gamma=gamma):
            return float(gamma ** sum(step // steps_per_epoch >= milestone for milestone in milestones))
        case CosineSpec():
            return 0.5 * (1 + math.cos(math.pi * step / (spec.epochs * steps_per_epoch)))
        case InverseSpec(decay=decay):
            return 1 / (1 + decay * step)
