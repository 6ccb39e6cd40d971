"""calibrate_law - from runs of a relay to columns of work, by the law in model/cost/price.h.

Each thread that relayed is a run of its own: its counters, its CPU time, its working set. What is cold adds two
columns: a share 1 - halves_hot / n of the circuit switches, and a share 1 - queues_hot / n of the cells received and
of those that crossed, n being the circuit halves that are active. Those two counts are no prices: the pair that leaves
the least squares is taken.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .calibrate_fit import Fit, Prior, Run, fit, leave_out
from .load_shape import EXIT
from .native_load import NativeResult, Work

CIRCUIT_COLD = "circuit_cold"
CELL_COLD = "cell_cold"
HALVES_HOT = (250, 500, 1000, 2000, 4000, 8000, 16000)
QUEUES_HOT = (60, 125, 250, 500, 1000, 2000)
PART_LEAST = 0.02  # of the relay's cells: a thread that relayed fewer is no run
CLOSE = 4.0  # in units of the squares: counts that leave no more than so much beyond the least are in the interval


@dataclass(frozen=True)
class Observation:
    """One thread of a relay under a load; the CPU time is corrected by the yardstick."""

    load: str
    thread: str
    work: Mapping[str, float]
    halves_active: float
    cpu_ns: float
    cells: float

    def run(self, halves_hot: int, queues_hot: int) -> Run:
        """Return it as a run with the columns of what is cold."""
        work = {name: float(count) for name, count in self.work.items() if count}
        work[CIRCUIT_COLD] = work.get("circuit_switches", 0.0) * cold_share(self.halves_active, halves_hot)
        waits = work.get("cells_received", 0.0) + work.get("cells_crossed", 0.0)
        work[CELL_COLD] = waits * cold_share(self.halves_active, queues_hot)
        return Run(self.load, work, self.cpu_ns, self.cells)


@dataclass(frozen=True)
class Hot:
    """How many active halves stay hot, as fitted, and those that would do nearly as well."""

    halves: int
    queues: int
    halves_range: tuple[int, int]
    queues_range: tuple[int, int]


def cold_share(active: float, hot: float) -> float:
    """Return which share of so many active halves is cold, as cold_ps of price.c does."""
    return 0.0 if active <= hot else 1.0 - hot / active


def observations(result: NativeResult, slowness: float = 1.0) -> list[Observation]:
    """Return the threads of a native run that relayed. slowness: of the machine meanwhile, by the yardstick."""
    links_a_cell = 1 if result.load.role == EXIT else 2  # that it passes: on an exit it ends or begins
    cells = {thread: _handled(work) / links_a_cell for thread, work in result.work.items()}
    total = sum(cells.values())
    return [
        Observation(
            load=result.load.name,
            thread=thread,
            work=result.work[thread],
            halves_active=result.working_set.get(thread, {}).get("halves_active", 0),
            cpu_ns=result.cpu_ns[thread] / slowness,
            cells=count,
        )
        for thread, count in cells.items()
        if total and count >= PART_LEAST * total
    ]


def _handled(work: Work) -> int:
    return work.get("cells_received", 0) + work.get("cells_sent", 0)


def fit_law(seen: Sequence[Observation], priors: Mapping[str, Prior], draws: int) -> tuple[Fit, Hot]:
    """Fit the prices and the counts of what stays hot. The errors of left-out loads are those of one pair for all."""
    tried: dict[tuple[int, int], float] = {}
    middle = [one.run(HALVES_HOT[len(HALVES_HOT) // 2], QUEUES_HOT[len(QUEUES_HOT) // 2]) for one in seen]
    noise = fit(middle, priors, draws=0, is_crossed=False).noise  # the same for all, or their squares do not compare
    for halves in HALVES_HOT:
        for queues in QUEUES_HOT:
            runs = [one.run(halves, queues) for one in seen]
            tried[halves, queues] = fit(runs, priors, noise, draws=0, is_crossed=False).objective
    halves, queues = min(tried, key=lambda pair: tried[pair])
    near = [pair for pair, left in tried.items() if left <= tried[halves, queues] + CLOSE]
    hot = Hot(halves, queues, _range([pair[0] for pair in near]), _range([pair[1] for pair in near]))
    return fit([one.run(halves, queues) for one in seen], priors, draws=draws), hot


def errors_without_law(seen: Sequence[Observation], priors: Mapping[str, Prior], noise: float) -> float:
    """Return the median error of left-out loads if nothing were cold: what the law is worth."""
    never = 2**32
    found = leave_out([one.run(never, never) for one in seen], priors, noise)
    return statistics.median(abs(one.error) for one in found) if found else float("nan")


def _range(values: Sequence[int]) -> tuple[int, int]:
    return min(values), max(values)
