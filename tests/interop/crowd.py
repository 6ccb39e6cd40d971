"""crowd - very many streams at once through clients' SOCKS ports, the destinations and the name server behind them.

A stream's host name says what becomes of it: `KIND-NUMBER.test`. The name server knows them all but `gone-...`, and
never answers for `silent-...`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from loom_testbed.control import Control
from loom_testbed.errors import TestbedError
from loom_testbed.network import Network

NXDOMAIN = 3
BLOCK = b"f" * 65536
STONE_RCVBUF = 4096
STONE_MSS = 536  # with the loopback's 65483 the kernel would take megabytes for it
SOCKS_SECONDS = 60.0
LINGER_RESET = struct.pack("ii", 1, 0)


class NameServer(threading.Thread):
    """Answers every name with 127.0.0.1, on a thread of its own: whatever else goes on, it is in time."""

    def __init__(self) -> None:
        super().__init__(name="name server", daemon=True)
        self.asked: dict[str, int] = defaultdict(int)
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def run(self) -> None:
        """Answer until the process ends."""
        while True:
            data, asker = self._socket.recvfrom(1024)
            answer = self._answer(data)
            if answer:
                self._socket.sendto(answer, asker)

    def _answer(self, data: bytes) -> bytes:
        end = data.index(b"\0", 12) + 5
        kind = data[13 : 13 + data[12]].decode().lower().partition("-")[0]
        self.asked[kind] += 1
        if kind == "silent":
            return b""
        if kind == "gone":
            return data[:2] + struct.pack(">HHHHH", 0x8180 | NXDOMAIN, 1, 0, 0, 0) + data[12:end]
        head = data[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0)
        return head + data[12:end] + b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", 60, 4) + b"\x7f\0\0\1"


@dataclass
class Destinations:
    """Servers: one that gives without end, one that takes nothing, one that breaks off; and a port where nobody is."""

    ports: dict[str, int] = field(default_factory=dict)
    names: NameServer = field(default_factory=NameServer)
    _held: list[socket.socket] = field(default_factory=list)

    async def open(self, resolv_conf: Path) -> None:
        """Open them all and write the configuration of the name server."""
        self.names.start()
        resolv_conf.write_text(f"nameserver 127.0.0.1:{self.names.port}\n")
        fountain = await asyncio.start_server(_give, "127.0.0.1", 0, backlog=1024)
        slammer = await asyncio.start_server(_slam, "127.0.0.1", 0, backlog=1024)
        self.ports["fountain"] = fountain.sockets[0].getsockname()[1]
        self.ports["slammer"] = slammer.sockets[0].getsockname()[1]
        stone = socket.socket()
        stone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STONE_RCVBUF)
        stone.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, STONE_MSS)
        stone.bind(("127.0.0.1", 0))
        stone.listen(1024)  # who connects is never taken up, and never read
        nobody = socket.socket()
        nobody.bind(("127.0.0.1", 0))  # not listening: connections are refused, and nobody else gets the port
        self._held += [stone, nobody]
        self.ports["stone"], self.ports["nobody"] = stone.getsockname()[1], nobody.getsockname()[1]

    def close(self) -> None:
        """Let go of what no loop holds."""
        for one in self._held:
            one.close()


async def _give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while True:
            writer.write(BLOCK)
            await writer.drain()


async def _slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
    writer.transport.abort()


@dataclass
class Stream:
    """One stream through a client."""

    host: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    reply: int  # of SOCKS; 0: connected
    received: int = 0
    counting: asyncio.Future[None] | None = None

    def abort(self) -> None:
        """Leave it as it is."""
        if self.counting is not None:
            self.counting.cancel()
        self.writer.transport.abort()


async def connect(socks_port: int, host: str, port: int, is_read: bool) -> Stream:
    """Open a stream, and count what it brings or leave it unread; the name goes to the exit."""
    reader, writer = await asyncio.open_connection("127.0.0.1", socks_port, limit=16384)
    name = host.encode()
    writer.write(b"\5\1\0" + b"\5\1\0\3" + bytes([len(name)]) + name + port.to_bytes(2, "big"))
    reply = await asyncio.wait_for(reader.readexactly(2 + 10), SOCKS_SECONDS)
    stream = Stream(host, reader, writer, reply[3])
    if is_read and stream.reply == 0:
        stream.counting = asyncio.ensure_future(_count(stream))
    return stream


async def _count(stream: Stream) -> None:
    while data := await stream.reader.read(1 << 16):
        stream.received += len(data)


class Ends:
    """What the clients tell of their streams, by host: its circuit, and the last remote reason of its end."""

    def __init__(self, network: Network) -> None:
        self.reasons: dict[str, str] = {}
        self.circuits: dict[str, tuple[int, str]] = {}
        self._controls = [network.control(client) for client in network.with_role("client")]
        for client, control in enumerate(self._controls):
            control.command("SETEVENTS STREAM")
            threading.Thread(target=self._listen, args=(client, control), daemon=True).start()

    def of(self, kind: str) -> Iterator[str]:
        """Return the reasons of all streams of this kind that have one."""
        return (reason for host, reason in sorted(self.reasons.items()) if host.startswith(f"{kind}-"))

    def _listen(self, client: int, control: Control) -> None:
        hosts: dict[str, str] = {}  # by stream: later the client puts the address in the name's place
        with contextlib.suppress(TestbedError, OSError, ValueError):
            while True:
                words = control.next_event().split()
                host = hosts.setdefault(words[1], words[4].partition(":")[0])
                if words[2] == "SUCCEEDED":
                    self.circuits[host] = (client, words[3])
                for word in words:
                    if word.startswith("REMOTE_REASON="):
                        self.reasons[host] = word.partition("=")[2]


def jain(values: list[int]) -> float:
    """Return Jain's index: 1 when all are equal, 1/n when one has everything."""
    return sum(values) ** 2 / (len(values) * sum(value * value for value in values))
