"""Networks like those that training left with few unstable units: what a bound of theirs costs depends on these."""

import torch
from torch import nn

UNSTABLE = 0.25
"""Share of units that stay as they are drawn: with it the dual costs what it cost on networks trained with bounds."""

FAR = 20.0
"""Pre-activations are moved by this: far beyond what pixels in [0, 1] and drawn weights make of them."""

ON = 0.3
"""Share of the moved units that are always on; the others are always off."""


@torch.no_grad()
def settle(network: nn.Module) -> nn.Module:
    """The network with most units far from zero, in place.

    Trained networks are like that, networks just drawn are not: a bound costs ten times as much on these.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    generator = torch.Generator().manual_seed(0)
    for layer in layers[:-1]:
        if layer.bias is not None:
            moved, on = (torch.rand(len(layer.bias), generator=generator) for _ in range(2))
            shift = torch.where(on < ON, FAR, -FAR).where(moved >= UNSTABLE, 0.0)
            layer.bias += shift.to(layer.bias)
    return network
