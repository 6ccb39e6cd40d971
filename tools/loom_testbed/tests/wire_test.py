"""Transfers against our server over plain loopback: what is right passes, what is wrong or short is said."""

import socket
from collections.abc import Iterator

import pytest
from loom_testbed import pattern, wire
from loom_testbed.ports import PortBlock
from loom_testbed.server import PatternServer


@pytest.fixture
def server() -> Iterator[PatternServer]:
    with PortBlock() as ports:
        serving = PatternServer(ports.take())
        yield serving
        serving.close()


def ask(server: PatternServer, direction: bytes, length: int, start: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    wire.prepare(connection)
    connection.sendall(wire.REQUEST.pack(direction, length, start))
    return connection


def test_a_download_arrives_whole(server: PatternServer) -> None:
    length = 3 * pattern.BLOCK_LENGTH + 12345
    moved: list[int] = []
    with ask(server, wire.DOWNLOAD, length, 99) as connection:
        assert wire.receive_pattern(connection, length, 99, moved.append) is None
        assert connection.recv(1) == b""
    assert sum(moved) == length


def test_a_download_from_elsewhere_in_the_pattern_is_wrong(server: PatternServer) -> None:
    with ask(server, wire.DOWNLOAD, 1000, 99) as connection:
        assert wire.receive_pattern(connection, 1000, 100, lambda _: None) is not None


def test_an_upload_is_confirmed(server: PatternServer) -> None:
    length = 2 * pattern.BLOCK_LENGTH
    with ask(server, wire.UPLOAD, length, 7) as connection:
        wire.send_pattern(connection, length, 7, lambda _: None)
        assert wire.ANSWER.unpack(wire.read_exactly(connection, wire.ANSWER.size)) == (wire.VERIFIED, length)


def test_a_wrong_byte_of_an_upload_is_named(server: PatternServer) -> None:
    data = bytearray(pattern.piece(7, 60_000))
    data[54_321] ^= 0x80
    with ask(server, wire.UPLOAD, len(data), 7) as connection:
        connection.sendall(data)
        assert wire.ANSWER.unpack(wire.read_exactly(connection, wire.ANSWER.size)) == (wire.WRONG, 54_321)


def test_an_early_end_is_an_error() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(pattern.piece(0, 100))
    theirs.close()
    with ours, pytest.raises(wire.TransferError, match="ended after 100 of 101"):
        wire.receive_pattern(ours, 101, 0, lambda _: None)
