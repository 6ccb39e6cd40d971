"""bench_shadow_tor - `tools/bench shadow-tor`: an unmodified tor that libloom-price.so prices in Shadow.

The same loads go through the same tor natively, saturated and with the yardstick beside it, and in Shadow with the
prices of this machine: both are cells a second. With the prices of machines that are not here, what it carries in
Shadow is set against what `loom predict` says. No price was fitted on these loads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import arguments, calibrate_native, machine, rundir, shadow, shadow_relay, tor_work
from .errors import TestbedError
from .load_shape import MIDDLE, Load
from .measured import Measured
from .native_load import TOR, Programs
from .predict_compare import Run
from .progress import Progress
from .shadow_relay import Keys, Pace
from .tor_loads import HELD_OUT

NAME = "shadow-tor"
SUMMARY = "a tor in Shadow with the prices of a machine, beside the same tor on that machine and beside loom predict"
PROFILES = rundir.REPOSITORY / "model" / "cost" / "profiles"
HERE = PROFILES / "tor-0.4.9-intel-xeon-6-207.yaml"
ELSEWHERE = (PROFILES / "tor-0.4.9-xeon.yaml", PROFILES / "tor-0.4.9-pi-64.yaml")
CIRCUITS_MAX = 500  # of a load in Shadow: more take minutes to open
LOADS = tuple(load for load in HELD_OUT if load.role == MIDDLE and load.circuits <= CIRCUITS_MAX)
ASKED_NATIVE = 0.12  # in the median
ASKED_PREDICTED = 0.05  # of each load
ROUNDS = 2
SECONDS = 1
LOAD_SECONDS = 8  # of a native run of one of LOADS, with its start


@dataclass(frozen=True)
class Compared:
    """What tor carries in Shadow under a load, with the prices of a profile, and what it should."""

    profile: str
    against: str  # native or predicted
    load: Load
    in_shadow: float  # cells a second
    expected: float

    @property
    def error(self) -> float:
        """Return how far off Shadow is, relative."""
        return self.in_shadow / self.expected - 1.0

    def as_dict(self) -> dict[str, object]:
        """Return what a file keeps of it."""
        return {"profile": self.profile, "against": self.against, "load": self.load.as_dict(),
                "shadow_cells_per_s": round(self.in_shadow), "expected_cells_per_s": round(self.expected),
                "error": round(self.error, 4)}  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="loom-relay; the other "
        "programs are beside it (default: that of the release build)")  # fmt: skip
    add("--profile", type=arguments.path, default=HERE, metavar="FILE", help="prices of a tor on this machine "
        f"(default: {HERE.stem})")  # fmt: skip
    add("--elsewhere", type=arguments.path, nargs="*", default=list(ELSEWHERE), metavar="FILE", help="prices of "
        "machines that are not here, for the comparison with loom predict (default: Xeon and Pi)")  # fmt: skip
    add("--native", type=arguments.path, metavar="FILE", help="native runs out of the bench.json of an earlier run, "
        "or of one of `tools/bench predict --tor`, instead of running them")  # fmt: skip
    add("--rounds", type=arguments.count(1, 20), default=ROUNDS, help="native runs of each load (default: 2)")
    add("--seconds", type=arguments.count(1, 60), default=SECONDS, metavar="S", help="of virtual time (default: 1)")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure natively, run Shadow, predict, compare."""
    programs = Programs(options.loom)
    folder = options.loom.parent
    for program in (options.loom, programs.generator, folder / "loom", folder / "libloom-price.so"):
        arguments.require_program(program)
    if shadow.find() is None:
        raise TestbedError(f"Shadow is not installed: expected it on the PATH or in {shadow.VARIABLE}")
    for profile in (options.profile, *options.elsewhere):
        if not profile.is_file():
            raise TestbedError(f"{profile}: expected a profile, as model/cost/profiles has them")
    native, not_run = _native(options, directory, programs, progress)
    sinks = max(load.links for load in LOADS) // 2
    keys = shadow_relay.make_keys(options.loom, directory / "keys" / "relay", sinks)
    found, failed = [], {}
    for profile in (options.profile, *options.elsewhere):
        carried, failed_here = carry(LOADS, profile, keys, directory / profile.stem, folder, options.seconds, progress)
        failed |= failed_here
        found += [Compared(profile.stem, "native", load, carried[load], statistics.median(native[load]))
                  for load in LOADS if profile == options.profile and load in carried and load in native]  # fmt: skip
        predicted, unpredicted = tor_work.ask(folder / "loom", str(profile), list(carried), progress)
        failed |= {f"{profile.stem}, {load.name}": why for load, why in unpredicted.items()}
        found += [Compared(profile.stem, "predicted", load, carried[load], one.cells_per_s)
                  for load, one in predicted.items()]  # fmt: skip
    result = summary(found) | {
        "figures": [one.as_dict() for one in found],
        "loads": [{"load": load.as_dict(), "measured_cells_per_s": runs} for load, runs in native.items()],
        "not_run": not_run | failed,
        "machine": machine.facts(),
        "load_average": os.getloadavg()[0],
    }
    return Measured(result, text(found, result), bool(result["ok"]) and not result["not_run"])


def _native(
    options: argparse.Namespace, directory: Path, programs: Programs, progress: Progress
) -> tuple[dict[Load, list[float]], dict[str, str]]:
    """Return the most that tor carries here, run by run; and the loads without a run, with the reason."""
    if options.native:
        known = json.loads(options.native.read_text())["loads"]
        runs = {Load(**one["load"]): one["measured_cells_per_s"] for one in known}
        return {load: runs[load] for load in LOADS if load in runs}, {}
    seconds = LOAD_SECONDS * len(LOADS) * options.rounds
    runs = calibrate_native.gather(LOADS, seconds, directory / "native", programs, progress, program=TOR)
    found: dict[Load, list[float]] = {}
    for run in runs.runs:
        corrected = Run(run.result, runs.slowness(run), run.yardstick_share)
        found.setdefault(run.result.load, []).append(corrected.cells_per_s)
    return found, runs.left_out


def carry(
    loads: Sequence[Load],
    profile: Path,
    keys: Keys,
    directory: Path,
    programs: Path,
    seconds: int,
    progress: Progress,
) -> tuple[dict[Load, float], dict[str, str]]:
    """Return cells a second of a tor in Shadow under each load, and the loads that failed, with the reason.

    As many experiments at a time as there are cores: what happens in one does not depend on the others."""
    found: dict[Load, float] = {}
    failed: dict[str, str] = {}

    def one(number: int, load: Load) -> float:
        return shadow_relay.saturate_tor(load, Pace(profile), keys, directory / f"load-{number}", programs,
                                         seconds=seconds).cells_per_s  # fmt: skip

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        begun: dict[Load, Future[float]] = {load: pool.submit(one, i, load) for i, load in enumerate(loads, 1)}
        for number, (load, future) in enumerate(begun.items(), 1):
            try:
                found[load] = future.result()
                told = f"{found[load]:.0f} cells/s"
            except TestbedError as error:
                told = failed[f"{profile.stem}, {load.name}"] = str(error)
            progress.line(f"{profile.stem} in Shadow, {number} of {len(loads)}: {load.name}: {told}")
    return found, failed


def summary(found: Sequence[Compared]) -> dict[str, object]:
    """Return median and worst errors by what was compared, and whether they are as asked."""
    rows: dict[str, object] = {}
    is_ok = bool(found)
    for name, against in sorted({(one.profile, one.against) for one in found}):
        errors = [abs(one.error) for one in found if (one.profile, one.against) == (name, against)]
        median, worst = statistics.median(errors), max(errors)
        rows[f"{name}, {against}"] = {"loads": len(errors), "median": round(median, 4), "worst": round(worst, 4)}
        is_ok = is_ok and (median <= ASKED_NATIVE if against == "native" else worst <= ASKED_PREDICTED)
    return {"errors": rows, "asked": {"native, median": ASKED_NATIVE, "predicted, each": ASKED_PREDICTED}, "ok": is_ok}


def text(found: Sequence[Compared], result: Mapping[str, object]) -> str:
    """Return the table."""
    lines = [f"{'cells a second':<62} {'prices':<28} {'Shadow':>9} {'against':>20}  error"]
    for one in found:
        lines.append(f"{one.load.name:<62} {one.profile:<28} {one.in_shadow:>9.0f}"
                     f" {one.expected:>10.0f} {one.against:<9}  {one.error:>+6.1%}")  # fmt: skip
    for name, errors in result["errors"].items():  # type: ignore[attr-defined]
        lines.append(f"{name}: median error {errors['median']:.1%}, worst {errors['worst']:.1%}")
    for name, why in result["not_run"].items():  # type: ignore[attr-defined]
        lines.append(f"not run: {name}: {why}")
    lines.append(f"asked: {ASKED_NATIVE:.0%} in the median of native, {ASKED_PREDICTED:.0%} of each predicted:"
                 f" {'as asked' if result['ok'] else 'NOT as asked'}")  # fmt: skip
    return "\n".join(lines)
