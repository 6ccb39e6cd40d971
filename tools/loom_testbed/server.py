"""server - the far end of every transfer: streams the pattern, and checks what is uploaded."""

from __future__ import annotations

import contextlib
import socket
import threading

from . import wire

LENGTH_MAX = 1 << 40


class PatternServer:
    """Listens on a loopback port; one thread for each connection."""

    def __init__(self, port: int, stall_seconds: int = wire.STALL_SECONDS) -> None:
        self.port = port
        self._stall_seconds = stall_seconds
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._accept_forever, name="server", daemon=True).start()

    def close(self) -> None:
        """Stop listening. Connections under way end with their clients."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept_forever(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=_serve, args=(connection, self._stall_seconds), name="serve", daemon=True).start()


def _serve(connection: socket.socket, stall_seconds: int) -> None:
    with connection, contextlib.suppress(OSError, wire.TransferError):
        wire.prepare(connection, stall_seconds)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, bytes(16))  # a request may come late: wait for it
        direction, length, start = wire.REQUEST.unpack(wire.read_exactly(connection, wire.REQUEST.size))
        wire.prepare(connection, stall_seconds)
        if length > LENGTH_MAX:
            return
        if direction == wire.DOWNLOAD:
            wire.send_pattern(connection, length, start, _ignore)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
        elif direction == wire.UPLOAD:
            wrong = wire.receive_pattern(connection, length, start, _ignore, stall_seconds)
            answer = (wire.VERIFIED, length) if wrong is None else (wire.WRONG, wrong)
            connection.sendall(wire.ANSWER.pack(*answer))
            connection.recv(1)


def _ignore(_count: int) -> None:
    pass
