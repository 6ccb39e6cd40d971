"""ports - loopback ports that no other testbed of this machine uses.

Ports come in blocks. A block belongs to the process that holds the lock on its file; the kernel drops the lock
when that process ends in whatever way, so nothing has to be cleaned up. All blocks lie below the ephemeral range.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from types import TracebackType

from .errors import TestbedError

BLOCK_PORTS = 100
FIRST_PORT = 12000
LAST_PORT = 32000
LOCK_DIRECTORY = Path(tempfile.gettempdir()) / "loom-testbed-ports"


class PortBlock:
    """A block of loopback ports, ours until close()."""

    def __init__(self, base: int | None = None) -> None:
        LOCK_DIRECTORY.mkdir(mode=0o777, exist_ok=True)
        self._lock_fd = -1
        self._next = 0
        self._end = 0
        bases = [base] if base is not None else self._shuffled_bases()
        for candidate in bases:
            if self._try_lock(candidate):
                self._next, self._end = candidate, candidate + BLOCK_PORTS
                return
        raise TestbedError(f"ports: another testbed has the {BLOCK_PORTS} ports from {base or 'any base'} on")

    @staticmethod
    def _shuffled_bases() -> list[int]:
        bases = list(range(FIRST_PORT, LAST_PORT, BLOCK_PORTS))
        random.SystemRandom().shuffle(bases)
        return bases

    def _try_lock(self, base: int) -> bool:
        lock_fd = os.open(LOCK_DIRECTORY / str(base), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock_fd)
            return False
        self._lock_fd = lock_fd
        return True

    def take(self) -> int:
        """Return the next port of the block that nothing else listens on."""
        while self._next < self._end:
            port = self._next
            self._next += 1
            if is_free(port):
                return port
        raise TestbedError(f"ports: all {BLOCK_PORTS} ports of the block before {self._end} are in use")

    def close(self) -> None:
        """Give the block back."""
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def __enter__(self) -> PortBlock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_free(port: int) -> bool:
    """Say whether port can be bound on loopback now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
