"""How far a class is ahead, in logits: what attacks push below zero and defenses hold up."""

import torch

from distillab.core.errors import SpecError
from distillab.core.shapes import Flags, Labels, Logits, PerExample


def difference_of_logits(logits: Logits, labels: Labels) -> PerExample:
    """Margin of the labelled class: Z_y - max_{j != y} Z_j; positive while the example is classified as labelled.

    The labelled class is masked with -inf: masking it with zero is wrong where all other logits are negative.

    Reference: Carlini & Wagner 2017, section V-A, f_6 before clamping.
    """
    column = labels[:, None]
    others = logits.scatter(1, column, -torch.inf).amax(dim=1)
    return logits.gather(1, column).squeeze(1) - others


def targeted_difference_of_logits(logits: Logits, y_target: Labels) -> PerExample:
    """Distance to the target class: max_{j != t} Z_j - Z_t; negative once the target class wins.

    Reference: Carlini & Wagner 2017, section V-A, f_6 before clamping.
    """
    return -difference_of_logits(logits, y_target)


def difference_of_logits_ratio(logits: Logits, labels: Labels) -> PerExample:
    """Scale-free margin: (Z_y - max_{j != y} Z_j) / (Z_(1) - Z_(3) + 1e-12), Z_(i) the i-th largest logit.

    Scaling or shifting the logits leaves it and the direction of its gradient as they are, unlike cross-entropy's,
    which vanishes for large logits.

    Raises:
        SpecError: there are fewer than three classes.

    Reference: Croce & Hein 2020, equation 6, whose DLR loss is the negative of this.
    """
    if logits.shape[1] < 3:
        raise SpecError(
            "the ratio of logit differences is undefined", expected="at least 3 classes", got=f"{logits.shape[1]}"
        )
    largest = logits.topk(3, dim=1).values
    return difference_of_logits(logits, labels) / (largest[:, 0] - largest[:, 2] + 1e-12)


def is_adversarial(margin: PerExample, kappa: float = 0.0) -> Flags:
    """Where the margin is lost: below zero strictly, and by at least ``kappa`` logits.

    A tie is no success: which of two equal logits wins is up to argmax.
    """
    return margin <= -kappa if kappa > 0 else margin < 0
