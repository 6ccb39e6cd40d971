"""control - the few commands of tor's control protocol (control-spec) that a testbed needs."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from .errors import TestbedError

SECONDS_MAX = 30.0


class ControlRefused(TestbedError):
    """The tor answered that it will not."""


@dataclass(frozen=True)
class Circuit:
    """One line of `GETINFO circuit-status`; the path is fingerprints, nearest first."""

    circuit_id: str
    status: str
    path: tuple[str, ...]
    purpose: str
    conflux_id: str


@dataclass(frozen=True)
class Stream:
    """One line of `GETINFO stream-status`."""

    stream_id: str
    status: str
    circuit_id: str
    target: str


class Control:
    """One authenticated control connection."""

    def __init__(self, port: int, cookie: Path) -> None:
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX)
            self._file = self._socket.makefile("rwb")
            self.command(f"AUTHENTICATE {cookie.read_bytes().hex()}")
        except OSError as error:
            raise TestbedError(f"control: port {port}: {error}") from error

    def command(self, line: str) -> list[str]:
        """Send one command and return the lines of its answer without their status; raise when it is refused."""
        self._file.write(line.encode() + b"\r\n")
        self._file.flush()
        lines: list[str] = []
        while True:
            reply = self._read_line()
            status, separator, text = reply[:3], reply[3:4], reply[4:]
            lines.append(text)
            if separator == "+":
                lines += self._read_data()
            if separator == " ":
                if not status.startswith("2"):
                    raise ControlRefused(f"control: {line.split()[0]}: {reply}")
                return lines

    def try_command(self, line: str) -> bool:
        """Send one command; say whether it was obeyed."""
        try:
            self.command(line)
        except ControlRefused:
            return False
        return True

    def getinfo(self, key: str) -> list[str]:
        """Return the lines of one GETINFO key."""
        lines = self.command(f"GETINFO {key}")[:-1]
        lines[0] = lines[0].removeprefix(f"{key}=")  # empty when the value follows as data
        return [line for line in lines if line]

    def circuits(self) -> list[Circuit]:
        """List the circuits this tor has as their origin."""
        return [parse_circuit(line) for line in self.getinfo("circuit-status")]

    def streams(self) -> list[Stream]:
        """List the streams that its users have open."""
        return [parse_stream(line) for line in self.getinfo("stream-status")]

    def link_bytes(self) -> tuple[int, int]:
        """Return the bytes it has read and written since it started."""
        return int(self.getinfo("traffic/read")[0]), int(self.getinfo("traffic/written")[0])

    def next_event(self) -> str:
        """Return the next event that SETEVENTS has asked for, without its status; raise when none comes."""
        try:
            return self._read_line()[4:]
        except TimeoutError as error:
            raise TestbedError("control: no event") from error

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()

    def __enter__(self) -> Control:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_line(self) -> str:
        line: bytes = self._file.readline()
        if not line.endswith(b"\n"):
            raise TestbedError("control: the connection was closed")
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def _read_data(self) -> list[str]:
        lines = []
        while (line := self._read_line()) != ".":
            lines.append(line)
        return lines


def parse_circuit(line: str) -> Circuit:
    """Parse a circuit's status line."""
    words = line.split()
    path = words[2].split(",") if len(words) > 2 and words[2].startswith("$") else []
    return Circuit(
        circuit_id=words[0],
        status=words[1],
        path=tuple(re.sub(r"[~=].*", "", hop).removeprefix("$") for hop in path),
        purpose=_keyword(words, "PURPOSE"),
        conflux_id=_keyword(words, "CONFLUX_ID"),
    )


def parse_stream(line: str) -> Stream:
    """Parse a stream's status line."""
    stream_id, status, circuit_id, target, *_ = line.split()
    return Stream(stream_id, status, circuit_id, target)


def _keyword(words: list[str], key: str) -> str:
    return next((word.removeprefix(f"{key}=") for word in words if word.startswith(f"{key}=")), "")
