"""calibrate - `loom calibrate`: measure this machine, fit prices of work, write a profile of Loom on it and a report.

python -m loom_testbed.calibrate [--quick] [--out FILE]: pieces first (loom-primitives), then a native relay under loads
that differ, then the fit. Ends with the error of its own cross-validation.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import (
    arguments,
    calibrate_generator,
    calibrate_law,
    calibrate_native,
    calibrate_primitives,
    calibrate_priors,
    calibrate_profile,
    native_load,
    predict_engine,
    rundir,
    signals,
    tor_calibration,
)
from . import machine as machines
from .calibrate_fit import DRAWS, Fit
from .calibrate_generator import Generator
from .calibrate_law import Hot, Observation
from .calibrate_native import NativeRuns
from .calibrate_primitives import Primitives
from .calibrate_priors import Belief
from .calibrate_profile import Machine
from .errors import Interrupted, TestbedError
from .load_designs import FITTED
from .load_shape import Load
from .native_load import Programs
from .progress import Progress

NAME = "loom calibrate"
RELAYS = (native_load.LOOM, native_load.TOR)
QUICK_SECONDS = 270  # five minutes with what comes after the last run
LONG_SECONDS = 1500
SECONDS_LEAST = 30
PRIMITIVES_SHARE = 0.15  # of the time
PRIMITIVES_SECONDS_MAX = 120.0
DRAWS_QUICK = 100
COUNTERS = Path("/sys/bus/event_source/devices/cpu")


@dataclass(frozen=True)
class Calibration:
    """All that came of it."""

    machine: Machine
    primitives: Primitives
    native: NativeRuns
    observations: list[Observation]
    beliefs: dict[str, Belief]
    fit: Fit
    hot: Hot
    error_without_cold: float
    seconds: float
    limits: list[str]  # what could not be done here
    generator: Generator | None = None

    @property
    def how(self) -> str:
        """Return in words what the prices were fitted to, with the error of the cross-validation."""
        loads = len({one.load for one in self.observations})
        return f"fitted to {len(self.observations)} runs of {loads} loads ({self.verdict})"

    @property
    def verdict(self) -> str:
        """Return the error of loads left out."""
        if not self.fit.left_out:
            return "too few loads to leave one out"
        return f"left out: median error {self.fit.error_median:.1%}, worst {self.fit.error_worst:.1%}"

    def profile_text(self) -> str:
        """Return the profile."""
        comments = [
            "What Loom costs on this machine, in picoseconds a unit of work (plugin/base/work.h), by `loom calibrate`:",
            f"{self.how}.",
            "Left out: each load once, predicted by prices fitted to the others: errors of a cell's CPU time.",
            *(f"Not done: {limit}." for limit in self.limits),
        ]
        wake = calibrate_profile.wake_delay_of(self.primitives)
        return calibrate_profile.text_of(self.machine, self.fit.prices, self.beliefs, self.hot, self.how, comments,
                                         wake)  # fmt: skip

    def as_dict(self) -> dict[str, object]:
        """Return everything for programs."""
        return calibrate_profile.as_dict(self.machine, self.fit, self.beliefs, self.hot) | {
            "seconds": round(self.seconds, 1),
            "median_without_cold": self.error_without_cold,
            "yardstick": {"primitives": self.primitives.yardstick, "native_usual_ns": self.native.clock_usual,
                          "stress": vars(self.native.stress),
                          "native_slowness": [round(self.native.slowness(run), 4) for run in self.native.runs]},
            "primitives": [vars(one) for one in self.primitives.all],
            "runs": [run.result.as_dict() | {"clock_ns": run.clock_ns, "memory_ns": run.memory_ns}
                     for run in self.native.runs],
            "held_up": [run.result.load.name for run in self.native.held_up],
            "generator": None if self.generator is None else {
                "how": self.generator.how, "left_out": calibrate_generator.errors(self.generator),
                "prices_ns": {name: one.price for name, one in self.generator.fit.prices.items() if one.price}},
            "loads_not_run": self.native.left_out,
            "not_done": self.limits,
        }  # fmt: skip


def calibrate(
    seconds: float,
    directory: Path,
    programs: Programs,
    progress: Progress,
    loads: Sequence[Load] = FITTED,
    draws: int = DRAWS,
) -> Calibration:
    """Measure for about so many seconds in all, and fit. Call it from the main thread."""
    started = time.monotonic()
    for program in (programs.loom, programs.generator):
        arguments.require_program(program)
    primitives = calibrate_primitives.measure(
        programs.loom.parent / calibrate_primitives.PROGRAM,
        min(PRIMITIVES_SECONDS_MAX, PRIMITIVES_SHARE * seconds),
        progress.line,
    )
    left = seconds - (time.monotonic() - started)
    native = calibrate_native.gather(loads, left, directory, programs, progress)
    seen = [calibrate_law.observe(run.result, native.slowness(run)) for run in native.sound]
    beliefs = calibrate_priors.beliefs(primitives)
    priors = calibrate_priors.priors(beliefs)
    progress.line(f"fitting {len(seen)} runs")
    fit, hot = calibrate_law.fit_law(seen, priors, draws)
    without = calibrate_law.errors_without_law(seen, priors, fit.noise)
    generator = calibrate_generator.fit(native, primitives, draws)
    facts = machines.facts()
    machine = calibrate_profile.machine_of(facts, _cpuinfo())
    return Calibration(machine, primitives, native, seen, beliefs, fit, hot, without, time.monotonic() - started,
                       _limits(primitives, native), generator)  # fmt: skip


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


def _limits(primitives: Primitives, native: NativeRuns) -> list[str]:
    """Return what this machine did not let us do."""
    limits = [f"{label}: {why}" for label, why in primitives.missing.items()]
    if len(os.sched_getaffinity(0)) < 2:
        limits.append("a core for the relay alone: it shared its only core with the generator")
    if not COUNTERS.exists():
        limits.append("counters of the CPU: this machine gives none, so cache misses are known by their time alone")
    limits += [f"{load}: {why}" for load, why in native.left_out.items()]
    limits.append("the factor of hyperthreads and the network interface: taken from other machines")
    return limits


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    about = "Measure this machine: what Loom costs on it, with a report."
    parser = arguments.OneLineParser(prog=NAME, description=about)
    add = parser.add_argument
    add("--quick", action="store_true", help=f"about {QUICK_SECONDS // 60 + 1} minutes instead of {LONG_SECONDS // 60}")
    add("--relay", choices=RELAYS, default=RELAYS[0], help="whose prices: Loom's, or an unmodified tor's from outside")
    add("--seconds", type=arguments.count(SECONDS_LEAST, 36000), metavar="S", help="how long instead")
    add("--out", type=arguments.path, metavar="FILE",
        help="the profile (results/calibrate/NAME.yaml); report and JSON beside it")  # fmt: skip
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to measure")
    add("--quiet", action="store_true", help="no progress on stderr")
    options = parser.parse_args(argv)
    signals.catch()
    seconds = options.seconds or (QUICK_SECONDS if options.quick else LONG_SECONDS)
    if options.relay == native_load.TOR:
        return tor_calibration.run(seconds, options.out, options.loom, Progress(quiet=options.quiet))
    try:
        done = calibrate(seconds, rundir.make(None), Programs(options.loom), Progress(quiet=options.quiet),
                         draws=DRAWS_QUICK if options.quick else DRAWS)  # fmt: skip
        files = _write(done, options.out)
    except (TestbedError, OSError) as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    except Interrupted as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 128 + error.signal_number
    print(_said(done, files))
    return 0


def _write(done: Calibration, out: Path | None) -> list[Path]:
    """Write profile, report and JSON; return their names."""
    from . import calibrate_report

    path = out or rundir.REPOSITORY / "results" / "calibrate" / f"{done.machine.name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    report, data = path.with_suffix(".html"), path.with_suffix(".json")
    calibrate_profile.write(data, json.dumps(done.as_dict(), indent=1) + "\n")
    calibrate_profile.write(report, calibrate_report.page(done))
    calibrate_profile.write(path, done.profile_text())
    if done.generator is None:
        return [path, report, data]
    load = predict_engine.generator_beside(path)
    calibrate_profile.write(load, done.generator.profile_text(done.machine, done.primitives))
    return [path, load, report, data]


def _said(done: Calibration, files: Sequence[Path]) -> str:
    lines = [f"not done: {limit}" for limit in done.limits]
    lines += [str(path) for path in files]
    slow = [done.native.slowness(run) for run in done.native.runs]
    lines.append(f"cells took {min(slow):.2f} to {max(slow):.2f} of their usual time by the yardstick, to the power of"
                 f" {done.native.stress.value:.1f} +- {done.native.stress.deviation:.1f}")  # fmt: skip
    lines += [f"not fitted, as something held it up: {run.result.load.name}: {done.native.cost(run):.0f} ns a cell"
              for run in done.native.held_up]  # fmt: skip
    if done.generator is not None:
        lines.append(f"the generator's prices: {done.generator.how}")
    lines.append(f"runs of one load differ by {done.fit.repeatability:.1%} from their mean (median)")
    lines.append(f"{len(done.observations)} runs, {done.seconds:.0f} s; {done.verdict}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
