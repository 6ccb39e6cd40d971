"""rubbish - what nobody should send to a relay: each case is one connection, and says what must come of it.

CLOSED: the relay hangs up. USABLE: the link still makes circuits afterwards, so that nothing larger was closed than
had to be. ANYTHING: only that the relay lives on.
"""

from __future__ import annotations

import os
import random
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import link as tor
from link import INITIATOR, Cell, Link, LinkClosed, OnionTarget

CIRCUIT = INITIATOR | 7
OTHER_CIRCUIT = INITIATOR | 8


class Surprise(AssertionError):
    """The relay did something else than it had to."""


@dataclass(frozen=True)
class Case:
    """One connection of rubbish."""

    name: str
    play: Callable[[OnionTarget, random.Random], None]


def must_close(link: Link, what: str) -> None:
    """Expect the relay to hang up."""
    if not link.wait_until_closed():
        raise Surprise(f"{what}: the link was not closed")


def must_stay_usable(link: Link, target: OnionTarget, what: str) -> None:
    """Expect that a new circuit can be made on the link."""
    if not link.is_usable(target, OTHER_CIRCUIT):
        raise Surprise(f"{what}: the link was closed, or makes no circuits any more")


# -- below TLS


def random_bytes(target: OnionTarget, rng: random.Random) -> None:
    """Bytes that are no TLS."""
    with socket.create_connection(("127.0.0.1", target.or_port), timeout=tor.SECONDS_MAX) as raw:
        _send_quietly(raw, rng.randbytes(rng.randrange(1, 4096)))


def nothing_at_all(target: OnionTarget, _rng: random.Random) -> None:
    """A connection that is closed at once."""
    socket.create_connection(("127.0.0.1", target.or_port), timeout=tor.SECONDS_MAX).close()


def half_open_tls(target: OnionTarget, rng: random.Random) -> None:
    """A ClientHello that stops somewhere."""
    hello = tor.client_hello()
    with socket.create_connection(("127.0.0.1", target.or_port), timeout=tor.SECONDS_MAX) as raw:
        _send_quietly(raw, hello[: rng.randrange(1, len(hello))])


def broken_client_hello(target: OnionTarget, rng: random.Random) -> None:
    """A ClientHello with a few bits turned."""
    hello = bytearray(tor.client_hello())
    for _ in range(rng.randrange(1, 8)):
        hello[rng.randrange(len(hello))] ^= 1 << rng.randrange(8)
    with socket.create_connection(("127.0.0.1", target.or_port), timeout=tor.SECONDS_MAX) as raw:
        _send_quietly(raw, bytes(hello))


def garbage_after_tls_handshake(target: OnionTarget, rng: random.Random) -> None:
    """A TLS handshake, then bytes beside TLS."""
    with Link(target.or_port) as link:
        duplicate = link.raw.dup() if link.raw.fileno() >= 0 else socket.socket(fileno=os.dup(link.tls.fileno()))
        with duplicate:
            _send_quietly(duplicate, rng.randbytes(200))
        must_close(link, "garbage beside TLS")


def tls_and_nothing_more(target: OnionTarget, rng: random.Random) -> None:
    """A TLS handshake (of either version), and no cell."""
    version = rng.choice([ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    Link(target.or_port, version).close()


def _send_quietly(raw: socket.socket, data: bytes) -> None:
    try:
        raw.sendall(data)
        raw.shutdown(socket.SHUT_WR)
        raw.recv(1)
    except OSError:
        pass


# -- the link handshake


def handshake_cells(rng: random.Random) -> list[tuple[str, bytes]]:
    """Return each cell an initiator sends in the handshake, in order; the contents of CERTS and so on are random."""
    return [
        ("VERSIONS", tor.versions(4, 5)),
        ("CERTS", tor.variable(0, tor.CERTS, b"\x01\x04" + struct.pack(">H", 140) + rng.randbytes(140))),
        ("AUTHENTICATE", tor.variable(0, tor.AUTHENTICATE, struct.pack(">HH", 3, 352) + rng.randbytes(352))),
        ("NETINFO", tor.netinfo()),
    ]


def cut_handshake(cell: int, length: int) -> Case:
    """Return the case in which this cell of the handshake ends after length bytes."""

    def play(target: OnionTarget, rng: random.Random) -> None:
        cells = handshake_cells(rng)
        name, data = cells[cell]
        # A relay may hang up over CERTS already, so each cell is cut where nothing but VERSIONS came before it.
        before = b"" if name == "VERSIONS" else cells[0][1]
        with Link(target.or_port) as link:
            try:
                link.send(before + data[:length])
                link.tls.unwrap()
            except (OSError, LinkClosed):
                pass

    return Case(f"cut {('VERSIONS', 'CERTS', 'AUTHENTICATE', 'NETINFO')[cell]}", play)


def all_cuts() -> Iterator[Case]:
    """Yield each handshake cell, cut at every byte."""
    for index, (_, data) in enumerate(handshake_cells(random.Random(0))):
        for length in range(len(data)):
            yield cut_handshake(index, length)


def _sends_then_closed(name: str, make: Callable[[random.Random], bytes], after_open: bool = False) -> Case:
    def play(target: OnionTarget, rng: random.Random) -> None:
        with Link(target.or_port) as link:
            try:
                if after_open:
                    link.open()
                link.send(make(rng))
            except LinkClosed:
                return
            must_close(link, name)

    return Case(name, play)


def odd_versions(rng: random.Random) -> bytes:
    """VERSIONS of odd length."""
    return struct.pack(">HBH", 0, tor.VERSIONS, 3) + rng.randbytes(3)


HANDSHAKE_VIOLATIONS = [
    _sends_then_closed("random bytes in TLS", lambda rng: b"\xff\xff\xff\x01\x00" + rng.randbytes(3000)),
    _sends_then_closed("no common version", lambda rng: tor.versions(1, 2, 9)),
    _sends_then_closed("no version at all", lambda rng: tor.versions()),
    _sends_then_closed("odd VERSIONS", odd_versions),
    _sends_then_closed("CREATE2 before the handshake", lambda rng: tor.versions(4) + tor.fixed(CIRCUIT, tor.CREATE2)),
    _sends_then_closed("RELAY before the handshake", lambda rng: tor.versions(4) + tor.fixed(CIRCUIT, tor.RELAY)),
    _sends_then_closed(
        "CERTS without sense", lambda rng: tor.versions(4) + tor.variable(0, tor.CERTS, b"\x09" + rng.randbytes(500))
    ),
    _sends_then_closed(
        "AUTHENTICATE without CERTS",
        lambda rng: (
            tor.versions(4) + tor.variable(0, tor.AUTHENTICATE, struct.pack(">HH", 3, 352) + rng.randbytes(352))
        ),
    ),
]


def oversized_cell(target: OnionTarget, rng: random.Random) -> None:
    """A cell of variable length that states more than it brings, or brings 64 kB."""
    command = rng.choice([tor.VPADDING, tor.CERTS, tor.AUTH_CHALLENGE, tor.AUTHENTICATE, tor.AUTHORIZE, 200, 255])
    body = rng.randbytes(rng.choice([10, 65535]))
    with Link(target.or_port) as link:
        try:
            if rng.random() < 0.5:
                link.open()
            else:
                link.send(tor.versions(4, 5))
            link.send(tor.variable(0, command, body, 65535))
        except (LinkClosed, OSError):
            pass


# -- after the handshake: the smallest thing that can be blamed is closed


def _opened(name: str, play: Callable[[Link, OnionTarget, random.Random], None]) -> Case:
    def run(target: OnionTarget, rng: random.Random) -> None:
        with Link(target.or_port) as link:
            link.open()
            play(link, target, rng)

    return Case(name, run)


def unknown_circuit(link: Link, target: OnionTarget, rng: random.Random) -> None:
    """Cells of circuits that never were are ignored."""
    for command in (tor.RELAY, tor.RELAY_EARLY, tor.DESTROY, tor.CREATED2):
        link.send(tor.fixed(INITIATOR | rng.randrange(100, 1 << 30), command, rng.randbytes(509)))
    must_stay_usable(link, target, "cells on unknown circuits")


def wrong_digest(link: Link, target: OnionTarget, rng: random.Random) -> None:
    """A relay cell that nobody recognises, at the last hop, ends its circuit and nothing else."""
    link.send(tor.create2(CIRCUIT, target))
    if link.answer_to(CIRCUIT).command != tor.CREATED2:
        raise Surprise("wrong digest: the circuit was not made")
    link.send(tor.fixed(CIRCUIT, rng.choice([tor.RELAY, tor.RELAY_EARLY]), rng.randbytes(509)))
    _must_be_destroyed(link.answer_to(CIRCUIT), "wrong digest")
    must_stay_usable(link, target, "wrong digest")


def wrong_msb(link: Link, target: OnionTarget, rng: random.Random) -> None:
    """A circuit id that is the responder's to pick makes no circuit."""
    link.send(tor.create2(rng.choice([7, 0x7FFFFFFF]), target))
    try:
        while True:
            cell = link.read_cell()
            if cell.command == tor.CREATED2:
                raise Surprise("wrong MSB: a circuit was made")
            if cell.command == tor.DESTROY:
                return
    except LinkClosed:
        return


def broken_create2(link: Link, target: OnionTarget, rng: random.Random) -> None:
    """A CREATE2 that cannot be answered is refused, and the link lives on."""
    handshakes = [
        struct.pack(">HH", 2, 84) + rng.randbytes(84),
        struct.pack(">HH", 0, 186) + rng.randbytes(186),
        struct.pack(">HH", 77, 84) + rng.randbytes(84),
        struct.pack(">HH", 2, 83) + target.identity + target.ntor_key + rng.randbytes(31),
        struct.pack(">HH", 2, 84) + target.identity + target.ntor_key + bytes(32),
        struct.pack(">HH", 3, 300) + rng.randbytes(300),
    ]
    link.send(tor.fixed(CIRCUIT, tor.CREATE2, rng.choice(handshakes)))
    _must_be_destroyed(link.answer_to(CIRCUIT), "broken CREATE2")
    must_stay_usable(link, target, "broken CREATE2")


def circuit_id_twice(link: Link, target: OnionTarget, _rng: random.Random) -> None:
    """A circuit id in use makes no second circuit, and the link lives on."""
    link.send(tor.create2(CIRCUIT, target) + tor.create2(CIRCUIT, target))
    link.answer_to(CIRCUIT)
    must_stay_usable(link, target, "the same circuit id twice")


def strange_commands(link: Link, target: OnionTarget, rng: random.Random) -> None:
    """Unknown and untimely cells: whatever comes of it, the relay lives on."""
    cells = [
        tor.fixed(0, rng.choice([13, 50, 99, 127]), rng.randbytes(509)),
        tor.variable(0, rng.choice([133, 180, 255]), rng.randbytes(rng.randrange(1000))),
        tor.fixed(0, tor.PADDING_NEGOTIATE, rng.randbytes(509)),
        tor.fixed(0, tor.PADDING, rng.randbytes(509)),
        tor.variable(0, tor.VPADDING, rng.randbytes(rng.randrange(1000))),
        tor.netinfo(),
        tor.fixed(0, tor.CREATE2, rng.randbytes(509)),
        tor.fixed(CIRCUIT, 1, rng.randbytes(509)),
        tor.fixed(CIRCUIT, 5, rng.randbytes(509)),
    ]
    try:
        for cell in rng.sample(cells, 4):
            link.send(cell)
        link.is_usable(target, OTHER_CIRCUIT)
    except (LinkClosed, TimeoutError):
        pass


def circuits_left_open(link: Link, target: OnionTarget, rng: random.Random) -> None:
    """A link that vanishes with its circuits."""
    for number in range(rng.randrange(1, 6)):
        link.send(tor.create2(INITIATOR | (20 + number), target))
        link.answer_to(INITIATOR | (20 + number))


def _must_be_destroyed(cell: Cell, what: str) -> None:
    if cell.command != tor.DESTROY:
        raise Surprise(f"{what}: answered with command {cell.command}, not DESTROY")


CASES = [
    Case("random bytes", random_bytes),
    Case("nothing at all", nothing_at_all),
    Case("half-open TLS", half_open_tls),
    Case("broken ClientHello", broken_client_hello),
    Case("garbage beside TLS", garbage_after_tls_handshake),
    Case("TLS and nothing more", tls_and_nothing_more),
    *HANDSHAKE_VIOLATIONS,
    Case("oversized cell", oversized_cell),
    _opened("unknown circuit", unknown_circuit),
    _opened("wrong digest", wrong_digest),
    _opened("wrong MSB", wrong_msb),
    _opened("broken CREATE2", broken_create2),
    _opened("circuit id twice", circuit_id_twice),
    _opened("strange commands", strange_commands),
    _opened("circuits left open", circuits_left_open),
]


def sequence(total: int) -> Iterator[Case]:
    """Yield total cases: every cut of the handshake once, the others in turn."""
    cuts = list(all_cuts())[:total]
    yield from cuts
    for number in range(total - len(cuts)):
        yield CASES[number % len(CASES)]
