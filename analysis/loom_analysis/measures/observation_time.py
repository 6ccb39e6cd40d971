"""observation_time - how long an attacker must look until a goal is met, where some never meet it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Reached:
    """When a goal is met for good; None: not in the time that was looked at, which ended at last_s."""

    at_s: float | None
    last_s: float


def reached(times_s: Sequence[float], values: Sequence[float], goal: float, *, below: bool = True) -> Reached:
    """Return the first time from which on every value is at the goal or beyond it (below it, or above)."""
    values = np.asarray(values, dtype=float)
    met = values <= goal if below else values >= goal
    missed = np.flatnonzero(~met)
    first = 0 if missed.size == 0 else int(missed[-1]) + 1
    return Reached(float(times_s[first]) if first < len(times_s) else None, float(times_s[-1]))


def median_s(networks: Sequence[Reached]) -> float | None:
    """Return the median over networks, those that never met the goal last; None when it is one of them."""
    times = sorted(float("inf") if one.at_s is None else one.at_s for one in networks)
    middle = (times[(len(times) - 1) // 2] + times[len(times) // 2]) / 2.0
    return middle if np.isfinite(middle) else None
