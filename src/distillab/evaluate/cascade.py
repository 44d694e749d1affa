"""Cascades of certified networks: what they answer, and how often they are wrong, by two definitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Classes = NDArray[np.int64]
Verdicts = NDArray[np.bool_]

UNDECIDED = -1


@dataclass(frozen=True)
class CascadeVerdict:
    """What a cascade makes of n images; every array is (n,)."""

    network: Classes
    """The first network, from 0, that certifies its own prediction; -1 where none does."""
    answer: Classes
    """That network's prediction; the last network's, without a certificate, where there is none."""
    wrong: Verdicts
    """The answer is not the label."""
    robust: Verdicts
    """Decided, and rightly: the paper's definition. It says nothing about other images of the ball."""
    strictly_robust: Verdicts
    """No image of the ball gets another certified answer than the label."""

    @property
    def standard_error(self) -> float:
        """Share of wrong answers."""
        return float(self.wrong.mean())

    @property
    def paper_robust_error(self) -> float:
        """Share of images that are undecided, or decided wrongly."""
        return float(1 - self.robust.mean())

    @property
    def strict_robust_error(self) -> float:
        """Share of images without a certificate that covers the whole cascade; never below the paper's."""
        return float(1 - self.strictly_robust.mean())

    def decided(self, networks: int) -> tuple[float, ...]:
        """Share of images that each of the networks decides; what is missing to 1 is undecided."""
        return tuple(float((self.network == network).mean()) for network in range(networks))


def run_cascade(predicted: Classes, certified: Verdicts, y: Classes) -> CascadeVerdict:
    """The verdict on every image: the first network that certifies its own prediction answers, else the last one.

    That a network is constant on the ball does not make the cascade so: at another image of the ball an earlier network
    may certify, or this one may not and a later one answer. A network r that certifies a class there predicts the same
    class at the image itself, which lies in that ball. So, where one network certifies the label and every other
    predicts it, each certified answer in the ball is the label, which is the strict definition.

    Args:
        predicted: (s, n), the predictions of s >= 1 networks.
        certified: (s, n), whether the network certifies its own prediction, right or wrong, at the radius.
        y: (n,), labels.

    Reference: Wong et al. 2018, section 3.3; strict: methods, robustness 6.7.
    """
    decided = certified.any(axis=0)
    network = np.where(decided, certified.argmax(axis=0), UNDECIDED)
    answer = predicted[network, np.arange(len(y))]
    wrong = answer != y
    strict = decided & (predicted == y).all(axis=0)
    return CascadeVerdict(network, answer, wrong, decided & ~wrong, strict)


def cascade_of(frames: "Sequence[pd.DataFrame]", *, as_published: bool = False) -> CascadeVerdict:
    """The verdicts of networks whose certificates, of the same images at one radius, stand in ``frames``.

    One network is a cascade, too: its robust error is the share of images that are wrong or not certified.

    Args:
        frames: the columns of `distillab.evaluate.run_certifier.CertificateTable`, a frame for each network.
        as_published: as the papers count, a bound above 0 is a certificate, whatever rounding may have added.
    """
    names = ["certified_prediction", "slack"] if as_published else ["certified_prediction"]
    certified = np.stack([frame[names].to_numpy().any(axis=1) for frame in frames])
    return run_cascade(np.stack([frame["predicted"] for frame in frames]), certified, frames[0]["label"].to_numpy())
