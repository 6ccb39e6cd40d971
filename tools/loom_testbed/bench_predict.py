"""bench_predict - `tools/bench predict`: a native Loom beside the engine's, under loads that were not fitted.

A profile of this machine is made first (`loom calibrate`), unless --profile names one. Then each load that is held out
is put on a native relay, in every round once, with the yardstick beside it; and `loom predict` says what the engine
makes of the same load. Compared are the CPU of a cell, the most that a relay without connection threads or with one
carries, and the time through the relay at parts of that.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import (
    arguments,
    bench_plot,
    bench_predict_tor,
    calibrate_native,
    machine,
    predict_compare,
    predict_engine,
    predict_table,
    slowness,
)
from .calibrate_native import NativeRun
from .errors import TestbedError
from .load_designs import DELAYED, HELD_OUT, HELD_OUT_QUICK
from .load_shape import Load
from .measured import Measured
from .native_load import Programs
from .predict_compare import Compared, Run
from .predict_engine import Prediction
from .progress import Progress
from .rundir import REPOSITORY
from .slowness import Stress

NAME = "predict"
SUMMARY = "a native Loom beside the engine's, under loads that its prices were not fitted on: CPU, throughput, delay"
PYTHON = REPOSITORY / "tools" / "lib" / "python"  # with what a fit needs
CALIBRATION_KEPT = ("profile", "seconds", "cross_validation", "yardstick", "held_up", "loads_not_run", "not_done")
CALIBRATE_SECONDS = 420  # three runs of most loads: two that differ do not tell which is odd
CALIBRATE_SECONDS_QUICK = 90
ROUNDS = 3  # of which the one in the middle counts
WINDOW_SECONDS = 2.5
SHARES = (0.3, 0.6, 0.9)  # of the most that the relay carries
SHARES_QUICK = (0.6,)


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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--tor", action="store_true", help="an unmodified tor instead, from outside: about 17 minutes")
    add("--quick", action="store_true", help="fewer loads, a short calibration: about 5 minutes instead of 20")
    add(
        "--profile",
        type=arguments.path,
        metavar="FILE",
        help="prices of this machine, instead of calibrating it first",
    )
    add("--rounds", type=arguments.count(1, 100), default=ROUNDS, help="native runs of each load (default: 3)")
    add("--seconds", type=arguments.count(1, 60), metavar="S", help="how long to measure each (default: 2.5)")
    add("--only", metavar="WORDS", help="loads whose name has these words, to look into them")
    add("--delays", action="store_true", help="only the time through the relay, and the most that it carries then")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to measure")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure, predict, compare."""
    if options.tor:
        return bench_predict_tor.run(options, directory, progress)
    programs = Programs(options.loom)
    loom = options.loom.parent / "loom"
    for program in (programs.loom, programs.generator, loom):
        arguments.require_program(program)
    native = Native()
    profile, calibration = _profile(options, directory, programs, native, progress)
    loads, delayed, shares = _design(options)
    rated: dict[tuple[Load, float], Load] = {}
    for number in range(1, options.rounds + 1):
        _round(number, [*loads, *delayed], native, directory, options, progress)
        for load in delayed:  # the most is known from the first round on: all rounds are at the same rates
            for share in shares:
                most = native.runs[load][0].result.cells_per_s
                rated.setdefault((load, share), load.at_rate(max(1, round(share * most))))
        _round(number, list(rated.values()), native, directory, options, progress)
    native.settle()
    asked = [*loads, *delayed, *rated.values()]
    generator = predict_engine.generator_beside(profile)
    is_priced = generator.is_file()
    if not is_priced:
        progress.line("no prices of the generator beside the profile: the engine's is never the bottleneck")

    def generator_of(load: Load) -> Path | None:
        return generator if is_priced and not native.shares_cores(load) else None

    predicted, failed = predict_engine.predict(loom, profile, asked, progress, generator_of)
    result = _result(native, predicted, loads, delayed, rated)
    result["not_predicted"] = {load.name: why for load, why in failed.items()}
    result |= {"profile": str(profile), "generator": str(generator) if is_priced else None,
               "stress": vars(native.stress), "calibration": calibration, "quick": options.quick,
               "machine": machine.facts(), "load_average": os.getloadavg()[0]}  # fmt: skip
    picture = bench_plot.draw("predict", result, directory / "predict.svg") if result["summary"] else "no picture"
    is_ok = not failed and all(one["ok"] for one in result["summary"].values())
    return Measured(result, predict_table.text(result) + f"\n{picture}", is_ok)


def _design(options: argparse.Namespace) -> tuple[list[Load], list[Load], Sequence[float]]:
    loads, delayed, shares = HELD_OUT, DELAYED, SHARES
    if options.quick:
        loads, delayed, shares = HELD_OUT_QUICK, DELAYED[:1], SHARES_QUICK
    if options.delays:
        loads = ()
    if options.only:
        loads = tuple(load for load in loads if options.only in load.name)
        delayed = tuple(load for load in delayed if options.only in load.name)
    if not loads and not delayed:
        raise TestbedError(f"--only {options.only}: no load has these words")
    return list(loads), list(delayed), shares


def _profile(
    options: argparse.Namespace, directory: Path, programs: Programs, native: Native, progress: Progress
) -> tuple[Path, dict[str, object] | None]:
    """Return the profile of this machine, and what was found when it was made."""
    if options.profile is not None:
        beside = options.profile.with_suffix(".json")  # as calibrate leaves it
        if beside.is_file():
            native.learn(json.loads(beside.read_text()))
        return options.profile, None
    seconds = CALIBRATE_SECONDS_QUICK if options.quick else CALIBRATE_SECONDS
    profile = directory / "loom-here.yaml"
    command = [str(PYTHON), "-m", "loom_testbed.calibrate", "--quick", "--seconds", str(seconds)]
    command += ["--out", str(profile), "--loom", str(programs.loom), *(["--quiet"] if options.quiet else [])]
    progress.line(f"calibrating for about {seconds} s")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # its progress is ours
    if done.returncode != 0:
        raise TestbedError(f"calibrate ended with status {done.returncode}")
    found: dict[str, dict] = json.loads(profile.with_suffix(".json").read_text())
    native.learn(found)
    progress.line(f"calibrated: loads left out: median error {found['cross_validation']['median']:.1%}")
    return profile, {name: found[name] for name in CALIBRATION_KEPT}


def _round(
    number: int,
    loads: Sequence[Load],
    native: Native,
    directory: Path,
    options: argparse.Namespace,
    progress: Progress,
) -> None:
    seconds = options.seconds or WINDOW_SECONDS
    for index, load in enumerate(loads if number % 2 else loads[::-1], 1):
        place = directory / f"round-{number}-{index}{'-rate' if load.rate else ''}"
        # What the yardstick takes from the relay's core a relay at nine tenths makes up for in twenty times as long.
        found = calibrate_native.one(load, place, Programs(options.loom), seconds, has_yardstick=not load.rate)
        native.runs[load].append(found)
        at = "".join(f", {name} {found.result.delay_ns[name] / 1e3:.0f} us" for name in ("p50", "p99") if load.rate)
        progress.line(f"round {number}, {index} of {len(loads)}: {load.name}: {found.result.ns_per_cell:.0f} ns{at}")


def carries_most(load: Load) -> bool:
    """Say whether the load shows the most that one thread carries: its windows are wide enough to keep it busy."""
    return load.threads <= 1 and load.circuits >= THROUGHPUT_CIRCUITS_LEAST


THROUGHPUT_CIRCUITS_LEAST = 8


def _result(
    native: Native,
    predicted: dict[Load, Prediction],
    loads: Sequence[Load],
    delayed: Sequence[Load],
    rated: dict[tuple[Load, float], Load],
) -> dict[str, object]:
    figures: dict[str, list[Compared]] = {"cpu": [], "throughput": [], "delay": []}
    for load in [*loads, *delayed]:
        if load not in predicted:
            continue
        runs = native.corrected(load)
        figures["cpu"].append(predict_compare.cpu_of(load, runs, predicted[load]))
        if carries_most(load):
            figures["throughput"].append(predict_compare.throughput_of(load, runs, predicted[load]))
    for (load, share), at_rate in rated.items():
        if at_rate not in predicted:
            continue
        figures["delay"] += predict_compare.delays_of(load, share, native.corrected(at_rate), predicted[at_rate])
    return {
        "summary": {kind: predict_compare.verdict(kind, found).as_dict() for kind, found in figures.items() if found},
        **{kind: [one.as_dict() for one in found] for kind, found in figures.items()},
        "work": [predict_compare.work_of(load, native.corrected(load), predicted[load]).as_dict()
                 for load in [*loads, *delayed, *rated.values()] if load in predicted],
        "runs": [run.result.as_dict() | {"clock_ns": run.clock_ns, "memory_ns": run.memory_ns}
                 for runs in native.runs.values() for run in runs],
    }  # fmt: skip
