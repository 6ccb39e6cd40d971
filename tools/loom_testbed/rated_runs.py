"""rated_runs - a native relay at a share of the most that it carries, and how long cells take through it.

At nine tenths of its most 5 % of a relay's speed are a factor of two of its queue, and a machine that is shared with
strangers changes by more than that within minutes. So each run finds the most out itself, on the same relay just before
and just after, and a run whose two differ by more than the queue can bear is not one at that share: it is repeated, as
is one whose relay was full all the same and one that other programs disturbed. How often, and why, is told.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import calibrate_native
from .errors import TestbedError
from .load_shape import Load
from .native_load import OFFERED_LEAST, NativeResult, Programs
from .progress import Progress

REPEATS_MAX = 2  # of one run
REPEATS_PART = 0.4  # of all runs: on a machine that is never quiet it ends, too
CROWDED_MAX = 1.5  # times what a queue grows to with the share: 1 / (1 - share) of any queue
MOSTS_APART_MAX = 1.2  # at a small share, too, nobody knows which of the two it was at
FULL = 0.97  # of its thread's time: from there on queues say how often a machine stops, not what a relay does


@dataclass(frozen=True)
class RatedRun:
    """One run: the load of the result has the rate that was offered."""

    result: NativeResult
    percent: int  # asked for

    @property
    def share(self) -> float:
        """Return what was asked for."""
        return self.percent / 100

    @property
    def most(self) -> float:
        """Return the cells a second that the relay carried at most, around the run."""
        return statistics.fmean(self.result.most)

    @property
    def share_around(self) -> float:
        """Return the share by what the relay carried before and after."""
        return self.result.load.rate / self.most

    @property
    def utilisation(self) -> float:
        """Return the part of the time that the busiest thread worked."""
        return max(self.result.cpu_ns.values()) / 1e9 / self.result.seconds

    @property
    def fault(self) -> str:
        """Return why it is no run at its share; empty: it is one."""
        result = self.result
        room = 1.0 - self.share
        if result.cells_per_s < OFFERED_LEAST * result.load.rate or self.utilisation > FULL:
            return "full"
        rooms = [1.0 - result.load.rate / most for most in result.most]
        if max(result.most) > MOSTS_APART_MAX * min(result.most):
            return "drifted"
        if min(rooms) < room / CROWDED_MAX or max(rooms) > room * CROWDED_MAX:
            return "drifted"
        return "disturbed" if result.is_disturbed else ""

    def as_dict(self) -> dict[str, object]:
        """Return what a file keeps of it."""
        return {"share": self.share, "share_around": round(self.share_around, 4),
                "utilisation": round(self.utilisation, 4), "fault": self.fault,
                "result": self.result.as_dict()}  # fmt: skip


@dataclass
class Rated:
    """All runs of one load at one share."""

    load: Load  # without a rate
    percent: int
    runs: list[RatedRun] = field(default_factory=list)
    failed: int = 0  # that came to nothing, as a relay or its generator was lost

    @property
    def sound(self) -> list[RatedRun]:
        """Return those that count: without a fault, or all when none is."""
        return [run for run in self.runs if not run.fault] or self.runs

    @property
    def not_counted(self) -> dict[str, int]:
        """Return how many do not count, by why."""
        faults = self.faults
        return faults if any(not run.fault for run in self.runs) else {"failed": self.failed} if self.failed else {}

    @property
    def faults(self) -> dict[str, int]:
        """Return how many runs had which fault."""
        found = [run.fault for run in self.runs if run.fault] + ["failed"] * self.failed
        return {fault: found.count(fault) for fault in sorted(set(found))}


def gather(
    loads: Sequence[Load],
    percents: Sequence[int],
    rounds: int,
    directory: Path,
    programs: Programs,
    seconds: float,
    progress: Progress,
) -> list[Rated]:
    """Run all loads at all shares, round after round. Raise TestbedError when not one run of one succeeds."""
    all_of_them = [Rated(load, percent) for load in loads for percent in percents]
    repeats_left = round(REPEATS_PART * rounds * len(all_of_them))
    for number in range(1, rounds + 1):
        for index, rated in enumerate(all_of_them if number % 2 else all_of_them[::-1], 1):
            for attempt in range(1, REPEATS_MAX + 2):
                place = directory / f"rated-{number}-{index}-{attempt}"
                is_sound, told = _add(rated, place, programs, seconds)
                progress.line(f"delays {number} of {rounds}, {index} of {len(all_of_them)}: {rated.load.name}: {told}")
                if is_sound or repeats_left == 0 or attempt > REPEATS_MAX:
                    break
                repeats_left -= 1
    for rated in all_of_them:
        if not rated.runs:
            raise TestbedError(f"{rated.load.name} at {rated.percent}%: none of {rated.failed} runs succeeded")
    return all_of_them


def _add(rated: Rated, place: Path, programs: Programs, seconds: float) -> tuple[bool, str]:
    """Run once more. Return whether that is a run at its share, and what to tell."""
    try:  # What the yardstick takes of the core, a relay at nine tenths makes up for in twenty times as long.
        found = calibrate_native.one(rated.load, place, programs, seconds, has_yardstick=False, share=rated.percent)
    except TestbedError as error:
        rated.failed += 1
        return False, str(error)
    run = RatedRun(found.result, rated.percent)
    rated.runs.append(run)
    return not run.fault, _told(run)


def _told(run: RatedRun) -> str:
    delay = run.result.delay_ns
    again = f": {run.fault}" if run.fault else ""
    return (f"{run.share_around:.0%} of the most, busy {run.utilisation:.0%}, {delay['p50'] / 1e3:.0f} and"
            f" {delay['p99'] / 1e3:.0f} us{again}")  # fmt: skip
