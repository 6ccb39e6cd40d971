"""predict_delays - time through a relay at shares of its most: the engine's relay beside the native one.

What is asked is a time at a utilisation, so both are at the same share of what each of them carries at most: how much
that is, is another figure, and near the most a tenth of it would be a factor of two here. Beside it stands what the
engine says of the same share of what the native relay usually carries.

Native times stand as they were measured. Over what the relay carried around the run they repeat less well (60 links at
30 %: 61 to 69 us in four runs, 50 to 75 when so corrected): what slows a full relay, whose cells have left the caches,
is not what slows one that wakes for each burst.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .load_shape import Load
from .predict_compare import Compared, Run, work_of
from .predict_engine import Prediction
from .rated_runs import Rated

QUANTILES = ("p50", "p99")


@dataclass(frozen=True)
class Asked:
    """What the engine is asked for beside the native runs of a load at a share."""

    rated: Rated
    same_share: Load
    same_rate: Load


def asked(rated: Sequence[Rated], most: Callable[[Load], float], predicted: Mapping[Load, Prediction]) -> list[Asked]:
    """Return what to ask for. most: of a native relay; predicted: of the engine's, as fast as it goes."""
    found = []
    for one in rated:
        if one.load not in predicted:
            continue
        mosts = predicted[one.load].cells_per_s, most(one.load)
        found.append(Asked(one, *(one.load.at_rate(max(1, round(one.percent / 100 * cells))) for cells in mosts)))
    return found


def delays_of(asked_for: Asked, predicted: Prediction) -> list[Compared]:
    """Compare the median and the 99th percentile with one of the predictions."""
    rated = asked_for.rated
    return [
        Compared(
            "delay",
            rated.load,
            [run.result.delay_ns[name] for run in rated.sound],
            predicted.delay_ns[name],
            f"{name} at {rated.percent}%",
            is_disturbed=any(run.fault for run in rated.sound),
        )
        for name in QUANTILES
    ]


def beside(asked_for: Asked, predicted: Mapping[Load, Prediction]) -> dict[str, object]:
    """Return what a file keeps of how busy both were, of repeated runs, and of the engine at the same rate."""
    rated = asked_for.rated
    engine, same_rate = predicted[asked_for.same_share], predicted.get(asked_for.same_rate)
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
        "not_counted": {} if rated.sound == rated.runs else rated.faults,
        "errors_at_the_same_rate": [round(one.error, 4) for one in delays_of(asked_for, same_rate)]
        if same_rate
        else [],
        "work": work_of(rated.load, [Run(run.result) for run in rated.sound], engine).as_dict(),
        "runs": [run.as_dict() for run in rated.runs],
    }
