"""calibrate_primitives - what the pieces of a relay's work cost by themselves, as loom-primitives measures them; and
the yardstick, which runs beside a relay and says how fast its core is meanwhile."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .bench_sides import put_first
from .errors import TestbedError

PROGRAM = "loom-primitives"
EVERY_MS = 60  # between two readings: 2 ms of 62 are the yardstick's
PATIENCE_SECONDS = 60.0
YARDSTICK_SECONDS_MAX = 600


@dataclass(frozen=True)
class Primitive:
    """One measured piece; ns is the corrected median of a unit, spread its quartiles' distance by the median."""

    name: str
    variant: str
    size_of: str
    size: int
    unit: str
    ns: float = 0.0
    least: float = 0.0
    spread: float = 0.0
    raw_ns: float = 0.0
    batches: int = 0
    missing: str = ""

    @property
    def label(self) -> str:
        """Return the piece in a few words."""
        size = f"{self.size} {self.size_of}" if self.size_of else ""
        return ", ".join(part for part in (self.name, self.variant, size) if part)


@dataclass(frozen=True)
class Primitives:
    """All that loom-primitives said."""

    all: tuple[Primitive, ...]
    yardstick: Mapping[str, object] = field(default_factory=dict)

    def find(self, name: str, variant: str = "", size: int = 0) -> Primitive | None:
        """Return the one of that name; None when it could not be measured here."""
        for one in self.all:
            if (one.name, one.size) == (name, size) and variant in ("", one.variant) and not one.missing:
                return one
        return None

    @property
    def missing(self) -> dict[str, str]:
        """Return what could not be measured, and why."""
        return {one.label: one.missing for one in self.all if one.missing}


def parse(said: Mapping[str, object]) -> Primitives:
    """Read the JSON of loom-primitives."""
    found = []
    for one in said["primitives"]:  # type: ignore[attr-defined]
        named = {key: one[key] for key in ("name", "variant", "size_of", "size", "unit")}
        if "missing" in one:
            found.append(Primitive(**named, missing=one["missing"]))
            continue
        ns = one["ns"]
        found.append(Primitive(**named, ns=ns["median"], least=ns["least"], spread=ns["spread"],
                               raw_ns=one["raw_ns"]["median"], batches=one["batches"]))  # fmt: skip
    return Primitives(tuple(found), said["yardstick"])  # type: ignore[arg-type]


def measure(program: Path, seconds: float, say: Callable[[str], None]) -> Primitives:
    """Run loom-primitives for so long."""
    if not os.access(program, os.X_OK):
        raise TestbedError(f"{program}: no such program; tools/lib/build release loom-primitives makes it")
    put_first()
    command = [str(program), "--milliseconds", str(max(1, round(1000 * seconds)))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None and child.stdout is not None
        last = ""
        try:
            for line in child.stderr:
                last = line.strip()
                say(last)
            out, _ = child.communicate(timeout=seconds + PATIENCE_SECONDS)
        finally:
            if child.poll() is None:
                child.kill()
    if child.returncode != 0:
        raise TestbedError(f"{PROGRAM}: {last or f'ended with status {child.returncode}'}")
    return parse(json.loads(out))


@dataclass(frozen=True)
class Reading:
    """One reading of the yardstick: when, by time.monotonic_ns, and the CPU time of each part."""

    at_ns: int
    integer: int
    aes: int
    memory: int

    @property
    def clock(self) -> int:
        """Return the parts that a relay on the same core leaves alone: its cells take the caches, not the clock."""
        return self.integer + self.aes


class Yardstick:
    """Readings of one core while something else runs on it."""

    def __init__(self) -> None:
        """Begin with none."""
        self.readings: list[Reading] = []

    def during(self, seconds: float, until_ns: int) -> list[Reading]:
        """Return the readings of the seconds before a moment."""
        return [one for one in self.readings if until_ns - seconds * 1e9 <= one.at_ns <= until_ns]


@contextmanager
def yardstick(program: Path, log: Path) -> Iterator[Yardstick]:
    """Read the yardstick on the first core that we may use; the readings are there at the end of the with."""
    found = Yardstick()
    core = str(min(os.sched_getaffinity(0)))
    command = ["taskset", "-c", core, str(program), "--yardstick", "--every-ms", str(EVERY_MS),
               "--milliseconds", str(1000 * YARDSTICK_SECONDS_MAX)]  # fmt: skip
    with log.open("w") as out:
        child = subprocess.Popen(command, stdout=out)
    try:
        yield found
    finally:
        child.terminate()
        child.wait()
        found.readings += parse_readings(log.read_text())


def parse_readings(text: str) -> list[Reading]:
    """Read what loom-primitives --yardstick has written; a last line that is not whole is left out."""
    lines = text.split("\n")[:-1]
    return [Reading(*map(int, line.split())) for line in lines]


def clock_of(readings: list[Reading]) -> float:
    """Return the median of the parts that measure the clock alone; 0 without readings."""
    return float(statistics.median(one.clock for one in readings)) if readings else 0.0


def now_ns() -> int:
    """Return the clock of the readings."""
    return time.monotonic_ns()
