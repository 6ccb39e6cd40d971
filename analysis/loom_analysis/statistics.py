"""statistics - quantiles, means over seeds with their intervals, paired differences. Nothing here draws random numbers.

A seed is one observation: what happens within a run is not independent, so intervals come from seeds alone, by
Student's t. With one seed there is no interval, and none is made up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

LEVEL = 0.95  # of all intervals
_BISECTIONS = 200
_FRACTION_TERMS = 500
_TINY = 1e-300


def _incomplete_beta_fraction(a: float, b: float, x: float) -> float:
    """Evaluate the continued fraction of the incomplete beta function (DLMF 8.17.22, by Lentz's method)."""
    c, d = 1.0, 1.0 / max(1.0 - (a + b) * x / (a + 1.0), _TINY)
    h = d
    for m in range(1, _FRACTION_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 + term * d
            c = 1.0 + term / c
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = c if abs(c) > _TINY else _TINY
            h *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return h


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b)."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1.0) / (a + b + 2.0):
        return math.exp(log_front) * _incomplete_beta_fraction(a, b, x) / a
    return 1.0 - math.exp(log_front) * _incomplete_beta_fraction(b, a, 1.0 - x) / b


@cache
def student_t(freedom: int, level: float = LEVEL) -> float:
    """Return t with P(|T| <= t) = level at so many degrees of freedom."""
    if freedom < 1 or not 0.0 < level < 1.0:
        raise ValueError(f"no t for {freedom} degrees of freedom at level {level}")
    low, high = 0.0, 1e9
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        outside = incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + middle * middle))
        low, high = (middle, high) if 1.0 - outside < level else (low, middle)
    return (low + high) / 2.0


@dataclass(frozen=True)
class Estimate:
    """A mean over n seeds; half is half its interval's width, None with a single seed."""

    mean: float
    half: float | None
    n: int

    @property
    def low(self) -> float:
        return self.mean - (self.half or 0.0)

    @property
    def high(self) -> float:
        return self.mean + (self.half or 0.0)

    @property
    def further(self) -> Estimate:
        """Return the same mean with a prediction interval: for the value of one more seed."""
        return Estimate(self.mean, None if self.half is None else self.half * math.sqrt(self.n + 1), self.n)

    @property
    def excludes_zero(self) -> bool:
        return self.half is not None and (self.low > 0.0 or self.high < 0.0)


def estimate(values: Sequence[float], level: float = LEVEL) -> Estimate | None:
    """Mean and t interval of one value a seed; None without any. Values that are not finite are an error."""
    array = np.asarray(values, dtype=float)
    if array.size == 0:
        return None
    if not np.all(np.isfinite(array)):
        raise ValueError("a value that is not finite")
    mean = float(array.mean())
    if array.size == 1:
        return Estimate(mean, None, 1)
    half = student_t(array.size - 1, level) * float(array.std(ddof=1)) / math.sqrt(array.size)
    return Estimate(mean, half, int(array.size))


def median_interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float | None, float | None] | None:
    """Return the median, and two of the ordered values that have that of the population between them.

    The sign interval: at least at this level, whatever the distribution; at 95 % it takes six values.
    """
    ordered = sorted(values)
    n = len(ordered)
    if n == 0:
        return None
    outside, left_out = 0.0, 0  # chance that a side has so few values below the median; values left out of each
    while 2 * (outside + math.comb(n, left_out) / 2**n) <= 1.0 - level:
        outside += math.comb(n, left_out) / 2**n
        left_out += 1
    median = float(np.median(ordered))
    return (median, ordered[left_out - 1], ordered[n - left_out]) if left_out else (median, None, None)


@dataclass(frozen=True)
class Paired:
    """An arm less the first, seed by seed: in the quantity's unit, and relative to the first arm's mean."""

    difference: Estimate
    relative: Estimate | None  # None: the first arm's mean is zero


def paired(first: dict[int, float], other: dict[int, float], level: float = LEVEL) -> Paired | None:
    """Compare by the seeds that both have; None when they share none.

    relative divides every difference by the mean of the first arm, which is taken as exact.
    """
    seeds = sorted(first.keys() & other.keys())
    if not seeds:
        return None
    differences = [other[seed] - first[seed] for seed in seeds]
    base = float(np.mean([first[seed] for seed in seeds]))
    relative = estimate([d / base for d in differences], level) if base != 0.0 else None
    difference = estimate(differences, level)
    assert difference is not None
    return Paired(difference, relative)


def quantiles(samples: Sequence[float] | np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return linear quantiles, as numpy's default; NaN without samples."""
    array = np.asarray(samples, dtype=float)
    if array.size == 0:
        return np.full(len(probabilities), np.nan)
    return np.quantile(array, probabilities)


def mean_curve(curves: Sequence[np.ndarray], level: float = LEVEL) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, lower and upper bound, point by point, of one curve a seed; the bounds are NaN with one seed."""
    stacked = np.vstack(curves)
    mean = stacked.mean(axis=0)
    n = stacked.shape[0]
    if n == 1:
        nothing = np.full_like(mean, np.nan)
        return mean, nothing, nothing
    half = student_t(n - 1, level) * stacked.std(axis=0, ddof=1) / math.sqrt(n)
    return mean, mean - half, mean + half
