"""Calls of the model in batches whose size cannot be seen in the result.

A matrix product's last bits depend on the number of its rows: the kernels treat the rows beyond the last full
register tile differently, and change their blocking when there are few. With one CPU thread, any number of rows
from 16 upwards gives each row the same bits under AVX-512 (tiles of 16 rows); under AVX2 only multiples of 24 from
72 upwards do. Whatever the processor has is met here, and tests repeat the measurement. With several threads the work
is also split by size, and large networks keep a dependence on it.
"""

import torch

from distillab.attacks.result import LogitsFn
from distillab.core.shapes import Images, Logits

SIZES = {"AVX512": (1, 16)}
"""Instruction set to the multiple that the rows must have and the fewest rows."""

OTHERWISE = (24, 72)
"""Of AVX2: its tallest register tile, and the smallest batch with the same blocking as large ones."""


def padded_size(n: int) -> int:
    """Rows that are really computed for a batch of ``n``."""
    tile, fewest = SIZES.get(torch.backends.cpu.get_cpu_capability(), OTHERWISE)
    return max(fewest, n + -n % tile)


def padded(logits_fn: LogitsFn) -> LogitsFn:
    """``logits_fn`` with copies of the first image appended up to ``padded_size``, and their logits cut off."""

    def call(x: Images) -> Logits:
        n = len(x)
        extra = padded_size(n) - n
        if not extra:
            return logits_fn(x)
        filler = x[:1].detach().expand(extra, *x.shape[1:])
        return logits_fn(torch.cat([x, filler]))[:n]

    return call
