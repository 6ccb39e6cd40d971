"""control - tor's control port for asyncio: commands with their answers, and events. Standard library alone."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Refused(Exception):
    """The tor answered that it will not, or is gone."""


class Control:
    """One control connection; events come in the order in which tor tells them."""

    def __init__(self, on_event: Callable[[str], None]) -> None:
        self._on_event = on_event
        self._answers: deque[asyncio.Future[list[str]]] = deque()
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self, port: int, tries: int = 60) -> None:
        """Connect, once a second until tor listens."""
        for left in range(tries, 0, -1):
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
                break
            except OSError as error:
                if left == 1:
                    raise Refused(f"control port: {error}") from error
                await asyncio.sleep(1)
        self._task = asyncio.ensure_future(self._read(reader))
        await self.command("AUTHENTICATE")

    async def command(self, line: str) -> list[str]:
        """Send one command; return the lines of its answer without their status."""
        answer: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        assert self._writer is not None
        self._writer.write(line.encode() + b"\r\n")
        return await answer

    async def _read(self, reader: asyncio.StreamReader) -> None:
        lines: list[str] = []
        while line := await reader.readline():
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            status, separator = text[:3], text[3:4]
            if status == "650":
                self._on_event(text[4:])
                continue
            lines.append(text[4:])
            if separator == "+":
                while (line := await reader.readline()).rstrip(b"\r\n") not in (b".", b""):
                    lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            if separator == " ":
                answer = self._answers.popleft()
                if status.startswith("2"):
                    answer.set_result(lines)
                else:
                    answer.set_exception(Refused(text))
                lines = []
        for answer in self._answers:
            answer.set_exception(Refused("control port: tor hung up"))


def keyword(words: list[str], key: str) -> str:
    """Return the value of KEY=value among words, or ""."""
    return next((word.removeprefix(f"{key}=") for word in words if word.startswith(f"{key}=")), "")
