"""A server, and a client that fetches from it through a tor's SOCKS port: both ends of a stream in Shadow.

    stream_peer.py server PORT
    stream_peer.py client ADDRESS PORT SOCKS_PORT FETCHES BYTES     a circuit of its own for each; prints "fetched N"

Standard library alone: this runs in Shadow, where tgen need not be installed.
"""

from __future__ import annotations

import socket
import sys
import threading
import time

PATTERN = bytes(i * 7 % 251 for i in range(251)) * 64
PAUSE_S = 1.0


def pattern(length: int) -> bytes:
    """Return that many bytes, which no relay could make up."""
    return (PATTERN * (length // len(PATTERN) + 1))[:length]


def exactly(connection: socket.socket, length: int) -> bytes:
    """Return that many bytes, or fewer at the end of the stream."""
    parts = []
    while length > 0 and (part := connection.recv(min(length, 65536))):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def answer(connection: socket.socket) -> None:
    """Send as many bytes as four of them ask for."""
    with connection:
        connection.sendall(pattern(int.from_bytes(exactly(connection, 4), "big")))


def serve(port: int) -> None:
    """Answer for ever."""
    with socket.create_server(("0.0.0.0", port)) as listener:
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def fetch(address: str, port: int, socks_port: int, number: int, length: int) -> bool:
    """Fetch over a circuit that no other fetch has: say whether all came and was right."""
    name = f"fetch{number}".encode()
    with socket.create_connection(("127.0.0.1", socks_port)) as connection:
        connection.sendall(b"\5\1\2")
        exactly(connection, 2)
        connection.sendall(b"\1" + bytes([len(name)]) + name + b"\1x")  # circuits are apart by names
        exactly(connection, 2)
        connection.sendall(b"\5\1\0\1" + socket.inet_aton(address) + port.to_bytes(2, "big"))
        reply = exactly(connection, 10)
        if reply[1:2] != b"\0":
            return False
        connection.sendall(length.to_bytes(4, "big"))
        return exactly(connection, length) == pattern(length)


def main(words: list[str]) -> None:
    """Run the one or the other."""
    if words[0] == "server":
        serve(int(words[1]))
    address, (port, socks_port, fetches, length) = words[1], map(int, words[2:])
    good = 0
    for number in range(fetches):
        try:
            good += fetch(address, port, socks_port, number, length)
        except OSError as error:
            print(f"fetch {number}: {error}", flush=True)
        time.sleep(PAUSE_S)
    print(f"fetched {good}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
