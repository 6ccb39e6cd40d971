"""wire - the request that opens a transfer, and sockets that move it in large pieces.

A request is 17 bytes: D (download) or U (upload), the length, and the position in the pattern to start at. The
answer to an upload is 9 bytes: V and the count of right bytes, or X and the index of the first wrong one.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable

from . import pattern

REQUEST = struct.Struct(">cQQ")
ANSWER = struct.Struct(">cQ")
DOWNLOAD = b"D"
UPLOAD = b"U"
VERIFIED = b"V"
WRONG = b"X"
STALL_SECONDS = 60
GATHER_MS_MAX = 100


class TransferError(Exception):
    """A transfer failed; the text says how."""


def prepare(connection: socket.socket, stall_seconds: int = STALL_SECONDS) -> None:
    """Make the socket blocking, with a limit on silence. (A Python timeout would poll before each call.)"""
    limit = struct.pack("ll", stall_seconds, 0)
    connection.settimeout(None)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def read_exactly(connection: socket.socket, length: int) -> bytes:
    """Read length bytes or raise."""
    data = connection.recv(length, socket.MSG_WAITALL)
    if len(data) != length:
        raise TransferError(f"ended after {len(data)} of {length} bytes")
    return data


def send_pattern(connection: socket.socket, length: int, start: int, moved: Callable[[int], None]) -> None:
    """Send length bytes of the pattern from start on."""
    sent = 0
    while sent < length:
        part = pattern.piece(start + sent, min(pattern.PIECE_MAX, length - sent))
        connection.sendall(part)
        sent += len(part)
        moved(len(part))


def receive_pattern(
    connection: socket.socket,
    length: int,
    start: int,
    moved: Callable[[int], None],
    stall_seconds: int = STALL_SECONDS,
) -> int | None:
    """Receive length bytes and compare each with the pattern; return the index of the first wrong one, or None.

    SO_RCVLOWAT lets the kernel gather a whole piece before poll wakes us: on two cores the measuring program must not
    take the CPU that the relays need. Where its rounding of windows would never let a whole piece gather, we take what
    is there after a short while.
    """
    view = memoryview(bytearray(pattern.PIECE_MAX))
    received = 0
    low_water = 0
    readable = select.poll()
    readable.register(connection, select.POLLIN)
    heard_at = time.monotonic()
    while received < length:
        wanted = min(pattern.PIECE_MAX, length - received)
        if wanted != low_water:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, wanted)
            low_water = wanted
        readable.poll(GATHER_MS_MAX)
        try:
            count = connection.recv_into(view, wanted, socket.MSG_DONTWAIT)
        except BlockingIOError:
            if time.monotonic() - heard_at > stall_seconds:
                raise TransferError(f"silent for {stall_seconds} s after {received} of {length} bytes") from None
            continue
        if count == 0:
            raise TransferError(f"ended after {received} of {length} bytes")
        if not pattern.matches(start + received, view[:count]):
            return received + (pattern.first_difference(start + received, view[:count]) or 0)
        heard_at = time.monotonic()
        received += count
        moved(count)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
    return None
