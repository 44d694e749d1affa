"""A file of weights gives the tensors that the grammar says, in their places, or one line; nothing in it is run."""

import os
import tempfile
from pathlib import Path

import pytest
import torch
from fuzzing import faults, unreadable
from weights_grammar import case, network, written

from distillab.core.errors import DistillabError
from distillab.models.normalize import normalized
from distillab.models.published import load_published


def judge(file):
    model = normalized(network(), (0.0,), (1.0,))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with tempfile.TemporaryDirectory() as folder:
        here = Path.cwd()
        os.chdir(folder)
        try:
            refused = load(model, file, Path(folder))
        finally:
            os.chdir(here)
        assert not (Path(folder) / "MARKER").exists()
    assert (refused is None) == (file.right is not None), refused or "was loaded"
    assert refused is None or unreadable(refused) == ""
    wanted = before if refused else before | {f"network.{name}": tensor for name, tensor in file.right.items()}
    assert [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, wanted[name])] == []


def load(model, file, folder):
    try:
        load_published(model, written(file, folder), **file.options)
    except DistillabError as error:
        return str(error)
    return None


@pytest.mark.filterwarnings("ignore")
def test_files_of_weights_load_rightly_or_are_one_line():
    assert faults(case, judge, 40) == {}


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore")
def test_many_files_of_weights_load_rightly_or_are_one_line():
    assert faults(case, judge, 1_500) == {}
