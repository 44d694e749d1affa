"""Writes what attacks and certifiers make of a few images in float64, for a comparison between processors.

A program, because PyTorch chooses its instruction set once per process.
"""

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

import certifier_cases
from attack_cases import CASES, IDS, attack_it, count, dense_net, images, spec_of

from distillab.attacks.precision import precision_of
from distillab.core.registry import name_of

IMAGES = 16


def table():
    """The instruction set, and arrays by the name of the method and the column.

    Networks are drawn in float64 too: a float32 weight's last bit depends on the processor.
    """
    with precision_of(torch.zeros((), dtype=torch.float64)):
        return {"capability": np.array(torch.backends.cpu.get_cpu_capability().lower()), **_attacked(), **_bounded()}


def _attacked():
    net, found = dense_net(), {}
    x, y = images(IMAGES, net, (3, 5, 5))
    for (attack, norm), name in zip(CASES, IDS, strict=True):
        n = count(attack, IMAGES)
        columns = attack_it(net, x[:n], y[:n], spec_of(attack, norm)).columns()
        found |= {f"{name} {column}": values for column, values in columns.items()}
    return found


def _bounded():
    graph, x, y = certifier_cases.subject()
    margins = {}
    for certifier, norm in certifier_cases.CASES:
        bound = certifier(norm=norm).margins(graph, x, y, certifier_cases.EPS[norm])
        margins[f"{name_of(certifier)}-{norm} margins"] = bound.detach().numpy()
    return margins


if __name__ == "__main__":
    torch.set_num_threads(1)
    np.savez(sys.argv[1], **table())
