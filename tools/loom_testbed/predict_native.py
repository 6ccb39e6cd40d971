"""predict_native - the native runs of `tools/bench predict`: all loads as fast as they go, round after round."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import calibrate_native, slowness
from .calibrate_native import NativeRun
from .load_shape import Load
from .native_load import Programs
from .predict_compare import Run
from .progress import Progress
from .slowness import Stress


@dataclass
class Native:
    """All native runs, by load."""

    runs: dict[Load, list[NativeRun]] = field(default_factory=lambda: defaultdict(list))
    usual_ns: float = 0.0  # of the yardstick, when the prices were measured; 0: it was not read then
    stress: Stress = slowness.GUESSED  # as found then

    def learn(self, calibration: Mapping) -> None:
        """Take what was usual, and what slowness does, from when the prices were measured."""
        self.usual_ns = calibration["yardstick"]["native_usual_ns"]
        self.stress = Stress(**calibration["yardstick"].get("stress", vars(self.stress)))

    def settle(self) -> None:
        """All runs are there: they tell more of what slowness does, and what is usual when no calibration did."""
        runs = [run for runs in self.runs.values() for run in runs if run.clock_ns]
        if self.usual_ns == 0.0 and runs:
            self.usual_ns = statistics.median(run.clock_ns for run in runs)
        self.stress = calibrate_native.stress_of(runs, self.stress)

    def shares_cores(self, load: Load) -> bool:
        """Say whether the relay's threads took turns with the generator, whose prices are of one with a core alone."""
        return any(run.result.cores_shared for run in self.runs[load])

    def corrected(self, load: Load) -> list[Run]:
        """Return the runs of a load, with how slow the core was during each."""
        return [Run(run.result, slowness.slowness(run.clock_ns, self.usual_ns, self.stress), run.yardstick_share)
                for run in self.runs[load]]  # fmt: skip

    def most(self, load: Load) -> float:
        """Return the cells a second that the relay carries on the machine as it usually is."""
        return statistics.median(run.cells_per_s for run in self.corrected(load))


def run_round(
    number: int,
    loads: Sequence[Load],
    native: Native,
    directory: Path,
    programs: Programs,
    seconds: float,
    progress: Progress,
) -> None:
    """Run each load once, every second round backwards."""
    for index, load in enumerate(loads if number % 2 else loads[::-1], 1):
        found = calibrate_native.one(load, directory / f"round-{number}-{index}", programs, seconds)
        native.runs[load].append(found)
        progress.line(f"round {number}, {index} of {len(loads)}: {load.name}: {found.result.ns_per_cell:.0f} ns")
