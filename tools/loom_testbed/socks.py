"""socks - the client half of SOCKS5 (RFC 1928), as much as a connect needs."""

from __future__ import annotations

import socket

from .errors import TestbedError

REPLIES = {
    1: "general failure",
    2: "not allowed",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time out",
    7: "command not supported",
    8: "address type not supported",
}


class SocksError(TestbedError):
    """The proxy refused or broke off."""


def connect(
    proxy_port: int, target_port: int, seconds_max: float, isolation: str = "", host: str = ""
) -> socket.socket:
    """Connect to target_port of 127.0.0.1, or of host (an onion service), through the SOCKS proxy; streams of another
    isolation share no circuit."""
    try:
        connection = socket.create_connection(("127.0.0.1", proxy_port), timeout=seconds_max)
    except OSError as error:
        raise SocksError(f"socks: {error}") from error
    try:
        _negotiate(connection, isolation)
        name = host.encode()
        address = b"\x03" + bytes([len(name)]) + name if host else b"\x01" + socket.inet_aton("127.0.0.1")
        connection.sendall(b"\x05\x01\x00" + address + target_port.to_bytes(2, "big"))
        reply = _read_exactly(connection, 10)
        if reply[1] != 0:
            raise SocksError(f"socks: the client answered: {REPLIES.get(reply[1], reply[1])}")
    except OSError as error:
        connection.close()
        raise SocksError(f"socks: {error}") from error
    except SocksError:
        connection.close()
        raise
    return connection


def _negotiate(connection: socket.socket, isolation: str) -> None:
    if not isolation:
        connection.sendall(b"\x05\x01\x00")
        _read_exactly(connection, 2)
        return
    name = isolation.encode()
    connection.sendall(b"\x05\x01\x02")
    _read_exactly(connection, 2)
    connection.sendall(b"\x01" + bytes([len(name)]) + name + bytes([len(name)]) + name)
    _read_exactly(connection, 2)


def _read_exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise SocksError("socks: the client closed the connection")
        data += more
    return data
