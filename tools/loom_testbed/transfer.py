"""transfer - moves the pattern through clients' SOCKS ports, and compares every byte.

In three steps, so that marks can be set between them: open (a stream is connected when its circuit is up), run, close.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from . import socks, wire
from .errors import TestbedError
from .plan import Node

CONNECT_SECONDS = 60.0
RETRY_SECONDS = 0.25
PATIENCE_SECONDS = 10.0  # with a first attempt that says nothing; each next one may take twice as long
PROBE_BYTES = 1000
START_STEP = 104729  # each flow starts elsewhere in the pattern
OPEN_ATTEMPTS = 3


@dataclass
class Flow:
    """One stream through one client, in one direction."""

    client: Node
    direction: bytes
    length: int
    start: int
    moved: int = 0
    verified: bool = False
    error: str = ""
    seconds: float = 0.0
    local_port: int = 0
    host: str = ""  # an onion service; none: the server itself, through an exit
    isolation: str = ""  # streams of another one share no circuit
    stall_seconds: int = wire.STALL_SECONDS  # longer silence is an error
    _socket: socket.socket | None = None

    @property
    def is_done(self) -> bool:
        """Say whether it has ended, well or badly."""
        return self.verified or bool(self.error)

    def open(self, server_port: int, seconds_max: float = CONNECT_SECONDS) -> None:
        """Connect through the client; this returns when the far end has been reached over a circuit."""
        connection = socks.connect(self.client.socks_port, server_port, seconds_max, self.isolation, self.host)
        wire.prepare(connection, self.stall_seconds)
        self.local_port = connection.getsockname()[1]
        self._socket = connection

    def run(self) -> None:
        """Move all bytes and compare them; never raises, but records how it ended."""
        started = time.monotonic()
        try:
            self._move()
        except (OSError, wire.TransferError) as error:
            self.error = f"{self.describe()}: {error or type(error).__name__}"
        self.seconds = time.monotonic() - started

    def close(self) -> None:
        """Close the stream. A flow that is still running ends with an error."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def describe(self) -> str:
        """Name it for a message."""
        return f"{'download' if self.direction == wire.DOWNLOAD else 'upload'} through {self.client.name}"

    def _move(self) -> None:
        if self._socket is None:
            raise wire.TransferError("not open")
        self._socket.sendall(wire.REQUEST.pack(self.direction, self.length, self.start))
        if self.direction == wire.DOWNLOAD:
            wrong = wire.receive_pattern(self._socket, self.length, self.start, self._count, self.stall_seconds)
            if wrong is None and self._socket.recv(1):
                raise wire.TransferError(f"more than {self.length} bytes came")
        else:
            wire.send_pattern(self._socket, self.length, self.start, self._count)
            verdict, wrong = wire.ANSWER.unpack(wire.read_exactly(self._socket, wire.ANSWER.size))
            wrong = None if verdict == wire.VERIFIED and wrong == self.length else wrong
        if wrong is not None:
            raise wire.TransferError(f"byte {wrong} of {self.length} is wrong")
        self.verified = True

    def _count(self, count: int) -> None:
        self.moved += count


def share_out(clients: Sequence[Node], total: int, upload_share: float, host: str = "") -> list[Flow]:
    """Divide total bytes over the clients, each with a download and (unless the share is 0) an upload beside it."""
    flows: list[Flow] = []
    for index, client in enumerate(clients):
        part = total // len(clients) + (index < total % len(clients))
        upload = round(part * upload_share)
        for direction, length in ((wire.DOWNLOAD, part - upload), (wire.UPLOAD, upload)):
            if length > 0:
                flows.append(Flow(client, direction, length, START_STEP * len(flows), host=host))
    return flows


def open_all(flows: Iterable[Flow], server_port: int) -> None:
    """Open all flows at once; raise when one cannot be opened."""
    failures = _in_threads([partial(_open_patiently, flow, server_port) for flow in flows])
    if failures:
        raise TestbedError(f"transfer: {failures[0]}")


def _open_patiently(flow: Flow, server_port: int) -> None:
    for attempt in range(1, OPEN_ATTEMPTS + 1):
        try:
            flow.open(server_port)
        except socks.SocksError:
            if attempt == OPEN_ATTEMPTS:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return


def start_all(flows: Iterable[Flow]) -> None:
    """Let all open flows run, each in a thread of its own."""
    for flow in flows:
        threading.Thread(target=flow.run, name=flow.describe(), daemon=True).start()


def close_all(flows: Iterable[Flow]) -> None:
    """Close all flows."""
    for flow in flows:
        flow.close()


def probe(client: Node, server_port: int, seconds_max: float, host: str = "") -> bool:
    """Say whether a few bytes come through this client now."""
    stall_seconds = min(wire.STALL_SECONDS, math.ceil(seconds_max))
    flow = Flow(client, wire.DOWNLOAD, PROBE_BYTES, 0, host=host, stall_seconds=stall_seconds)
    try:
        flow.open(server_port, seconds_max)
    except socks.SocksError:
        return False
    flow.run()
    flow.close()
    return flow.verified


def await_usable(clients: Iterable[Node], server_port: int, seconds_max: float, host: str = "") -> None:
    """Return when each client has carried a few bytes; raise when one does not within seconds_max.

    A request that hangs is given up and made again, as users do: it may wait for a lost circuit's timeout.
    """
    deadline = time.monotonic() + seconds_max

    def until_usable(client: Node) -> None:
        patience = PATIENCE_SECONDS
        while True:
            asked_at = time.monotonic()
            if probe(client, server_port, min(patience, max(1.0, deadline - asked_at)), host):
                return
            if time.monotonic() > deadline:
                log = client.directory / "notice.log"
                raise TestbedError(f"{client.name} carried nothing within {seconds_max:.0f} s; see {log}")
            if time.monotonic() - asked_at >= patience:
                patience *= 2
            time.sleep(RETRY_SECONDS)

    failures = _in_threads([partial(until_usable, client) for client in clients])
    if failures:
        raise failures[0]


def _in_threads(actions: Sequence[Callable[[], None]]) -> list[TestbedError]:
    """Run actions side by side and return the errors they raised."""
    failures: list[TestbedError] = []

    def guarded(action: Callable[[], None]) -> None:
        try:
            action()
        except TestbedError as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(action,), daemon=True) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures
