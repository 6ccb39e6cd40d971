"""link - the initiator's side of a Tor link (tor-spec 3 and 4), as much as it takes to send right and wrong cells.

TLS without verification, VERSIONS, and the responder's cells read but not believed. Circuits are made with CREATE2
and a random point: any 32 bytes are an X25519 public key, and nobody here needs the shared secret.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
from dataclasses import dataclass
from types import TracebackType

PADDING, CREATED2, RELAY, DESTROY, VERSIONS, NETINFO, RELAY_EARLY, CREATE2 = 0, 11, 3, 4, 7, 8, 9, 10
PADDING_NEGOTIATE, VPADDING, CERTS, AUTH_CHALLENGE, AUTHENTICATE, AUTHORIZE = 12, 128, 129, 130, 131, 132
BODY_LENGTH = 509
INITIATOR = 0x80000000  # the TLS initiator sets the highest bit of the circuit ids that it picks
SECONDS_MAX = 20.0


class LinkClosed(Exception):
    """The relay closed the link."""


@dataclass(frozen=True)
class OnionTarget:
    """Whom to reach, and with which onion key."""

    or_port: int
    identity: bytes  # SHA-1 of the RSA key
    ntor_key: bytes


@dataclass(frozen=True)
class Cell:
    """One cell as it came."""

    circuit: int
    command: int
    body: bytes


def fixed(circuit: int, command: int, body: bytes = b"") -> bytes:
    """Encode a cell of fixed length, link protocol 4 and later."""
    return struct.pack(">IB", circuit, command) + body[:BODY_LENGTH].ljust(BODY_LENGTH, b"\0")


def variable(circuit: int, command: int, body: bytes, length: int | None = None) -> bytes:
    """Encode a cell of variable length; `length` states another one than the body has."""
    return struct.pack(">IBH", circuit, command, len(body) if length is None else length) + body


def versions(*offered: int) -> bytes:
    """Encode VERSIONS, whose circuit id has two bytes always."""
    body = b"".join(struct.pack(">H", version) for version in offered)
    return struct.pack(">HBH", 0, VERSIONS, len(body)) + body


def netinfo() -> bytes:
    """Encode a NETINFO that tells nothing: no time, the peer at 127.0.0.1, no addresses of ours."""
    return fixed(0, NETINFO, struct.pack(">I", 0) + b"\x04\x04" + socket.inet_aton("127.0.0.1") + b"\0")


def create2(circuit: int, target: OnionTarget) -> bytes:
    """Encode CREATE2 with an ntor handshake that the target can answer."""
    return fixed(circuit, CREATE2, struct.pack(">HH", 2, 84) + target.identity + target.ntor_key + os.urandom(32))


def tls_context(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """Return a TLS client that believes everything; of one version only, if given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def client_hello() -> bytes:
    """Return the first bytes a TLS client sends."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = tls_context().wrap_bio(incoming, outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


class Link:
    """One link, in TLS from the start; open() shakes hands."""

    def __init__(self, or_port: int, version: ssl.TLSVersion | None = None, source: str = "127.0.0.1") -> None:
        self.raw = socket.create_connection(("127.0.0.1", or_port), SECONDS_MAX, (source, 0))
        self.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.tls = tls_context(version).wrap_socket(self.raw)
        except OSError:
            self.raw.close()
            raise
        self._buffer = b""

    def open(self) -> list[Cell]:
        """Shake hands as a client does, without authenticating; return the responder's CERTS to NETINFO."""
        self.send(versions(4, 5))
        self._expect_versions()
        cells = []
        while not cells or cells[-1].command != NETINFO:
            cells.append(self.read_cell())
        self.send(netinfo())
        return cells

    def send(self, data: bytes) -> None:
        """Send bytes inside TLS; raise LinkClosed when the relay has hung up."""
        try:
            self.tls.sendall(data)
        except TimeoutError:
            raise
        except OSError as error:
            raise LinkClosed from error

    def read_cell(self) -> Cell:
        """Read the next cell; raise LinkClosed at the end, TimeoutError when nothing comes."""
        circuit, command = struct.unpack(">IB", self._read(5))
        length = BODY_LENGTH
        if command == VERSIONS or command >= VPADDING:
            (length,) = struct.unpack(">H", self._read(2))
        return Cell(circuit, command, self._read(length))

    def answer_to(self, circuit: int) -> Cell:
        """Read cells up to the first one of a circuit."""
        while (cell := self.read_cell()).circuit != circuit or cell.command == PADDING:
            pass
        return cell

    def is_usable(self, target: OnionTarget, circuit: int) -> bool:
        """Say whether the relay still makes circuits on this link."""
        try:
            self.send(create2(circuit, target))
            return self.answer_to(circuit).command == CREATED2
        except LinkClosed:
            return False

    def wait_until_closed(self) -> bool:
        """Read away what comes; say whether the relay closed the link (and did not merely fall silent)."""
        try:
            while True:
                self._read(1)
        except LinkClosed:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        """Close without a word."""
        self.tls.close()

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _expect_versions(self) -> None:
        _, command, length = struct.unpack(">HBH", self._read(5))
        if command != VERSIONS:
            raise LinkClosed(f"the first cell has command {command}")
        self._read(length)

    def _read(self, length: int) -> bytes:
        while len(self._buffer) < length:
            try:
                more = self.tls.recv(65536)
            except TimeoutError:
                raise
            except OSError as error:
                raise LinkClosed from error
            if not more:
                raise LinkClosed
            self._buffer += more
        data, self._buffer = self._buffer[:length], self._buffer[length:]
        return data
