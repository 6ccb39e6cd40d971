"""bench_predict_tor - `tools/bench predict --tor`: a tor beside the engine's, under loads that were not fitted.

Prices of tor on this machine are fitted first (tor_calibration), in the same run. Then each load that is held out is
put on a tor, with the yardstick beside it, and the engine says what a relay of those prices that behaves as tor does
makes of it. Compared are the CPU of a cell and the most that tor carries.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import arguments, calibrate_native, machine, slowness, tor_work
from .calibrate_native import NativeRuns
from .errors import TestbedError
from .load_shape import Load
from .measured import Measured
from .native_load import TOR, Programs
from .predict_compare import Run
from .progress import Progress
from .rundir import REPOSITORY
from .tor_loads import HELD_OUT
from .tor_work import Predicted

PYTHON = REPOSITORY / "tools" / "lib" / "python"  # with what a fit needs
ASKED_MEDIAN = 0.12
# Runs of one load differ by 15 %, by where memory lies and by what neighbours do, so each is run six times and more.
CALIBRATE_SECONDS = 540
ROUND_SECONDS = 220  # for each round of the loads that are held out, which are run four times in it


@dataclass(frozen=True)
class Compared:
    """One load: what was measured, as the machine usually is, and what was predicted."""

    load: Load
    ns_per_cell: list[float]
    cells_per_s: list[float]
    predicted: Predicted

    @property
    def cpu_error(self) -> float:
        """Return how far the CPU of a cell is off, relative."""
        return self.predicted.ns_per_cell / statistics.median(self.ns_per_cell) - 1.0

    @property
    def throughput_error(self) -> float:
        """Return the same of the most that the relay carries."""
        return self.predicted.cells_per_s_most / statistics.median(self.cells_per_s) - 1.0

    def as_dict(self) -> dict[str, object]:
        """Return what a file keeps of it."""
        return {
            "load": self.load.as_dict(),
            "measured_ns_per_cell": self.ns_per_cell,
            "predicted_ns_per_cell": self.predicted.ns_per_cell,
            "cpu_error": self.cpu_error,
            "measured_cells_per_s": self.cells_per_s,
            "predicted_cells_per_s": self.predicted.cells_per_s_most,
            "throughput_error": self.throughput_error,
            "work_per_cell": dict(self.predicted.work_per_cell),
        }


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure, predict, compare. options: loom (the relay, beside which the other programs are), profile, rounds."""
    programs = Programs(options.loom)
    loom = options.loom.parent / "loom"
    for program in (programs.generator, loom):
        arguments.require_program(program)
    profile = options.profile or _calibrated(options, directory, programs, progress)
    calibration = _beside(profile)
    usual_ns = calibration["yardstick"]["native_usual_ns"] if calibration else 0.0
    seconds = ROUND_SECONDS * options.rounds
    native = calibrate_native.gather(HELD_OUT, seconds, directory / "held", programs, progress, program=TOR)
    predicted, failed = tor_work.ask(loom, str(profile), HELD_OUT, progress)
    found = compared(native, predicted, usual_ns)
    result = summary(found) | {
        "calibration": calibration["cross_validation"] if calibration else None,
        "profile": str(profile),
        "loads": [one.as_dict() for one in found],
        "not_predicted": {load.name: why for load, why in failed.items()},
        "not_run": native.left_out,
        "machine": machine.facts(),
        "load_average": os.getloadavg()[0],
    }
    return Measured(result, text(found, result), bool(result["ok"]))


def _calibrated(options: argparse.Namespace, directory: Path, programs: Programs, progress: Progress) -> Path:
    profile = directory / "tor-here.yaml"
    command = [str(PYTHON), "-m", "loom_testbed.calibrate", "--relay", "tor", "--seconds", str(CALIBRATE_SECONDS)]
    command += ["--out", str(profile), "--loom", str(programs.loom), *(["--quiet"] if options.quiet else [])]
    progress.line(f"calibrating tor for about {CALIBRATE_SECONDS} s")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # its progress is ours
    if done.returncode != 0:
        raise TestbedError(f"the calibration of tor ended with status {done.returncode}")
    progress.line(done.stdout.strip().splitlines()[-1])
    return profile


def _beside(profile: Path) -> dict | None:
    """Return what the calibration left beside its profile, if it did."""
    data = profile.with_suffix(".json")
    found: dict | None = json.loads(data.read_text()) if data.is_file() else None
    return found


def compared(native: NativeRuns, predicted: Mapping[Load, Predicted], usual_ns: float) -> list[Compared]:
    """Put runs and predictions together. usual_ns: the yardstick when prices were measured; 0: as in these runs."""
    usual = usual_ns or native.clock_usual
    found = []
    for load, prediction in predicted.items():
        runs = [Run(run.result, slowness.slowness(run.clock_ns, usual, native.stress), run.yardstick_share)
                for run in native.runs if run.result.load == load]  # fmt: skip
        if runs:
            costs, most = [run.ns_per_cell for run in runs], [run.cells_per_s for run in runs]
            found.append(Compared(load, costs, most, prediction))
    return found


def summary(found: Sequence[Compared]) -> dict[str, object]:
    """Return median and worst errors, and whether they are as asked."""
    if not found:
        return {"ok": False, "cpu_error_median": None, "throughput_error_median": None}
    cpu = [abs(one.cpu_error) for one in found]
    most = [abs(one.throughput_error) for one in found]
    return {
        "cpu_error_median": statistics.median(cpu),
        "cpu_error_worst": max(cpu),
        "throughput_error_median": statistics.median(most),
        "throughput_error_worst": max(most),
        "asked_median": ASKED_MEDIAN,
        "ok": statistics.median(cpu) <= ASKED_MEDIAN and statistics.median(most) <= ASKED_MEDIAN,
    }


def text(found: Sequence[Compared], result: Mapping[str, object]) -> str:
    """Return the table."""
    lines = [f"{'load':<72}  measured  predicted  error      cells/s  predicted  error"]
    for one in found:
        cost, most = statistics.median(one.ns_per_cell), statistics.median(one.cells_per_s)
        said = one.predicted
        lines.append(f"{one.load.name:<72}  {cost:>5.0f} ns  {said.ns_per_cell:>6.0f} ns  {one.cpu_error:>+5.1%}"
                     f"  {most:>9.0f}  {said.cells_per_s_most:>9.0f}  {one.throughput_error:>+5.1%}")  # fmt: skip
    for name, why in result["not_predicted"].items():  # type: ignore[attr-defined]
        lines.append(f"not predicted: {name}: {why}")
    for name, why in result["not_run"].items():  # type: ignore[attr-defined]
        lines.append(f"not run: {name}: {why}")
    if found:
        lines.append(f"CPU of a cell: median error {result['cpu_error_median']:.1%}, worst"
                     f" {result['cpu_error_worst']:.1%}; throughput: {result['throughput_error_median']:.1%},"
                     f" {result['throughput_error_worst']:.1%}; asked: {ASKED_MEDIAN:.0%} in the median")  # fmt: skip
    return "\n".join(lines)
