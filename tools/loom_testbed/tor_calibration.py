"""tor_calibration - prices of an unmodified tor on this machine, from outside: a profile of it.

`loom calibrate --relay tor`. tor counts nothing, so the work is the engine's: the
same load on a simulated relay that behaves as tor does (model/cost/behaviour.c, checked by tor_behaviour). That is
regressed on the CPU time of native runs, as Loom's own counters are by calibrate. How the engine batches depends a
little on the prices, so it is asked again with the prices found.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import (
    calibrate_law,
    calibrate_native,
    calibrate_primitives,
    calibrate_profile,
    rundir,
    tor_beliefs,
    tor_work,
)
from . import machine as machines
from .calibrate_fit import Fit
from .calibrate_law import Hot, Observation, Part
from .calibrate_native import NativeRuns
from .calibrate_primitives import Primitives
from .calibrate_priors import WORK, Belief
from .calibrate_profile import Machine
from .errors import Interrupted, TestbedError
from .load_shape import Load
from .native_load import TOR, Programs
from .progress import Progress
from .tor_loads import FITTED
from .tor_work import Predicted

NAME = "loom calibrate --relay tor"
KIND = "tor-0.4.9"
FIRST_PROFILE = "tor-0.4.9-xeon"  # the engine's, before there are prices of this machine
PRIMITIVES_SHARE = 0.12
ROUNDS = 2  # of asking the engine and fitting
DRAWS = 150


@dataclass(frozen=True)
class TorCalibration:
    """All that came of it."""

    machine: Machine
    native: NativeRuns
    observations: list[Observation]
    beliefs: dict[str, Belief]
    fit: Fit
    hot: Hot
    not_predicted: dict[str, str]

    @property
    def how(self) -> str:
        """Return in words what the prices were fitted to, and how well."""
        loads = len({one.load for one in self.observations})
        return (f"fitted to {len(self.observations)} runs of {loads} loads (left out: median error"
                f" {self.fit.error_median:.1%}, worst {self.fit.error_worst:.1%})")  # fmt: skip

    def profile_text(self) -> str:
        """Return the profile."""
        comments = [
            "What an unmodified tor costs on this machine, in picoseconds a unit of work (plugin/base/work.h):",
            f"CPU time of a tor, {self.how}, by the work that the engine counts under them.",
            "What loads do not tell apart is held near what is known of it; each number says so.",
        ]
        return calibrate_profile.text_of(self.machine, self.fit.prices, self.beliefs, self.hot, self.how, comments)

    def as_dict(self) -> dict[str, object]:
        """Return everything for programs."""
        return calibrate_profile.as_dict(self.machine, self.fit, self.beliefs, self.hot) | {
            "yardstick": {"native_usual_ns": self.native.clock_usual, "stress": vars(self.native.stress)},
            "runs": [run.result.as_dict() | {"clock_ns": run.clock_ns} for run in self.native.runs],
            "observations": [vars(one) | {"parts": [vars(part) for part in one.parts]} for one in self.observations],
            "loads_not_run": self.native.left_out,
            "not_predicted": self.not_predicted,
        }  # fmt: skip


def calibrate(
    seconds: float, directory: Path, programs: Programs, progress: Progress, loads: Sequence[Load] = FITTED
) -> TorCalibration:
    """Measure for about so many seconds, and fit. Call it from the main thread."""
    folder = programs.loom.parent
    pieces = min(60.0, PRIMITIVES_SHARE * seconds)
    primitives = calibrate_primitives.measure(folder / calibrate_primitives.PROGRAM, pieces, progress.line)
    native = calibrate_native.gather(loads, seconds - pieces, directory, programs, progress, program=TOR)
    return from_runs(native, primitives, folder / "loom", directory, progress)


def from_runs(
    native: NativeRuns, primitives: Primitives, loom: Path, directory: Path, progress: Progress
) -> TorCalibration:
    """Ask the engine for the work of each load, and fit; twice, as the work depends a little on the prices."""
    machine = calibrate_profile.machine_of(machines.facts(), cpuinfo(), KIND)
    beliefs = tor_beliefs.beliefs(primitives)
    priors = {name: belief.prior for name, belief in beliefs.items()}
    profile = FIRST_PROFILE
    found = None
    for number in range(1, ROUNDS + 1):
        loads = list(dict.fromkeys(run.result.load for run in native.runs))
        predicted, failed = tor_work.ask(loom, profile, loads, progress)
        seen = observations(native, predicted)
        if not seen:
            raise TestbedError(f"the engine predicts none of the loads: {next(iter(failed.values()), '')}")
        fit, hot = calibrate_law.fit_law(seen, priors, DRAWS)
        why = {load.name: words for load, words in failed.items()}
        found = TorCalibration(machine, native, seen, beliefs, fit, hot, why)
        profile = str(directory / f"round-{number}.yaml")
        calibrate_profile.write(Path(profile), found.profile_text())
    assert found is not None
    return found


def observations(native: NativeRuns, predicted: Mapping[Load, Predicted]) -> list[Observation]:
    """Return each native run with the work that the engine counts for its load."""
    seen = []
    for run in native.sound:
        result, prediction = run.result, predicted.get(run.result.load)
        if prediction is None:
            continue
        work = {name: count * result.cells for name, count in prediction.work_per_cell.items() if name in WORK}
        work["scheduler_picks"] = work.get("cells_sent", 0.0)  # tor picks for each cell
        cpu_ns = sum(result.cpu_ns.values()) / native.slowness(run)
        sets = prediction.working_set
        part = Part(work, sets.get("halves_active", 0), sets.get("cells_waiting", 0))
        seen.append(Observation(result.load.name, (part,), cpu_ns, result.cells))
    return seen


def cpuinfo() -> str:
    """Return what the kernel says of the CPU, as far as it does."""
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


def run(seconds: float, out: Path | None, loom: Path, progress: Progress) -> int:
    """Measure, and write the profile; return an exit status."""
    try:
        done = calibrate(seconds, rundir.make(None), Programs(loom), progress)
        path = write(done, out)
    except (TestbedError, OSError) as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    except Interrupted as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 128 + error.signal_number
    for load, why in done.not_predicted.items():
        print(f"not fitted: {load}: {why}")
    print(f"{path}\n{done.how}")
    return 0


def write(done: TorCalibration, out: Path | None) -> Path:
    """Write profile and JSON; return the profile's name."""
    path = out or rundir.REPOSITORY / "results" / "calibrate" / f"{done.machine.name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    calibrate_profile.write(path.with_suffix(".json"), json.dumps(done.as_dict(), indent=1) + "\n")
    calibrate_profile.write(path, done.profile_text())
    return path

