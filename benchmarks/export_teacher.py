"""A teacher of a finished run as a TorchScript file, as somebody else would be given it: pixels in [0, 1] to logits.

``python benchmarks/export_teacher.py ce-wong_small-s0 teacher.pt`` in the project's folder, with the preset of the run.
"""

import sys
import warnings
from pathlib import Path

import torch

from distillab.core.files import atomic
from distillab.core.workspace import Workspace
from distillab.plan import load_plan
from distillab.stages.inputs import prepared_data, trained_network


def main(teacher: str, target: Path) -> None:
    """Write the network, normalization included, traced on two images."""
    workspace = Workspace(Path(), load_plan())
    data = prepared_data(workspace.member(teacher), workspace, torch.device("cpu"))
    network = trained_network(teacher, workspace, data, torch.device("cpu"))
    with warnings.catch_warnings():  # that TorchScript is no longer developed
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, torch.rand(2, *data.domain.shape))
        with atomic(target) as temporary:
            torch.jit.save(traced, temporary)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
