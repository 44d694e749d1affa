"""Linear networks, on which the closest adversarial image is known exactly."""

import torch
from torch import nn

X, Y = torch.full((1, 1, 1, 2), 0.5), torch.tensor([0])
"""The one image and label of `toy`."""

DUAL = {"l2": 2, "linf": 1}
"""The order of the norm that measures a weight against a perturbation in each norm."""


def toy(scale=1.0):
    """Logits scale (3 (x1 - 0.5) + 4 (x2 - 0.5) + 1, 0): X is 0.2 from the boundary in L2, 1/7 in Linf, a pixel in L0.

    Either pixel alone crosses the boundary.
    """
    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor([[3.0, 4.0], [0.0, 0.0]]) * scale)
        net[1].bias.copy_(torch.tensor([-2.5, 0.0]) * scale)
    return net


def hyperplanes(norm, classes, *, n=12, shape=(3, 4, 4), seed=0):
    """A random linear net, images far from the box, and each image's label, exact distance and closest class."""
    torch.manual_seed(seed)
    linear = nn.Linear(torch.Size(shape).numel(), classes)
    net = nn.Sequential(nn.Flatten(), linear)
    x = torch.rand(n, *shape) * 0.2 + 0.4
    logits, weight = net(x).detach(), linear.weight.detach()
    y = logits.argmax(dim=1)
    steepness = (weight[y][:, None] - weight).norm(p=DUAL[norm], dim=2)
    gaps = (logits.gather(1, y[:, None]) - logits) / steepness
    exact, closest = gaps.scatter(1, y[:, None], torch.inf).min(dim=1)
    return net, x, y, exact, closest
