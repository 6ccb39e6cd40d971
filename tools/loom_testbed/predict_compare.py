"""predict_compare - what was measured beside what was predicted: errors, repeatability, and whether they are as asked.

A measured figure is the median of its runs, each corrected for how fast the core was while it ran (the yardstick). An
error is of the prediction, relative to what was measured. Runs of one load differ from their mean by their
repeatability; of a predicted cost nobody can ask more than twice that. Times through a relay are asked for as they are.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from .load_shape import Load
from .native_load import NativeResult
from .predict_engine import Prediction

ASKED_MEDIAN = {"cpu": 0.10, "throughput": 0.10, "delay": 0.20}
ASKED_WORST = {"cpu": 0.25, "throughput": 0.25}
REPEATABILITY_FACTOR = 2.0
WORK_SHOWN = 0.02  # differences of a kind of work per cell below this are not told


@dataclass(frozen=True)
class Run:
    """One native run, how much slower than usual its core was, and which part of it the yardstick took."""

    result: NativeResult
    slowness: float = 1.0
    yardstick_share: float = 0.0

    @property
    def ns_per_cell(self) -> float:
        """Return the CPU of a cell on the machine as it usually is."""
        return self.result.ns_per_cell / self.slowness

    @property
    def cells_per_s(self) -> float:
        """Return the most that the relay carries on a core of its own; of one that was not saturated, by its busiest
        thread's CPU time."""
        result = self.result
        rate = result.cells_per_s / (1.0 - self.yardstick_share)
        if not result.is_saturated:
            rate = result.cells * 1e9 / max(result.cpu_ns.values())
        return rate * self.slowness


@dataclass(frozen=True)
class Compared:
    """One figure of one load."""

    kind: str  # cpu, throughput or delay
    load: Load
    runs: list[float]
    predicted: float
    label: str = ""  # of a delay: which quantile, at which share of the most
    is_saturated: bool = True
    is_disturbed: bool = False  # of a delay: no run was as it should be

    @property
    def measured(self) -> float:
        """Return the median of the runs."""
        return statistics.median(self.runs)

    @property
    def error(self) -> float:
        """Return how far off the prediction is, relative to what was measured."""
        return self.predicted / self.measured - 1.0

    @property
    def repeatability(self) -> float:
        """Return how far a run is from the mean of its load's, relative to it."""
        mean = statistics.fmean(self.runs)
        return statistics.fmean(abs(one - mean) for one in self.runs) / mean

    def as_dict(self) -> dict[str, object]:
        """Return it for a file."""
        return {"load": self.load.as_dict(), "label": self.label, "measured": round(self.measured, 2),
                "runs": [round(one, 2) for one in self.runs], "predicted": round(self.predicted, 2),
                "error": round(self.error, 4), "repeatability": round(self.repeatability, 4),
                "is_saturated": self.is_saturated, "is_disturbed": self.is_disturbed}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What all figures of a kind come to."""

    kind: str
    figures: int
    median_error: float
    worst_error: float
    worst_of: str
    repeatability: float

    @property
    def allowed_median(self) -> float:
        """Return what is asked; of costs, twice the repeatability when that is more."""
        repeats = REPEATABILITY_FACTOR * self.repeatability if self.kind in ASKED_WORST else 0.0
        return max(ASKED_MEDIAN[self.kind], repeats)

    @property
    def is_ok(self) -> bool:
        """Say whether the errors are as asked."""
        worst = ASKED_WORST.get(self.kind)
        return self.median_error <= self.allowed_median and (worst is None or self.worst_error <= worst)

    def as_dict(self) -> dict[str, object]:
        """Return it for a file."""
        return {"figures": self.figures, "median_error": round(self.median_error, 4),
                "allowed_median": round(self.allowed_median, 4), "worst_error": round(self.worst_error, 4),
                "allowed_worst": ASKED_WORST.get(self.kind), "worst_of": self.worst_of,
                "repeatability": round(self.repeatability, 4), "ok": self.is_ok}  # fmt: skip


def cpu_of(load: Load, runs: Sequence[Run], predicted: Prediction) -> Compared:
    """Compare the CPU of a cell."""
    is_saturated = all(run.result.is_saturated for run in runs)
    return Compared("cpu", load, [run.ns_per_cell for run in runs], predicted.ns_per_cell, is_saturated=is_saturated)


def throughput_of(load: Load, runs: Sequence[Run], predicted: Prediction) -> Compared:
    """Compare the most that the relay carries."""
    is_saturated = all(run.result.is_saturated for run in runs)
    return Compared("throughput", load, [run.cells_per_s for run in runs], predicted.cells_per_busy_s,
                    is_saturated=is_saturated)  # fmt: skip


def verdict(kind: str, figures: Sequence[Compared]) -> Verdict:
    """Sum up figures of one kind; there is at least one."""
    worst = max(figures, key=lambda one: abs(one.error))
    return Verdict(
        kind=kind,
        figures=len(figures),
        median_error=statistics.median(abs(one.error) for one in figures),
        worst_error=abs(worst.error),
        worst_of=f"{worst.load.name} {worst.label}".strip(),
        repeatability=statistics.median(one.repeatability for one in figures),
    )


@dataclass(frozen=True)
class WorkCompared:
    """Work for a cell of one load: by kind, what the native relay did, and what the engine's did."""

    load: Load
    kinds: dict[str, tuple[float, float]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return it for a file."""
        kinds = {kind: [round(native, 5), round(engine, 5)] for kind, (native, engine) in self.kinds.items()}
        return {"load": self.load.as_dict(), "native_and_engine": kinds}


def work_of(load: Load, runs: Sequence[Run], predicted: Prediction) -> WorkCompared:
    """Compare the work that is done for a cell, kind by kind."""
    kinds = sorted({kind for run in runs for kind in run.result.work_per_cell} & set(predicted.work_per_cell))
    found = {
        kind: (
            statistics.fmean(run.result.work_per_cell.get(kind, 0.0) for run in runs),
            predicted.work_per_cell[kind],
        )
        for kind in kinds
    }
    return WorkCompared(load, {kind: pair for kind, pair in found.items() if max(pair) > 0})
