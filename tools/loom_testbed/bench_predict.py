"""bench_predict - `tools/bench predict`: a native Loom beside the engine's, under loads that were not fitted.

A profile of this machine is made first (`loom calibrate`), unless --profile names one. Then each load that is held out
is put on a native relay, in every round once, with the yardstick beside it; and `loom predict` says what the engine
makes of the same load. Compared are the CPU of a cell, the most that a relay without connection threads or with one
carries, and the time through the relay at shares of that (rated_runs, predict_delays).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import (
    arguments,
    bench_plot,
    bench_predict_tor,
    machine,
    predict_compare,
    predict_delays,
    predict_engine,
    predict_table,
    rated_runs,
)
from .errors import TestbedError
from .load_designs import DELAYED, HELD_OUT, HELD_OUT_QUICK
from .load_shape import Load
from .measured import Measured
from .native_load import Programs
from .predict_compare import Compared
from .predict_delays import Asked
from .predict_engine import Prediction
from .predict_native import Native, run_round
from .progress import Progress
from .rundir import REPOSITORY

NAME = "predict"
SUMMARY = "a native Loom beside the engine's, under loads that its prices were not fitted on: CPU, throughput, delay"
PYTHON = REPOSITORY / "tools" / "lib" / "python"  # with what a fit needs
CALIBRATION_KEPT = ("profile", "seconds", "cross_validation", "yardstick", "held_up", "loads_not_run", "not_done")
CALIBRATE_SECONDS = 420  # three runs of most loads: two that differ do not tell which is odd
CALIBRATE_SECONDS_QUICK = 90
ROUNDS = 3  # of which the one in the middle counts
WINDOW_SECONDS = 2.5
RATED_ROUNDS_MORE = 2  # times differ more from one run to the next than costs
PERCENTS = (30, 60, 90)  # of the most that the relay carries
PERCENTS_QUICK = (60,)


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
    add(
        "--rounds",
        type=arguments.count(1, 100),
        default=ROUNDS,
        help="native runs of each load, and two more of those whose delays are compared (default: 3)",
    )
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
    loads, delayed, percents = _design(options)
    seconds = options.seconds or WINDOW_SECONDS
    for number in range(1, options.rounds + 1):
        run_round(number, [*loads, *delayed], native, directory, programs, seconds, progress)
    rated = rated_runs.gather(delayed, percents, options.rounds + RATED_ROUNDS_MORE, directory, programs, seconds,
                              progress)  # fmt: skip
    native.settle()
    generator = predict_engine.generator_beside(profile)
    is_priced = generator.is_file()
    if not is_priced:
        progress.line("no prices of the generator beside the profile: the engine's is never the bottleneck")

    def generator_of(load: Load) -> Path | None:
        return generator if is_priced and not native.shares_cores(load) else None

    predicted, failed = predict_engine.predict(loom, profile, [*loads, *delayed], progress, generator_of)
    asked = predict_delays.asked(rated, native.most, predicted)
    more = predict_engine.predict(loom, profile, _rates(asked), progress, generator_of)
    predicted |= more[0]
    failed |= more[1]
    result = _result(native, predicted, loads, delayed, asked)
    result["not_predicted"] = {load.name: why for load, why in failed.items()}
    result |= {"profile": str(profile), "generator": str(generator) if is_priced else None,
               "stress": vars(native.stress), "calibration": calibration, "quick": options.quick,
               "machine": machine.facts(), "load_average": os.getloadavg()[0]}  # fmt: skip
    picture = bench_plot.draw("predict", result, directory / "predict.svg") if result["summary"] else "no picture"
    is_ok = not failed and all(one["ok"] for one in result["summary"].values())
    return Measured(result, predict_table.text(result) + f"\n{picture}", is_ok)


def _rates(asked: Sequence[Asked]) -> list[Load]:
    return list(dict.fromkeys(load for one in asked for load in one.loads))


def _design(options: argparse.Namespace) -> tuple[list[Load], list[Load], Sequence[int]]:
    loads, delayed, percents = HELD_OUT, DELAYED, PERCENTS
    if options.quick:
        loads, delayed, percents = HELD_OUT_QUICK, DELAYED[:1], PERCENTS_QUICK
    if options.delays:
        loads = ()
    if options.only:
        loads = tuple(load for load in loads if options.only in load.name)
        delayed = tuple(load for load in delayed if options.only in load.name)
    if not loads and not delayed:
        raise TestbedError(f"--only {options.only}: no load has these words")
    return list(loads), list(delayed), percents


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


def carries_most(load: Load) -> bool:
    """Say whether the load shows the most that one thread carries: its windows are wide enough to keep it busy."""
    return load.threads <= 1 and load.circuits >= THROUGHPUT_CIRCUITS_LEAST


THROUGHPUT_CIRCUITS_LEAST = 8


def _result(
    native: Native,
    predicted: dict[Load, Prediction],
    loads: Sequence[Load],
    delayed: Sequence[Load],
    asked: Sequence[Asked],
) -> dict[str, object]:
    figures: dict[str, list[Compared]] = {"cpu": [], "throughput": [], "delay": []}
    for load in [*loads, *delayed]:
        if load not in predicted:
            continue
        runs = native.corrected(load)
        figures["cpu"].append(predict_compare.cpu_of(load, runs, predicted[load]))
        if carries_most(load):
            figures["throughput"].append(predict_compare.throughput_of(load, runs, predicted[load]))
    found = [one for one in asked if one.same_share in predicted and any(load in predicted for load in one.row)]
    for one in found:
        figures["delay"] += predict_delays.delays_of(one, predict_delays.as_busy(one, predicted))
    return {
        "summary": {kind: predict_compare.verdict(kind, found).as_dict() for kind, found in figures.items() if found},
        **{kind: [one.as_dict() for one in found] for kind, found in figures.items()},
        "rated": [predict_delays.beside(one, predicted) for one in found],
        "work": [predict_compare.work_of(load, native.corrected(load), predicted[load]).as_dict()
                 for load in [*loads, *delayed] if load in predicted],
        "runs": [run.result.as_dict() | {"clock_ns": run.clock_ns, "memory_ns": run.memory_ns}
                 for runs in native.runs.values() for run in runs],
    }  # fmt: skip
