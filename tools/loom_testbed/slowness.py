"""slowness - how much longer than usual a relay's work took because its core was slow, by the yardstick beside it.

The yardstick's integers and AES need nothing but the core and its first cache; a relay needs all of a machine that is
shared with strangers. What slows the one slows the other more, so a cost goes with the yardstick's time to a power,
the stress. Ten calibrations of one machine found 1.8 to 3.7 each, and 1.7 to 2.7 together. It is taken from runs of the
same load at different times: the differences of their logarithms, odd ones counting less, held to GUESSED as long as
there are few.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NORMAL = 1.4826  # a standard deviation by the median distance, if errors are normal
NOISE_LEAST = 0.02  # of a difference: no two runs are believed to be more alike
ODD = 1.5  # noises: from there on a difference counts by itself, no more by its square
ROUNDS = 10
STRESS_MAX = 4.0


@dataclass(frozen=True)
class Stress:
    """The power, and its standard deviation."""

    value: float
    deviation: float


GUESSED = Stress(2.0, 1.0)


@dataclass(frozen=True)
class Timed:
    """What a unit of a run cost, and the yardstick's time meanwhile; both above 0."""

    cost: float
    clock: float


def slowness(clock: float, usual: float, stress: Stress) -> float:
    """Return how much longer than usual it took; 1 when a clock is 0, as nobody read it."""
    return float((clock / usual) ** stress.value) if clock > 0 and usual > 0 else 1.0


def stress_of(loads: Iterable[Sequence[Timed]], believed: Stress = GUESSED) -> Stress:
    """Return the power by which runs of one load differ, for all loads together."""
    steps = [step for runs in loads for step in _steps(runs)]
    squares = sum(clock**2 for clock, _ in steps)
    power = sum(clock * cost for clock, cost in steps) / squares if squares else believed.value
    found = believed
    for _ in range(ROUNDS):
        found = _solve(steps, power, believed)
        power = found.value
    return Stress(min(STRESS_MAX, max(0.0, found.value)), found.deviation)


def _steps(runs: Sequence[Timed]) -> list[tuple[float, float]]:
    """Return by how much clock and cost differ from one run to the next."""
    return [
        (math.log(after.clock / before.clock), math.log(after.cost / before.cost))
        for before, after in zip(runs, runs[1:], strict=False)
    ]


def _solve(steps: Sequence[tuple[float, float]], power: float, believed: Stress) -> Stress:
    """Return the power by weighted least squares, weights and noise by what the power before leaves."""
    left = [abs(cost - power * clock) for clock, cost in steps]
    noise = max(NOISE_LEAST, NORMAL * statistics.median(left)) if left else NOISE_LEAST
    weights = [min(1.0, ODD * noise / off) if off else 1.0 for off in left]
    known = believed.deviation**-2
    knowledge = known + sum(w * clock**2 for w, (clock, _) in zip(weights, steps, strict=True)) / noise**2
    sum_ = believed.value * known
    sum_ += sum(w * clock * cost for w, (clock, cost) in zip(weights, steps, strict=True)) / noise**2
    return Stress(sum_ / knowledge, knowledge**-0.5)
