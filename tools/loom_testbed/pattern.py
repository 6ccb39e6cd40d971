"""pattern - the bytes that every transfer carries, and their comparison.

The stream is one pseudo-random block, repeated. Its length is prime, so a repetition never falls on a cell, a
record or a page again, and each transfer starts at an offset of its own: lost, doubled, swapped or foreign bytes all
show. A comparison is one memcmp by bytes.startswith, without a copy.
"""

from __future__ import annotations

import random

BLOCK_LENGTH = 1048573  # the largest prime below 1 MiB
PIECE_MAX = 262144
_SEED = 20240531

_block = random.Random(_SEED).randbytes(BLOCK_LENGTH)
_bytes = _block + _block[:PIECE_MAX]  # so that no piece ever wraps
_view = memoryview(_bytes)


def piece(position: int, length: int) -> memoryview:
    """Return the stream's bytes at position; at most PIECE_MAX of them."""
    start = position % BLOCK_LENGTH
    return _view[start : start + length]


def matches(position: int, received: memoryview) -> bool:
    """Say whether received is what the stream has at position; at most PIECE_MAX bytes."""
    return _bytes.startswith(received, position % BLOCK_LENGTH)


def first_difference(position: int, received: memoryview) -> int | None:
    """Return the index in received of the first wrong byte, or None when all are right."""
    expected = piece(position, len(received))
    for index, (got, wanted) in enumerate(zip(received, expected, strict=True)):
        if got != wanted:
            return index
    return None
