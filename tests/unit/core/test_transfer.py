"""Values on their way to a device; that nothing waits on a GPU is tested with the pretended one."""

import torch

from distillab.core.transfer import sent


def test_on_the_cpu_nothing_is_copied():
    values = torch.arange(3)
    assert sent(values, "cpu") is values
    assert sent(values, torch.device("cpu")) is values
