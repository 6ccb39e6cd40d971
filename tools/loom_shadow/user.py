"""user - the sessions of one client host, a process beside its tor in Shadow: python -m loom_shadow.user

What a session does is what the engine's do: pause, take a circuit, fetch a file, again and again. tor chooses the
paths. Each fetch and each building of a circuit is a line of JSON in transfers.jsonl. Standard library alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from pathlib import Path

from . import pattern
from .clock import NEVER, NS, now_ns, run
from .control import Control, Refused, keyword
from .server import PORT
from .torrc import CONTROL_PORT, SOCKS_PORT

SETTINGS, OUTPUT = "user.json", "transfers.jsonl"
READY_TRIES = 30  # a second each, past the scenario's time 0


class Failed(Exception):
    """How a transfer ended, by the engine's names."""


class Circuit:
    """A circuit of this client, as events tell."""

    def __init__(self, number: str, asked_at: int) -> None:
        self.number = number
        self.launched = asked_at
        self.path: list[str] = []
        self.guard_came = False
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.built: asyncio.Future[int] = asyncio.get_running_loop().create_future()


class Host:
    """The client host: its tor, its sessions and what they note."""

    def __init__(self, settings: dict, output) -> None:
        self.settings = settings
        self.output = output
        self.control = Control(self._event)
        self.circuits: dict[str, Circuit] = {}
        self.links: dict[str, int] = {}  # guards by fingerprint: when the link stood
        self.streams: dict[int, asyncio.Future[str]] = {}  # by source port: its number
        self.numbers: dict[str, int] = {}

    def note(self, **fields: object) -> None:
        self.output.write(json.dumps(fields, separators=(",", ":")) + "\n")

    def _event(self, event: str) -> None:
        words = event.split()
        if words[0] == "CIRC" and words[1] in self.circuits:
            self._circuit(self.circuits[words[1]], words)
        elif words[0] == "STREAM" and words[2] == "NEW":
            port = int(keyword(words, "SOURCE_ADDR").rpartition(":")[2] or 0)
            if port in self.streams and not self.streams[port].done():
                self.streams[port].set_result(words[1])
        elif words[0] == "ORCONN" and words[2] == "CONNECTED":
            self.links[words[1][1:41]] = now_ns()

    def _circuit(self, circuit: Circuit, words: list[str]) -> None:
        if len(words) > 3 and words[3].startswith("$"):
            circuit.path = [hop[1:41] for hop in words[3].split(",")]
        if words[2] == "BUILT" and not circuit.built.done():
            circuit.built.set_result(now_ns())
        elif words[2] in ("CLOSED", "FAILED") and not circuit.ended.done():
            circuit.ended.set_result(keyword(words, "REASON"))

    async def start(self) -> None:
        """Return when tor can build circuits; that is to be before the scenario's time 0."""
        await self.control.open(CONTROL_PORT)
        await self.control.command("SETEVENTS CIRC STREAM ORCONN")
        while now_ns() < READY_TRIES * NS:
            line = (await self.control.command("GETINFO status/enough-dir-info"))[0]
            if line.endswith("=1"):
                self.note(kind="ready", at=now_ns())
                return
            await asyncio.sleep(1)
        raise Refused(f"tor knows too little of the network by now: {line}")


class Session:
    """One user."""

    def __init__(self, host: Host, number: int) -> None:
        settings = host.settings
        self.host = host
        self.number = number
        self.load = settings["load"]
        self.draw = random.Random(f"{settings['seed']} {settings['client']} {number}")
        self.circuit: Circuit | None = None
        self.born = 0
        self.fetches = 0
        self.record: dict = {}

    def _pause(self) -> int:
        pause = self.load["pause_ns"]
        return round(self.draw.expovariate(1 / pause)) if self.load["exponential"] and pause else pause

    def _first_pause(self) -> int:
        """Return how long it is still in a pause at the beginning: of an exponential one as long as ever."""
        return self._pause() if self.load["exponential"] else round(self.draw.random() * self.load["pause_ns"])

    async def run(self) -> None:
        begin = self.host.settings["start_ns"] + self._first_pause()
        while self.load["fetches"] == 0 or self.fetches < self.load["fetches"]:
            await sleep_until(begin)
            begin = now_ns()
            await self.fetch()
            begin = max(now_ns(), begin + self._pause()) if self.load["periodic"] else now_ns() + self._pause()

    async def fetch(self) -> None:
        files = self.load["files"]
        which = self.draw.choices(range(len(files)), [one["weight"] for one in files])[0]
        server = self.draw.randrange(len(self.host.settings["servers"]))
        self.record = dict(kind="transfer", session=self.number, number=self.fetches, server=server, file=which,
                           bytes=0, new=False, path=[], started=now_ns(), built=NEVER, asked=NEVER,
                           connected=NEVER, first=NEVER, last=NEVER)  # fmt: skip
        self.fetches += 1
        try:
            await self._take_circuit()
            await self._move(files[which])
            outcome = "done"
        except Failed as failure:
            outcome = str(failure)
        except asyncio.CancelledError:
            self.host.note(**self.record, outcome="unfinished")
            raise
        self.host.note(**self.record, outcome=outcome)
        if outcome != "done" or self.load["circuit_age_ns"] == 0:
            await self._drop_circuit()

    async def _drop_circuit(self) -> None:
        circuit, self.circuit = self.circuit, None
        if circuit and not circuit.ended.done():
            with contextlib.suppress(Refused):
                await self.host.control.command(f"CLOSECIRCUIT {circuit.number}")
        if circuit:
            self.host.circuits.pop(circuit.number, None)

    async def _take_circuit(self) -> None:
        circuit, now = self.circuit, now_ns()
        if circuit and not circuit.ended.done() and now - self.born < self.load["circuit_age_ns"]:
            self.record |= dict(path=circuit.path, built=now)
            return
        await self._drop_circuit()
        self.record["new"] = True
        try:
            answer = await self.host.control.command(" ".join(["EXTENDCIRCUIT 0", *self._pinned()]))
        except Refused as refused:
            raise Failed("no-path") from refused
        circuit = self.circuit = Circuit(answer[0].split()[1], now)
        self.host.circuits[circuit.number] = circuit
        await self._wait_for(circuit)

    def _pinned(self) -> list[str]:
        path = self.host.settings["path"]
        return [",".join(f"${fingerprint}" for fingerprint in path)] if path else []

    async def _wait_for(self, circuit: Circuit) -> None:
        done, _ = await asyncio.wait({circuit.built, circuit.ended}, timeout=self.load["circuit_timeout_ns"] / NS,
                                     return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
        link_stood = self.host.links.get(circuit.path[0], 0) if circuit.path else 0
        began = max(circuit.launched, link_stood)  # the link to the guard is not counted
        outcome = "done" if circuit.built in done else "circuit-failed" if done else "circuit-timeout"
        if outcome == "circuit-failed" and circuit.ended.result() == "TIMEOUT":
            outcome = "circuit-timeout"
        ended = circuit.built.result() if outcome == "done" else now_ns()
        self.host.note(kind="build", outcome=outcome, started=began, took=max(0, ended - began))
        self.record |= dict(path=circuit.path, started=began)
        if outcome != "done":
            raise Failed(outcome)
        self.born = ended
        self.record["built"] = ended

    async def _move(self, file: dict) -> None:
        assert self.circuit is not None
        limit = file["timeout_ns"] / NS if file["timeout_ns"] else None
        try:
            async with asyncio.timeout(limit):
                await self._ask(file["bytes"])
        except TimeoutError as error:
            raise Failed("timeout") from error
        except (OSError, asyncio.IncompleteReadError, Refused) as error:
            raise Failed("circuit-closed" if self.circuit.ended.done() else "stream-ended") from error

    async def _ask(self, wanted: int) -> None:
        address = self.host.settings["servers"][self.record["server"]]
        reader, writer = await asyncio.open_connection("127.0.0.1", SOCKS_PORT)
        port = writer.get_extra_info("sockname")[1]
        stream: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.host.streams[port] = stream
        try:
            writer.write(b"\5\1\0")
            await reader.readexactly(2)
            octets = bytes(int(part) for part in address.split("."))
            writer.write(b"\5\1\0\1" + octets + PORT.to_bytes(2, "big"))
            number = await stream
            assert self.circuit is not None
            self.record["asked"] = now_ns()
            await self.host.control.command(f"ATTACHSTREAM {number} {self.circuit.number}")
            answer = await reader.readexactly(10)
            if answer[1] != 0:
                raise OSError(f"socks {answer[1]}")
            self.record["connected"] = now_ns()
            await self._receive(reader, writer, wanted)
        finally:
            self.host.streams.pop(port, None)
            writer.close()

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wanted: int) -> None:
        start = self.draw.randrange(pattern.BLOCK_LENGTH)
        request = pattern.REQUEST.pack(wanted, start)
        writer.write(request + bytes(max(0, self.load["request_bytes"] - len(request))))
        while self.record["bytes"] < wanted:
            data = await reader.read(pattern.PIECE_MAX)
            now = now_ns()
            if not data:
                raise OSError("the stream ended")
            if not pattern.matches(start + self.record["bytes"], data):
                self.host.note(kind="wrong", at=now, after=self.record["bytes"])
                raise OSError("wrong bytes")
            if self.record["bytes"] == 0:
                self.record["first"] = now
            self.record["bytes"] += len(data)
            self.record["last"] = now


async def sleep_until(at_ns: int) -> None:
    while (left := at_ns - now_ns()) > 0:
        await asyncio.sleep(left / NS)


async def main() -> None:
    settings = json.loads(Path(SETTINGS).read_text())
    with Path(OUTPUT).open("w", buffering=1) as output:
        host = Host(settings, output)
        try:
            await host.start()
        except Refused as refused:
            host.note(kind="failed", why=str(refused))
            return
        tasks = [asyncio.ensure_future(Session(host, i).run()) for i in range(settings["sessions"])]
        await sleep_until(settings["end_ns"])
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                host.note(kind="failed", why=f"{type(ended).__name__} {ended}")
        host.note(kind="ended", at=now_ns())


if __name__ == "__main__":
    run(main())
