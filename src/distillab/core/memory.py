"""Memory that a stage frees and asks for again at every step."""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Names of glibc's parameters, from its malloc.h."""

LARGEST_MMAP_THRESHOLD = 2**25
NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Tell glibc's allocator to keep freed blocks up to 32 MiB instead of handing them back to the kernel.

    The activations of one training step fit in the blocks of the step before; otherwise the kernel clears every page
    of them again. Measured on the nine-layer network: a step takes 0.85 of the time. Nothing happens where the
    allocator has no such parameters.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)
    mallopt(TRIM_THRESHOLD, NEVER)
