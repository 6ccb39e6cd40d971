"""pattern - the bytes of every transfer: one block, repeated; each transfer begins at an offset of its own.

The block's length is prime, so a repetition never falls on a cell, a record or a page again: lost, doubled, swapped
and foreign bytes all show. Standard library alone: this runs in Shadow.
"""

from __future__ import annotations

import random
import struct

BLOCK_LENGTH = 262139  # the largest prime below 256 KiB
PIECE_MAX = 65536
REQUEST = struct.Struct(">QQ")  # bytes wanted, position of the first; the rest of a request is of no meaning
_block = random.Random(20000101).randbytes(BLOCK_LENGTH)
_bytes = _block + _block[:PIECE_MAX]  # so that no piece ever wraps
_view = memoryview(_bytes)


def piece(position: int, length: int) -> memoryview:
    """Return the bytes at position, at most PIECE_MAX of them."""
    start = position % BLOCK_LENGTH
    return _view[start : start + min(length, PIECE_MAX)]


def matches(position: int, received: bytes) -> bool:
    """Say whether received, at most PIECE_MAX bytes, is what stands at position."""
    return _bytes.startswith(received, position % BLOCK_LENGTH)
