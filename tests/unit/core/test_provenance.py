"""What a sidecar says about the machine names what can move a bit."""

import platform
import sys
from types import SimpleNamespace

import pytest
import torch

from distillab.core.provenance import environment, kernels, processor


def test_everything_that_moves_a_bit_is_named():
    found = environment("cpu", 3)
    assert found["torch"] == torch.__version__.partition("+")[0] or found["torch"] == torch.__version__
    assert found["python"] == platform.python_version()
    assert found["machine"] == platform.machine()
    assert found["kernels"] == torch.backends.cpu.get_cpu_capability()
    assert (found["device"], found["threads"]) == ("cpu", "3")
    assert found["processor"]
    assert environment("cpu", 3) == found


def test_a_process_without_torch_names_no_kernels_and_does_not_load_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    assert kernels("cpu") == "none"
    assert "torch" not in sys.modules


@pytest.mark.parametrize(("device", "said"), [("cpu", "AVX9"), ("cuda", "A card")])
def test_kernels_are_those_of_the_device(monkeypatch, device, said):
    cpu = SimpleNamespace(get_cpu_capability=lambda: "AVX9")
    cuda = SimpleNamespace(get_device_name=lambda: "A card")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(backends=SimpleNamespace(cpu=cpu), cuda=cuda))
    assert kernels(device) == said


def test_the_processor_is_the_first_that_the_system_describes(tmp_path):
    described = tmp_path / "cpuinfo"
    described.write_text("processor\t: 0\nmodel name\t: Maker: Model 9\nprocessor\t: 1\nmodel name\t: Other\n")
    assert processor(described) == "Maker: Model 9"


def test_a_system_that_describes_none_still_has_an_answer(tmp_path):
    assert processor(tmp_path / "absent") == (platform.processor() or "unknown")
