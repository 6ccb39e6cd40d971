"""calibrate_native - runs of a native relay under loads that differ, the yardstick beside them, while there is time.

The loads are gone through pass after pass, so that runs of one load lie apart in time and tell how well runs repeat. A
run is begun only when there is time for it, by how long the load took before.
"""

from __future__ import annotations

import dataclasses
import math
import shutil
import statistics
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import calibrate_primitives, native_load, ports, slowness
from .calibrate_primitives import Yardstick
from .errors import TestbedError
from .load_shape import Load
from .native_load import NativeResult, Programs
from .progress import Progress
from .slowness import Stress, Timed

WINDOW_SECONDS = 2.3  # with what is around it loom-load measures for 3 s
TAIL_SECONDS = 0.5  # at the end of a run that are not the load's
SECONDS_GUESSED = 6.0  # a run of a few circuits
SECONDS_A_CIRCUIT = 0.001
SECONDS_A_LINK = 0.02
PASSES_MAX = 50
HELD_UP = 1.5  # times what another run of the load cost: twice as far as runs differ that nothing held up


@dataclass(frozen=True)
class NativeRun:
    """A run and how fast its core was: nanoseconds of the yardstick's clock parts, 0 when it was not read."""

    result: NativeResult
    clock_ns: float
    memory_ns: float = 0.0

    @property
    def yardstick_share(self) -> float:
        """Return the part of the relay's core that the yardstick took."""
        reading = self.clock_ns + self.memory_ns
        return reading / (calibrate_primitives.EVERY_MS * 1e6 + reading)


@dataclass(frozen=True)
class NativeRuns:
    """All runs, and the loads for which there was no time or which failed, with the reason."""

    runs: list[NativeRun]
    left_out: dict[str, str]

    @cached_property
    def clock_usual(self) -> float:
        """Return the yardstick of the run in the middle: prices are of the machine as it was then."""
        known = [run.clock_ns for run in self.runs if run.clock_ns]
        return statistics.median(known) if known else 0.0

    @cached_property
    def stress(self) -> Stress:
        """Return how much more a slow core costs a relay than the yardstick."""
        return stress_of(self.runs)

    def slowness(self, run: NativeRun) -> float:
        """Return how much longer than usual the run's cells took, as its core was slower."""
        return slowness.slowness(run.clock_ns, self.clock_usual, self.stress)

    def cost(self, run: NativeRun) -> float:
        """Return what a cell of the run would usually have cost."""
        return run.result.ns_per_cell / self.slowness(run)

    @cached_property
    def held_up(self) -> list[NativeRun]:
        """Return runs that something held up: their cells cost far more than those of the same load at another time."""
        least: dict[Load, float] = {}
        for run in self.runs:
            least[run.result.load] = min(self.cost(run), least.get(run.result.load, math.inf))
        return [run for run in self.runs if self.cost(run) > HELD_UP * least[run.result.load]]

    @property
    def sound(self) -> list[NativeRun]:
        """Return the other runs."""
        return [run for run in self.runs if run not in self.held_up]


def stress_of(runs: Sequence[NativeRun], believed: Stress = slowness.GUESSED) -> Stress:
    """Return by what power costs go with the yardstick, by runs of the same loads."""
    by_load: dict[Load, list[Timed]] = {}
    for run in runs:
        if run.clock_ns > 0:
            by_load.setdefault(run.result.load, []).append(Timed(run.result.ns_per_cell, run.clock_ns))
    return slowness.stress_of(by_load.values(), believed)


def gather(
    loads: Sequence[Load],
    seconds: float,
    directory: Path,
    programs: Programs,
    progress: Progress,
    window: float = WINDOW_SECONDS,
    program: str = native_load.LOOM,
) -> NativeRuns:
    """Run all loads once, and again while there is time. Raise TestbedError when not one run succeeds."""
    deadline = time.monotonic() + seconds
    took: dict[Load, float] = {}
    runs: list[NativeRun] = []
    left_out: dict[str, str] = {}
    for number in range(1, PASSES_MAX + 1):
        begun = 0
        for index, load in enumerate(loads, 1):
            if load.name in left_out:
                continue
            left = deadline - time.monotonic()
            if took.get(load, _guess(load)) > left:
                if number == 1:
                    left_out[load.name] = f"no time left for it: {left:.0f} s"
                continue
            begun += 1
            start = time.monotonic()
            try:
                run = one(load, directory / f"run-{number}-{index}", programs, window, program)
            except TestbedError as error:
                left_out[load.name] = str(error).removeprefix(f"{load.name}: ")
                progress.line(str(error))
                continue
            took[load] = time.monotonic() - start
            runs.append(run)
            progress.line(f"pass {number}, load {index} of {len(loads)}: {load.name}: "
                          f"{run.result.ns_per_cell:.0f} ns a cell, {left:.0f} s left")  # fmt: skip
        if begun == 0:
            break
    if not runs:
        raise TestbedError(f"no load could be run: {next(iter(left_out.values()), 'there is none')}")
    return NativeRuns(runs, left_out)


def _guess(load: Load) -> float:
    return SECONDS_GUESSED + SECONDS_A_CIRCUIT * load.circuits + SECONDS_A_LINK * load.links


def one(
    load: Load,
    place: Path,
    programs: Programs,
    window: float = WINDOW_SECONDS,
    program: str = native_load.LOOM,
    has_yardstick: bool = True,
    share: int = 0,
) -> NativeRun:
    """Run a load on a relay that is started for it, with the yardstick on its core; place must not exist yet.

    share: percent of what the relay carries, or 0 (native_load.run)."""
    place.mkdir(parents=True)
    pieces = programs.loom.parent / calibrate_primitives.PROGRAM
    log = place / "yardstick.log"
    beside = calibrate_primitives.yardstick(pieces, log) if has_yardstick else nullcontext(Yardstick())
    with ports.PortBlock() as block, beside as yardstick:
        result = native_load.run(load, place / "relay", block, program, window, programs=programs, share=share)
        ended = calibrate_primitives.now_ns()
    readings = yardstick.during(window + 1.0 + TAIL_SECONDS, ended - round(TAIL_SECONDS * 1e9))
    shutil.rmtree(place / "relay" / "data", ignore_errors=True)
    memory = statistics.median(reading.memory for reading in readings) if readings else 0.0
    return NativeRun(dataclasses.replace(result, report={}), calibrate_primitives.clock_of(readings), memory)
