"""Tensors survive the disk bit by bit, and nothing else is taken for them."""

import pytest
import torch

from distillab.core.errors import ArtifactError
from distillab.core.payloads import load_tensors, save_tensors


def test_values_types_and_shapes_survive(tmp_path):
    x = torch.tensor([0.0, -0.0, torch.inf, torch.nan, 1e-45])
    tensors = {
        "x": x,
        "n": torch.arange(6).view(2, 3).T,
        "u": torch.tensor(7, dtype=torch.uint8),
        "none": torch.empty(0, 3),
    }
    save_tensors(tmp_path / "t", tensors)
    back = load_tensors(tmp_path / "t")
    assert back.keys() == tensors.keys()
    assert all(back[name].shape == tensors[name].shape and back[name].dtype == tensors[name].dtype for name in tensors)
    assert torch.equal(back["x"].view(torch.int32), x.view(torch.int32))
    assert torch.equal(back["n"], tensors["n"])


def test_equal_tensors_give_equal_bytes(tmp_path):
    x = torch.rand(3, 4, generator=torch.Generator().manual_seed(0))
    save_tensors(tmp_path / "a", {"x": x, "y": x + 1})
    save_tensors(tmp_path / "b", {"y": (x + 1).T.contiguous().T, "x": x.clone().requires_grad_()})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("content", [b"", b"not tensors at all", None])
def test_anything_else_is_one_line(tmp_path, content):
    path = tmp_path / "t"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArtifactError, match="missing" if content is None else "not a safetensors file") as error:
        load_tensors(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_truncated_file_is_one_line(tmp_path):
    path = tmp_path / "t"
    save_tensors(path, {"x": torch.zeros(100)})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match="not a safetensors file"):
        load_tensors(path)
