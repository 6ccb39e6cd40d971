"""directory_link - a client's links and one-hop circuits, over which it asks a relay for directory documents.

As tor's clients do: ntor, BEGIN_DIR, HTTP over DATA cells, SENDMEs with digests. Whatever the relay's certificates say
is believed: who is asked is known by its onion key. Runs in one asyncio loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import socket
import ssl
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

PADDING, RELAY, DESTROY, VERSIONS, NETINFO, CREATE2, CREATED2, VPADDING = 0, 3, 4, 7, 8, 10, 11, 128
DATA, END, CONNECTED, SENDME, BEGIN_DIR = 2, 3, 4, 5, 13
LINK_VERSION = 5
BODY_LENGTH, HEAD_LENGTH = 509, 11
CELL_LENGTH = 5 + BODY_LENGTH
INITIATOR = 0x80000000
NTOR = b"ntor-curve25519-sha256-1"
CIRCUIT_CELLS, STREAM_CELLS = 100, 50  # a SENDME acknowledges so many
SECONDS_MAX = 60.0
READ_BYTES = 1 << 18


class DirectoryError(Exception):
    """A request failed; the text says how."""


@dataclass(frozen=True)
class Target:
    """A relay."""

    port: int
    identity: bytes  # SHA-1 of the RSA key
    onion_key: bytes


@dataclass(frozen=True)
class Answer:
    """What came of a request."""

    status: int
    encoding: str
    body: bytes


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


class Handshake:
    """ntor, the client's side (tor-spec 5.1.4)."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._private = X25519PrivateKey.generate()
        self._public = self._private.public_key().public_bytes_raw()
        self.request = struct.pack(">HH", 2, 84) + target.identity + target.onion_key + self._public

    def finish(self, body: bytes) -> bytes:
        """Check the relay's answer; return the key material."""
        theirs, proof = body[2:34], body[34:66]
        node = self._target.identity + self._target.onion_key
        secret = b"".join(
            self._private.exchange(X25519PublicKey.from_public_bytes(key)) for key in (theirs, self._target.onion_key)
        )
        secret += node + self._public + theirs + NTOR
        verify = _hmac(NTOR + b":verify", secret)
        if proof != _hmac(NTOR + b":mac", verify + node + theirs + self._public + NTOR + b"Server"):
            raise DirectoryError("the relay does not have its onion key")
        seed, block, material = _hmac(NTOR + b":key_extract", secret), b"", b""
        for number in itertools.count(1):
            block = _hmac(seed, block + NTOR + b":key_expand" + bytes([number]))
            material += block
            if len(material) >= 72:
                return material
        raise AssertionError


class DirectoryCircuit:
    """A circuit of one hop, with at most one stream at a time."""

    def __init__(self, link: DirectoryLink, number: int) -> None:
        self.may_read = asyncio.Event()  # cleared: what comes is not acknowledged, so that the relay has to wait
        self.may_read.set()
        self._link, self._number = link, number
        self._news: asyncio.Queue[bytes] = asyncio.Queue()
        self._stream = 0
        self._cells = self._stream_cells = 0

    async def create(self) -> None:
        """Make it."""
        handshake = Handshake(self._link.target)
        self._link.send(self._number, CREATE2, handshake.request)
        async with asyncio.timeout(SECONDS_MAX):
            answer = await self._news.get()
        if not answer:
            raise DirectoryError("the relay refuses a circuit")
        keys = handshake.finish(answer)
        self._forth, self._back = hashlib.sha1(keys[:20]), hashlib.sha1(keys[20:40])
        self._seal = Cipher(AES(keys[40:56]), CTR(bytes(16))).encryptor()
        self._open = Cipher(AES(keys[56:72]), CTR(bytes(16))).decryptor()

    def take(self, command: int, bodies: list[bytes]) -> None:
        """Take cells off the link; a DESTROY is an empty one."""
        self._news.put_nowait(b"" if command == DESTROY else b"".join(bodies))

    async def get(self, path: str, *headers: str) -> Answer:
        """Ask for a document and read it to its end."""
        self._stream += 1
        self._stream_cells = 0
        self._relay(BEGIN_DIR)
        request = "\r\n".join([f"GET {path} HTTP/1.0", "Host: 127.0.0.1", *headers, "", ""]).encode()
        while request:
            self._relay(DATA, request[:498])
            request = request[498:]
        parts: list[bytes] = []
        while not await self._read_some(parts):
            await self.may_read.wait()
        head, found, body = b"".join(parts).partition(b"\r\n\r\n")
        if not found:
            raise DirectoryError(f"{path}: no answer")
        lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        length = int(fields.get("content-length", len(body)))
        if length != len(body):
            raise DirectoryError(f"{path}: {len(body)} of {length} bytes came")
        return Answer(int(lines[0].split()[1]), fields.get("content-encoding", "identity"), body)

    def close(self) -> None:
        """Destroy it."""
        self._link.send(self._number, DESTROY, b"\0")
        self._link.forget(self._number)

    async def _read_some(self, parts: list[bytes]) -> bool:
        """Take what has come; True at the end of the stream."""
        async with asyncio.timeout(SECONDS_MAX):
            sealed = await self._news.get()
        if not sealed:
            raise DirectoryError("the relay destroyed the circuit")
        plain = self._open.update(sealed)
        is_over = False
        for at in range(0, len(plain), BODY_LENGTH):
            body = plain[at : at + BODY_LENGTH]
            self._back.update(body[:5] + bytes(4) + body[9:])
            command, recognized, stream, digest, length = struct.unpack(">BHH4sH", body[:HEAD_LENGTH])
            if recognized or digest != self._back.digest()[:4]:
                raise DirectoryError("a cell that cannot be read")
            if command == DATA:
                self._count_data(stream)
            if command == DATA and stream == self._stream:
                parts.append(body[HEAD_LENGTH : HEAD_LENGTH + length])
            is_over |= command == END and stream == self._stream
        return is_over

    def _count_data(self, stream: int) -> None:
        self._cells += 1
        if self._cells % CIRCUIT_CELLS == 0:
            self._relay(SENDME, struct.pack(">BH", 1, 20) + self._back.digest(), stream=0)
        if stream == self._stream:
            self._stream_cells += 1
            if self._stream_cells % STREAM_CELLS == 0:
                self._relay(SENDME)

    def _relay(self, command: int, data: bytes = b"", stream: int | None = None) -> None:
        stream = self._stream if stream is None else stream
        start, end = struct.pack(">BHH", command, 0, stream), struct.pack(">H", len(data)) + data
        end = end.ljust(BODY_LENGTH - 9, b"\0")
        self._forth.update(start + bytes(4) + end)
        self._link.send(self._number, RELAY, self._seal.update(start + self._forth.digest()[:4] + end))


class DirectoryLink:
    """A link to a relay, not authenticated."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._circuits: dict[int, DirectoryCircuit] = {}
        self._numbers = itertools.count(1)
        self._writer: asyncio.StreamWriter
        self._task: asyncio.Task[None]

    async def open(self, context: ssl.SSLContext) -> None:
        """Connect and shake hands (tor-spec 4.2)."""
        async with asyncio.timeout(SECONDS_MAX):
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self.target.port, ssl=context, limit=READ_BYTES
            )
            self._writer.write(struct.pack(">HBHH", 0, VERSIONS, 2, LINK_VERSION))
            _, _, length = struct.unpack(">HBH", await self._reader.readexactly(5))
            await self._reader.readexactly(length)
            while await self._read_variable() != NETINFO:
                pass
        body = struct.pack(">I", 0) + b"\x04\x04" + socket.inet_aton("127.0.0.1") + b"\0"
        self.send(0, NETINFO, body)
        self._task = asyncio.create_task(self._read())

    async def circuit(self) -> DirectoryCircuit:
        """Make a circuit."""
        number = INITIATOR | next(self._numbers)
        circuit = self._circuits[number] = DirectoryCircuit(self, number)
        await circuit.create()
        return circuit

    def send(self, number: int, command: int, body: bytes) -> None:
        """Send a cell."""
        self._writer.write(struct.pack(">IB", number, command) + body.ljust(BODY_LENGTH, b"\0"))

    def forget(self, number: int) -> None:
        """Drop what still comes for a circuit."""
        self._circuits.pop(number, None)

    @property
    def is_over(self) -> bool:
        """Say whether the relay has hung up."""
        return self._task.done()

    async def close(self) -> None:
        """Hang up."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), SECONDS_MAX)

    async def _read_variable(self) -> int:
        _, command = struct.unpack(">IB", await self._reader.readexactly(5))
        length = BODY_LENGTH
        if command == VERSIONS or command >= VPADDING:
            (length,) = struct.unpack(">H", await self._reader.readexactly(2))
        await self._reader.readexactly(length)
        return command

    async def _read(self) -> None:
        """Give circuits their cells, those of one in a row together; all of fixed length from here on."""
        rest = b""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while data := await self._reader.read(READ_BYTES):
                rest = self._cut(rest + data)
        for circuit in list(self._circuits.values()):
            circuit.take(DESTROY, [])

    def _cut(self, data: bytes) -> bytes:
        run: list[bytes] = []
        of: tuple[int, int] = (0, PADDING)
        at = 0
        while len(data) - at >= 7:
            number, command, length = struct.unpack_from(">IBH", data, at)
            end = at + 7 + length if command >= VPADDING else at + CELL_LENGTH
            if end > len(data):
                break
            if (number, command) != of:
                self._give(of, run)
                run, of = [], (number, command)
            run.append(data[at + 5 : end])
            at = end
        self._give(of, run)
        return data[at:]

    def _give(self, of: tuple[int, int], run: list[bytes]) -> None:
        number, command = of
        circuit = self._circuits.get(number)
        if circuit is None or command not in (RELAY, CREATED2, DESTROY):
            return
        circuit.take(command, run)
        if command == DESTROY:
            self.forget(number)


def tls_context() -> ssl.SSLContext:
    """Return a TLS client that believes everything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
