"""What stands around a network from elsewhere: how it sees pixels, how many images it takes, what its answers are."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from distillab.blackbox.forms import SLIGHTLY
from distillab.core.shapes import Images, LogProbs, Probs
from distillab.models.normalize import Normalize
from distillab.specs.brought import BroughtSpec

SMALLEST = -104.0
"""Below the logarithm of every positive float32."""


class InBatches(nn.Module):
    """A network that takes ``size`` images at once and no other number: the last ones are repeated to fill a batch."""

    def __init__(self, network: nn.Module, size: int) -> None:
        super().__init__()
        self.network, self.size = network, size

    def forward(self, x: Images) -> Tensor:
        """Outputs (n, classes) of n images."""
        return torch.cat([self.network(self._filled(part))[: len(part)] for part in x.split(self.size)])

    def _filled(self, x: Images) -> Images:
        missing = self.size - len(x)
        return torch.cat([x, x[-1:].expand(missing, *x.shape[1:])]) if missing else x


class Apart(nn.Module):
    """A copy of the images, for a network that may write into what it is given."""

    def forward(self, x: Images) -> Images:
        """Equal images in memory of their own."""
        return x.clone()


class Logarithm(nn.Module):
    """From probabilities to their logarithms; of an exact zero it is minus infinity, without a gradient."""

    def forward(self, probs: Probs) -> LogProbs:
        """``ln p``; what rounding put below zero is zero."""
        tiny, plain = torch.finfo(probs.dtype).tiny, probs.detach()
        small = torch.where(plain < -SLIGHTLY, torch.nan, plain.clamp_min(0).log())
        return torch.where(probs < tiny, small, probs.clamp_min(tiny).log())


class Finite(nn.Module):
    """Log-probabilities as an attack can follow them: none below that of the smallest float32."""

    def forward(self, log_probs: LogProbs) -> LogProbs:
        """The larger of ``ln p`` and -104."""
        return log_probs.clamp_min(SMALLEST)


def framed(network: nn.Module, spec: BroughtSpec, *, batch: int | None = None, normalizes: bool = False) -> nn.Module:
    """The network as it is asked: from images in [0, 1] to logits or log-probabilities.

    Args:
        network: what was read.
        spec: what is said of it.
        batch: images that it takes at once, as far as its file tells.
        normalizes: whether the network itself does what ``mean`` and ``std`` say.
    """
    size = spec.batch or batch
    layers: OrderedDict[str, nn.Module] = OrderedDict() if normalizes else OrderedDict(apart=Apart())
    if not normalizes and spec.mean is not None and spec.std is not None:
        layers["normalize"] = Normalize(spec.mean, spec.std)
    layers["network"] = InBatches(network, size) if size else network
    if spec.answers == "probabilities":
        layers["logarithm"] = Logarithm()
    return nn.Sequential(layers).eval().requires_grad_(requires_grad=False)
