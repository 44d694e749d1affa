"""The files beside an ONNX file: found as its own library writes them, and refused outside its folder."""

import sys

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from distillab.core.errors import ArtifactError, SpecError
from distillab.models.brought.onnx import OnnxModel
from distillab.models.brought.onnx_parts import files_beside
from distillab.specs.model import Domain

DOMAIN = Domain((1, 4, 4), 3, (0.5,), (0.5,))
WEIGHTS = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)


def linear(batch: object = "n") -> onnx.ModelProto:
    """``y = flatten(x) W``."""
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "W"], ["y"])]
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, *rest])
        for name, rest in (("x", (1, 4, 4)), ("y", (3,)))
    )
    graph = helper.make_graph(nodes, "net", [x], [y], [numpy_helper.from_array(WEIGHTS, "W")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture
def beside(tmp_path):
    """A file whose weights lie in another."""
    path = tmp_path / "net.onnx"
    onnx.save_model(linear(), path, save_as_external_data=True, location="net.data", size_threshold=0)
    return path


def renamed(path, location):
    """The same file, which names another one for its weights."""
    model = onnx.load(path, load_external_data=False)
    model.graph.initializer[0].external_data[0].value = location
    path.write_bytes(model.SerializeToString())


def answers(spec, payload, n=7):
    x = torch.rand(n, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(spec.open(payload, DOMAIN)(x), x.flatten(1) @ torch.from_numpy(WEIGHTS), atol=1e-5)


def test_a_file_that_holds_everything_has_none_beside_it(tmp_path):
    onnx.save_model(linear(), tmp_path / "net.onnx")
    assert files_beside(tmp_path / "net.onnx") == {}
    spec = OnnxModel(onnx=tmp_path / "net.onnx")
    answers(spec, spec.read(DOMAIN))


@pytest.mark.parametrize("location", ["net.data", "./net.data"])
def test_weights_beside_are_kept_with_the_file(beside, location):
    renamed(beside, location)
    spec = OnnxModel(onnx=beside)
    before, payload = spec.fingerprint(), spec.read(DOMAIN)
    data = beside.with_name("net.data")
    content = data.read_bytes()
    data.unlink()
    answers(spec, payload)
    data.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert spec.fingerprint() != before


@pytest.mark.parametrize("location", ["../net.data", "/etc/hostname", "sub/../../net.data", "", "."])
def test_weights_elsewhere_are_refused(beside, location):
    renamed(beside, location)
    with pytest.raises(ArtifactError, match="that is not in its folder"):
        OnnxModel(onnx=beside).files()


def test_a_link_out_of_the_folder_is_refused(beside, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "net.data"
    beside.with_name("net.data").rename(other)
    beside.with_name("net.data").symlink_to(other)
    with pytest.raises(ArtifactError, match="that is not in its folder"):
        OnnxModel(onnx=beside).files()


def test_an_address_in_memory_is_no_file(beside):
    renamed(beside, "*/_ORT_MEM_ADDR_/*")
    with pytest.raises(ArtifactError, match="no such file"):
        OnnxModel(onnx=beside).fingerprint()


def test_a_fixed_batch_is_filled(tmp_path):
    onnx.save_model(linear(batch=3), tmp_path / "net.onnx")
    spec = OnnxModel(onnx=tmp_path / "net.onnx")
    answers(spec, spec.read(DOMAIN))


def test_an_unknown_operator_is_named(tmp_path):
    model = linear()
    model.graph.node[1].op_type, model.graph.node[1].domain = "Mine", "my.ops"
    onnx.save_model(model, tmp_path / "net.onnx")
    with pytest.raises(ArtifactError, match=r"standard operators; got .*my\.ops"):
        OnnxModel(onnx=tmp_path / "net.onnx").read(DOMAIN)


@pytest.mark.parametrize("cut", [0.01, 0.5, 0.99])
def test_a_cut_file_is_refused(tmp_path, cut):
    content = linear().SerializeToString()
    (tmp_path / "net.onnx").write_bytes(content[: int(cut * len(content))])
    with pytest.raises(ArtifactError, match="is no ONNX file"):
        OnnxModel(onnx=tmp_path / "net.onnx").read(DOMAIN)


def test_a_graph_of_endless_depth_is_refused(tmp_path):
    message = b""
    for _ in range(200):  # a graph in an attribute in a node in a graph
        for tag in (0x32, 0x2A, 0x0A):
            message = bytes([tag]) + _number(len(message)) + message
    (tmp_path / "net.onnx").write_bytes(bytes([0x3A]) + _number(len(message)) + message)
    with pytest.raises(ArtifactError, match="is no ONNX file"):
        files_beside(tmp_path / "net.onnx")


def _number(value: int) -> bytes:
    """In protobuf's encoding."""
    found = []
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def test_without_its_runtime_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    onnx.save_model(linear(), tmp_path / "net.onnx")
    with pytest.raises(SpecError, match=r"needs ONNX Runtime; install it with `pip install 'distillab\[onnx\]'`"):
        OnnxModel(onnx=tmp_path / "net.onnx").read(DOMAIN)
