"""From the host to a device without waiting for it."""

import torch
from torch import Tensor


def sent(values: Tensor, device: torch.device | str) -> Tensor:
    """``values`` on ``device``; to a GPU from pinned memory, so that the host need not wait until it has read them."""
    if torch.device(device).type == "cuda" and not values.is_cuda:
        return values.pin_memory().to(device, non_blocking=True)
    return values.to(device)
