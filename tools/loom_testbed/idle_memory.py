"""idle_memory - the memory of one relay, Loom or tor, while loom-load fills it in stages with circuits that idle.

Between the stages nothing moves but padding. A stage's memory is read once the relay has settled: allocators and relays
give back lazily, so it is waited for until nothing has changed for some seconds.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from . import lone_relay
from .bench_sides import Side, put_first
from .errors import TestbedError
from .process import require_alive, stop_all

STEADY_SECONDS = 4.0
STEADY_BYTES = 32 * 1024
SETTLE_SECONDS_MAX = 60.0
SAMPLE_EVERY_SECONDS = 0.5
STOP_SECONDS_MAX = 60.0
# Denial-of-service defences would take one address with that many circuits for an attacker.
TORRC = "DoSCircuitCreationEnabled 0\nDoSConnectionEnabled 0\nDoSStreamCreationEnabled 0\n"

Told = Callable[["Stage"], None]


@dataclass(frozen=True)
class Memory:
    """Bytes of a process: resident, its share of what is shared, and what is its own and no file's."""

    rss: int
    pss: int
    anonymous: int


@dataclass(frozen=True)
class Stage:
    """What was there, and the memory of the relay then; cycle counts how often it has been filled."""

    name: str
    cycle: int
    links: int
    circuits: int
    memory: Memory
    is_steady: bool

    @property
    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        return asdict(self)


@dataclass(frozen=True)
class Filling:
    """How much, and in how many steps; how long a stage lasts at least."""

    generator: Path
    circuits: int
    links: int
    steps: int
    cycles: int
    settle_seconds: float

    def command(self, relay: lone_relay.LoneRelay) -> list[str]:
        """Return the generator's command."""
        return [str(self.generator), *relay.as_options(), "--links", str(self.links), "--circuits",
                str(self.circuits), "--idle", str(self.steps)]  # fmt: skip


def parse(smaps_rollup: str) -> Memory:
    """Parse /proc/PID/smaps_rollup."""
    found = dict(re.findall(r"^(\w+):\s+(\d+) kB$", smaps_rollup, re.MULTILINE))
    return Memory(*(1024 * int(found[key]) for key in ("Rss", "Pss", "Anonymous")))


def read(pid: int) -> Memory:
    """Read a process's memory."""
    return parse(Path(f"/proc/{pid}/smaps_rollup").read_text())


def fill(side: Side, filling: Filling, directory: Path, port: int, told: Told, at_full: Told) -> list[Stage]:
    """Start the relay, fill it as often as that is asked for, and return all stages; at_full is called at "used"."""
    put_first()
    stages: list[Stage] = []

    def note(name: str, cycle: int, links: int, circuits: int) -> Stage:
        require_alive([relay.child])
        memory, is_steady = _settled(relay.child.pid, filling.settle_seconds)
        stages.append(Stage(name, cycle, links, circuits, memory, is_steady))
        told(stages[-1])
        return stages[-1]

    relay = lone_relay.start(side.name, side.command, directory, port, TORRC + side.torrc)
    try:
        note("started", 1, 0, 0)
        for cycle in range(1, filling.cycles + 1):
            with _generator(filling.command(relay), directory) as orders:
                for order in orders:
                    stage = note(order["stage"], cycle, order["links"], order["circuits"])
                    if stage.name == "used":
                        at_full(stage)
            note("closed", cycle, 0, 0)
    finally:
        stop_all([relay.child])
    return stages


@contextmanager
def _generator(command: Sequence[str], directory: Path) -> Iterator[Iterator[dict]]:
    log = directory / "generator.log"
    with (
        log.open("wb") as err,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True) as child,
    ):
        try:
            yield _orders(child)
            status = child.wait(STOP_SECONDS_MAX)
        except BaseException:
            child.kill()
            raise
    if status != 0:
        said = log.read_text(errors="replace").strip().splitlines() or [f"ended with status {status}"]
        raise TestbedError(f"{directory.name}: {said[-1]}")


def _orders(child: subprocess.Popen[str]) -> Iterator[dict]:
    """Give out what the generator says; it goes on when the next one is asked for."""
    for line in child.stdout or ():
        yield json.loads(line)
        try:
            child.stdin.write("\n")
            child.stdin.flush()
        except BrokenPipeError:
            return  # its status says why


def _settled(pid: int, seconds_min: float) -> tuple[Memory, bool]:
    """Wait until the memory has not changed for a while; it is what it was last, and whether it was steady."""
    began = time.monotonic()
    since, memory = began, read(pid)
    while True:
        time.sleep(SAMPLE_EVERY_SECONDS)
        now, last = time.monotonic(), read(pid)
        if abs(last.rss - memory.rss) > STEADY_BYTES:
            since, memory = now, last
        is_steady = now - since >= STEADY_SECONDS
        if (is_steady and now - began >= seconds_min) or now - began > SETTLE_SECONDS_MAX:
            return last, is_steady
