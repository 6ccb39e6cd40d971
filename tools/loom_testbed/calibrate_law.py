"""calibrate_law - from runs of a relay to columns of work, by the law in model/cost/price.h.

A relay under a load is one run: the counters and the CPU time of all threads that relayed, for what one thread hands
to another both pay, and only one counts. What is cold adds two columns: a share 1 - halves_hot / n of the circuit
switches, and a share 1 - queues_hot / n of the cells received, of those that crossed and of the bytes of exit streams,
n being the circuit halves that are active on the thread, or how many cells wait there when one leaves. Those two
counts are no prices: of those tried each is believed by what it leaves of the squares, and their mean is taken, as
several of them often do equally well.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .calibrate_fit import Fit, Prior, Run, fit, leave_out
from .load_shape import EXIT
from .native_load import NativeResult, Work

CIRCUIT_COLD = "circuit_cold"
CELL_COLD = "cell_cold"
EDGE_COLD = "edge_cold"
HALVES_HOT = (250, 500, 1000, 2000, 4000, 8000, 16000)
QUEUES_HOT = (125, 250, 500, 1000, 2000, 4000, 8000)
PART_LEAST = 0.02  # of the relay's cells: a thread that relayed fewer is no run
CLOSE = 6.0  # in units of the squares: counts that leave so much beyond the least are believed a twentieth of the best


@dataclass(frozen=True)
class Part:
    """What one thread of a relay did."""

    work: Mapping[str, float]
    halves_active: float
    cells_waiting: float = 0.0


@dataclass(frozen=True)
class Observation:
    """A relay under a load; the CPU time of the threads that relayed is corrected by the yardstick."""

    load: str
    parts: tuple[Part, ...]
    cpu_ns: float
    cells: float
    doubt: float = 1.0

    @property
    def halves_active(self) -> float:
        """Return the active circuit halves of all threads."""
        return sum(part.halves_active for part in self.parts)

    def run(self, halves_hot: int, queues_hot: int) -> Run:
        """Return it as a run with the columns of what is cold, which each thread's own halves and cells decide."""
        work: dict[str, float] = {CIRCUIT_COLD: 0.0, CELL_COLD: 0.0, EDGE_COLD: 0.0}
        for part in self.parts:
            for name, count in part.work.items():
                if count:
                    work[name] = work.get(name, 0.0) + count
            waits = part.work.get("cells_received", 0.0) + part.work.get("cells_crossed", 0.0)
            work[CIRCUIT_COLD] += part.work.get("circuit_switches", 0.0) * cold_share(part.halves_active, halves_hot)
            work[CELL_COLD] += waits * cold_share(part.cells_waiting, queues_hot)
            edges = part.work.get("edge_bytes_in", 0.0) + part.work.get("edge_bytes_out", 0.0)
            work[EDGE_COLD] += edges * cold_share(part.cells_waiting, queues_hot)
        return Run(self.load, work, self.cpu_ns, self.cells, self.doubt)


@dataclass(frozen=True)
class Hot:
    """How many active halves and how many waiting cells stay hot, as fitted, and those that would do nearly as well."""

    halves: int
    queues: int
    halves_range: tuple[int, int]
    queues_range: tuple[int, int]


def cold_share(active: float, hot: float) -> float:
    """Return which share of so many in use is cold, as cold_ps of price.c does."""
    return 0.0 if active <= hot else 1.0 - hot / active


def observe(result: NativeResult, slowness: float = 1.0) -> Observation:
    """Return a native run. slowness: of the machine meanwhile, by the yardstick."""
    handled = {thread: _handled(work) for thread, work in result.work.items()}
    total = sum(handled.values())
    relaying = [thread for thread, count in handled.items() if total and count >= PART_LEAST * total]
    links_a_cell = 1 if result.load.role == EXIT else 2  # that it passes: on an exit it ends or begins
    sets = result.working_set
    return Observation(
        load=result.load.name,
        parts=tuple(Part(result.work[name], *_in_use(sets.get(name, {}))) for name in relaying),
        cpu_ns=sum(result.cpu_ns[name] for name in relaying) / slowness,
        cells=sum(handled[name] for name in relaying) / links_a_cell,
    )


def _in_use(working_set: Work) -> tuple[int, int]:
    return working_set.get("halves_active", 0), working_set.get("cells_waiting", 0)


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
    hot = believed(tried)
    return fit([one.run(hot.halves, hot.queues) for one in seen], priors, draws=draws), hot


def believed(tried: Mapping[tuple[int, int], float]) -> Hot:
    """Return the mean of the counts (of their logarithms), by what each pair leaves; and the range of good ones."""
    least = min(tried.values())
    belief = {pair: math.exp((least - left) / 2.0) for pair, left in tried.items()}
    halves, queues = (
        math.exp(sum(math.log(pair[i]) * weight for pair, weight in belief.items()) / sum(belief.values()))
        for i in (0, 1)
    )
    mean = round(halves), round(queues)
    near = [mean, *(pair for pair, left in tried.items() if left <= least + CLOSE)]
    return Hot(*mean, _range([pair[0] for pair in near]), _range([pair[1] for pair in near]))


def errors_without_law(seen: Sequence[Observation], priors: Mapping[str, Prior], noise: float) -> float:
    """Return the median error of left-out loads if nothing were cold: what the law is worth."""
    never = 2**32
    found = leave_out([one.run(never, never) for one in seen], priors, noise)
    return statistics.median(abs(one.error) for one in found) if found else float("nan")


def _range(values: Sequence[int]) -> tuple[int, int]:
    return min(values), max(values)
