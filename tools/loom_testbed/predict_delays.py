"""predict_delays - time through a relay at a utilisation: the engine's relay beside the native one.

A queue depends on how busy the thread is that works it off, so the engine's relay is asked when it is as busy as the
native one was, whatever each of them then carries: how much that is, is another figure, and near the most a tenth of it
would be a factor of two here. The engine is asked at a row of rates, and what lies between two is interpolated. Beside
it stands what it says at the same share of the most, and at that share of what the native relay usually carries.

Native times stand as they were measured. Over what the relay carried around the run they repeat less well (60 links at
30 %: 61 to 69 us in four runs, 50 to 75 when so corrected): what slows a full relay, whose cells have left the caches,
is not what slows one that wakes for each burst.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .load_shape import Load
from .predict_compare import Compared, Run, work_of
from .predict_engine import Prediction
from .rated_runs import Rated

QUANTILES = ("p50", "p99")
ROW = (0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.82, 0.88, 0.92, 0.95)  # of the most that the engine's carries


@dataclass(frozen=True)
class Asked:
    """What the engine is asked for beside the native runs of a load at a share."""

    rated: Rated
    row: tuple[Load, ...]  # rising rates
    same_share: Load
    same_rate: Load

    @property
    def loads(self) -> list[Load]:
        """Return all of them."""
        return [*self.row, self.same_share, self.same_rate]


def asked(rated: Sequence[Rated], most: Callable[[Load], float], predicted: Mapping[Load, Prediction]) -> list[Asked]:
    """Return what to ask for. most: of a native relay; predicted: of the engine's, as fast as it goes."""
    found = []
    for one in rated:
        if one.load in predicted:
            here, there = predicted[one.load].cells_per_s, most(one.load)
            rates = [*(part * here for part in ROW), one.percent / 100 * here, one.percent / 100 * there]
            *row, share, rate = (one.load.at_rate(max(1, round(rate))) for rate in rates)
            found.append(Asked(one, tuple(row), share, rate))
    return found


def as_busy(asked_for: Asked, predicted: Mapping[Load, Prediction]) -> dict[str, float]:
    """Return the engine's times where it is as busy as the native relay was; beyond the row, those of its end."""
    wanted = statistics.median(run.utilisation for run in asked_for.rated.sound)
    row = [predicted[load] for load in asked_for.row if load in predicted]
    for below, above in zip(row, row[1:], strict=False):
        if below.utilisation <= wanted <= above.utilisation:
            part = (wanted - below.utilisation) / max(1e-9, above.utilisation - below.utilisation)
            return {name: _between(below.delay_ns[name], above.delay_ns[name], part) for name in QUANTILES}
    return row[0 if wanted < row[0].utilisation else -1].delay_ns


def _between(low: float, high: float, part: float) -> float:
    return math.exp((1.0 - part) * math.log(low) + part * math.log(high))


def delays_of(asked_for: Asked, delay_ns: Mapping[str, float]) -> list[Compared]:
    """Compare the median and the 99th percentile with what the engine says."""
    rated = asked_for.rated
    return [
        Compared(
            "delay",
            rated.load,
            [run.result.delay_ns[name] for run in rated.sound],
            delay_ns[name],
            f"{name} at {rated.percent}%",
            is_disturbed=any(run.fault for run in rated.sound),
        )
        for name in QUANTILES
    ]


def beside(asked_for: Asked, predicted: Mapping[Load, Prediction]) -> dict[str, object]:
    """Return what a file keeps of how busy both were, of repeated runs, and of the engine at share and rate."""
    rated = asked_for.rated
    engine = predicted[asked_for.same_share]
    return {
        "load": rated.load.as_dict(),
        "percent": rated.percent,
        "share_around": statistics.median(run.share_around for run in rated.sound),
        "utilisation": [round(run.utilisation, 4) for run in rated.sound],
        "utilisation_predicted": engine.utilisation,
        "ns_per_cell": round(statistics.median(run.result.ns_per_cell for run in rated.sound), 2),
        "ns_per_cell_predicted": round(engine.ns_per_cell, 2),
        "rate_predicted": asked_for.same_share.rate,
        "rate_usual": asked_for.same_rate.rate,
        "counted": len(rated.sound),
        "not_counted": rated.not_counted,
        "errors_at_the_same_share": _errors(asked_for, predicted.get(asked_for.same_share)),
        "errors_at_the_usual_rate": _errors(asked_for, predicted.get(asked_for.same_rate)),
        "row": [{"rate": load.rate, "utilisation": predicted[load].utilisation, "delay_ns": predicted[load].delay_ns}
                for load in asked_for.row if load in predicted],
        "work": work_of(rated.load, [Run(run.result) for run in rated.sound], engine).as_dict(),
        "runs": [run.as_dict() for run in rated.runs],
    }  # fmt: skip


def _errors(asked_for: Asked, engine: Prediction | None) -> list[float]:
    return [round(one.error, 4) for one in delays_of(asked_for, engine.delay_ns)] if engine else []
