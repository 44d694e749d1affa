"""Named seeds: a stage's randomness depends on its names, never on the order of jobs."""

import hashlib


def derive(root: int, *names: str | int) -> int:
    """A seed in [0, 2^63): BLAKE2b over the root and the joined names.

    Adding a stage, a seed or a job changes nobody else's numbers, unlike ``seed + i``.
    """
    text = "\x1f".join(str(part) for part in (root, *names))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
