"""Gradients of several logits at once, one example per row."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from distillab.attacks.result import LogitsFn
from distillab.core.shapes import Images, Logits

Jacobian = Float[Tensor, "n k c h w"]


def jacobian(logits_fn: LogitsFn, x: Images, classes: Int[Tensor, "n m"] | None = None) -> tuple[Logits, Jacobian]:
    """All logits, and the gradient in the image of each example's ``classes`` (all of them where none are given).

    One forward pass and one backward pass per class; parameters should be frozen.
    """
    x = x.detach().requires_grad_()
    logits = logits_fn(x)
    n, k = logits.shape
    if classes is None:
        classes = torch.arange(k, device=x.device).expand(n, k)
    chosen = logits.gather(1, classes)
    columns = range(chosen.shape[1])
    last = columns[-1]
    rows = [torch.autograd.grad(chosen[:, j].sum(), x, retain_graph=j != last)[0] for j in columns]
    return logits.detach(), torch.stack(rows, dim=1)
