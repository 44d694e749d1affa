"""The pretended GPU refuses what a real one would, and counts what would make a host wait."""

import pytest
import torch
from pretended import MixedDevicesError, pretended_gpu
from torch import nn

READS = {
    "a value": lambda x: float(x.sum()),
    "a decision": lambda x: bool((x > 0).any()),
    "a list": lambda x: x.tolist(),
    "positions": lambda x: x.nonzero(),
    "a mask": lambda x: x[x > 0],
    "classes": lambda x: x.long().unique(),
    "a copy back": lambda x: x.cpu(),
    "a copy of pageable memory": lambda _x: torch.ones(3).to("cuda", non_blocking=True),
    "a list as an index": lambda x: x[torch.tensor([0, 1])],
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_each_way_of_waiting_is_one_sync(read):
    with pretended_gpu() as syncs:
        x = torch.randn(4, device="cuda")
        read(x)
        assert syncs.total() == 1


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: (x * 2 + 1).relu().sum(),
        lambda x: x.where(x > 0, 0.0),
        lambda x: x[torch.arange(2, device="cuda")],
        lambda _x: torch.ones(3).pin_memory().to("cuda", non_blocking=True),
        lambda x: nn.Linear(4, 2).to("cuda")(x).sum().backward(),
    ],
)
def test_arithmetic_waits_for_nothing(compute):
    with pretended_gpu() as syncs:
        x = torch.randn(4, device="cuda")
        moved = syncs.total()
        compute(x)
        # A layer's own weights are copied once.
        assert syncs.total() - moved == (2 if "Linear" in compute.__code__.co_names else 0)


def test_devices_are_not_mixed():
    with pretended_gpu():
        x = torch.ones(3, device="cuda")
        with pytest.raises(MixedDevicesError, match="cuda:0 and cpu"):
            x + torch.ones(3)
        assert float((x + torch.tensor(1.0)).sum()) == 6  # as CUDA: a scalar of the CPU may join
        with pytest.raises(TypeError, match="convert cuda:0"):
            x.numpy()
        with pytest.raises(MixedDevicesError, match="generator"):
            torch.randn(3, device="cuda", generator=torch.Generator())


def test_what_it_computes_is_what_the_cpu_computes():
    torch.manual_seed(0)
    layers, x = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)), torch.randn(2, 1, 4, 4)
    layers(x).logsumexp(1).sum().backward()
    expected = layers[0].weight.grad.clone()
    layers.zero_grad()
    with pretended_gpu():
        moved = layers.to("cuda")
        moved(x.to("cuda")).logsumexp(1).sum().backward()
        assert moved[0].weight.grad.device.type == "cuda"
        assert torch.equal(moved[0].weight.grad.cpu(), expected)


def test_nothing_is_left_behind():
    with pretended_gpu():
        pass
    assert torch.cuda.is_available() is (torch.cuda.device_count() > 0)
    assert not torch.__future__.get_overwrite_module_params_on_conversion()


def test_positions_stay_where_they_are_and_wait_for_nothing():
    with pretended_gpu() as syncs:
        x = torch.arange(6, device="cuda")
        moved = syncs.total()
        rows, columns = torch.unravel_index(x, (2, 3))
        assert syncs.total() == moved
        assert rows.is_cuda
        assert (rows.tolist(), columns.tolist()) == ([0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2])
