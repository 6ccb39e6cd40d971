"""observer - what a relay reads and writes in each second, a process beside it in Shadow.

    python -m loom_shadow.observer tor|loom

A line a second in bytes.txt, or one after several when the relay took so long to tell: the scenario's second, and the
bytes read and written since the relay began. A tor tells by its
control port, where it is also asked to fetch the first consensus at once; Loom by its MetricsPort.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from .clock import NS, RELOAD_S, ZERO_S, now_ns, run
from .control import Control, Refused
from .torrc import CONTROL_PORT, METRICS_PORT

OUTPUT = "bytes.txt"
ANSWER_S = 5  # a relay that is full may take so long
_LENGTH = re.compile(r"^Content-Length: (\d+)\r$", re.MULTILINE | re.IGNORECASE)
_COUNTER = r'^loom_work_total\{{manager="[^"]*",kind="bytes_{}"\}} (\d+)$'
_COUNTERS = [re.compile(_COUNTER.format(way), re.MULTILINE) for way in ("received", "sent")]


async def until(second: int) -> None:
    """Sleep until the scenario's second begins."""
    await asyncio.sleep(max(0.0, second - now_ns() / NS))


async def of_tor() -> None:
    control = Control(lambda event: None)
    await control.open(CONTROL_PORT)
    await until(RELOAD_S - ZERO_S)
    await control.command("SIGNAL RELOAD")

    async def read() -> tuple[int, int]:
        lines = await control.command("GETINFO traffic/read traffic/written")
        return int(lines[0].partition("=")[2]), int(lines[1].partition("=")[2])

    await every_second(read)


class MetricsPort:
    """Asks over one connection: Shadow has it that every other new one on a host is not answered (docs/shadow.md)."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self) -> str:
        """Return all metrics. What ends before its answer closes the connection; the next question opens another."""
        try:
            if self._reader is None or self._writer is None:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            length = _LENGTH.search(head)
            if length is None:
                raise Refused(f"MetricsPort: {head.splitlines()[0]}")
            return (await self._reader.readexactly(int(length.group(1)))).decode()
        except BaseException:  # one that is cancelled, too
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def bytes_of(metrics: str) -> tuple[int, int]:
    """Return what all of the relay's threads together have received and sent."""
    found = [counter.findall(metrics) for counter in _COUNTERS]
    if not all(found):
        raise Refused("the relay does not tell its bytes")
    return sum(map(int, found[0])), sum(map(int, found[1]))


async def of_loom() -> None:
    port = MetricsPort(METRICS_PORT)

    async def read() -> tuple[int, int]:
        return bytes_of(await port.ask())

    await every_second(read)


async def every_second(read) -> None:
    with Path(OUTPUT).open("w", buffering=1) as file:
        second = 0
        while True:
            await until(second)
            try:
                async with asyncio.timeout(ANSWER_S):
                    got = await read()
                file.write(f"{second} {got[0]} {got[1]}\n")
            except (TimeoutError, asyncio.IncompleteReadError):
                pass  # the next answer is of more seconds
            except (OSError, Refused) as error:
                file.write(f"gone {error}\n")
                return
            second = max(second + 1, now_ns() // NS)


if __name__ == "__main__":
    run(of_tor() if sys.argv[1] == "tor" else of_loom())
