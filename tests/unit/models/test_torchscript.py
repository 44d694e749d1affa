"""A TorchScript archive that is trusted, and damaged or of another network, costs one line and nothing else."""

import random
import warnings
from contextlib import suppress

import pytest
import torch
from torch import nn

from distillab.core.errors import ArtifactError, ContractError
from distillab.evaluate.answers import require_answers
from distillab.models.brought.torchscript import TorchScriptModel
from distillab.specs.model import Domain

DOMAIN = Domain((1, 8, 8), 4, (0.5,), (0.5,))


@pytest.fixture
def archive(tmp_path):
    """A whole archive of a network of 8x8 images."""
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(network.eval(), torch.rand(2, 1, 8, 8)), str(tmp_path / "net.pt"))
    return tmp_path / "net.pt"


def opened(path):
    spec = TorchScriptModel(torchscript=path)
    return spec.open(spec.read(DOMAIN), DOMAIN)


def tried(network, size=8):
    require_answers(network, torch.rand(5, 1, size, size), classes=4, where="models.mine", probabilities=False)


def test_a_whole_one_answers(archive):
    tried(opened(archive))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_cut_one_is_one_line(archive, share):
    content = archive.read_bytes()
    archive.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ArtifactError, match=r"net\.pt: (is no TorchScript archive|cannot be read as a model)") as error:
        opened(archive)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("seed", range(20))
def test_wherever_it_is_damaged_it_answers_or_is_one_line(archive, seed):
    stream, content = random.Random(seed), bytearray(archive.read_bytes())
    start = stream.randrange(len(content))
    content[start : start + stream.randrange(200)] = stream.randbytes(stream.randrange(200))
    archive.write_bytes(bytes(content))
    with suppress(ArtifactError, ContractError):  # anything else is red, as is the death of this process
        tried(opened(archive))


def test_another_format_is_named(archive):
    torch.save({"weight": torch.zeros(3)}, archive)
    with pytest.raises(ArtifactError, match=r"is no TorchScript archive; expected a file of torch\.jit\.save"):
        opened(archive)


def test_a_network_of_images_of_another_size_is_one_line(archive):
    with pytest.raises(ContractError, match=r"models\.mine: fails on images; expected images of 1x9x9") as error:
        tried(opened(archive), size=9)
    assert "\n" not in str(error.value)
