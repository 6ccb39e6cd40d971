"""distances - how far two samples are apart, where they are farthest, and how far chance alone would put them.

Kolmogorov-Smirnov's distance is the greatest vertical gap between the two distribution functions, Wasserstein's (the
first) the area between them, in the unit of the samples. Random numbers are drawn from a fixed seed: same bytes again.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import ks_2samp, wasserstein_distance

from .statistics import LEVEL, Estimate, quantiles

KS_FACTOR = 1.358  # of the distance that 95 % of pairs of equal distributions stay below (Smirnov's limit law)
GAP_SHARES = np.linspace(0.05, 0.95, 19)
RESAMPLES = 1000
VALUES_AT_ONCE = 1_000_000  # of resamples: 8 MB
_SEED = 324


@dataclass(frozen=True)
class Distance:
    """Between samples a and b. Counts are those of samples."""

    ks: float
    ks_at: float  # the value at which the distribution functions are farthest apart
    shares_at: tuple[float, float]  # of a and of b that are at most that value
    ks_by_chance: float  # 95 % of pairs of independent samples of one distribution stay below
    wasserstein: float
    gap: float  # b less a at the quantile where they differ most
    gap_share: float  # that quantile


def distance(a: np.ndarray, b: np.ndarray) -> Distance:
    """Compare two samples of at least one value each."""
    with np.errstate(divide="ignore"):  # of its p-value, which nobody asks for, of single values
        found = ks_2samp(a, b, method="asymp")
    at = float(found.statistic_location)
    gaps = quantiles(b, GAP_SHARES) - quantiles(a, GAP_SHARES)
    widest = int(np.argmax(np.abs(gaps)))
    return Distance(
        ks=float(found.statistic),
        ks_at=at,
        shares_at=(float(np.mean(a <= at)), float(np.mean(b <= at))),
        ks_by_chance=min(1.0, KS_FACTOR * ((len(a) + len(b)) / (len(a) * len(b))) ** 0.5),
        wasserstein=float(wasserstein_distance(a, b)),
        gap=float(gaps[widest]),
        gap_share=float(GAP_SHARES[widest]),
    )


def ks_between(seeds: Sequence[np.ndarray]) -> float | None:
    """Return the median distance between any two seeds of one side: what two runs differ by anyway."""
    pairs = [ks_2samp(a, b, method="asymp").statistic for a, b in itertools.combinations(seeds, 2)]
    return float(np.median(pairs)) if pairs else None


def bootstrap_difference(a: np.ndarray, b: np.ndarray, share: float, level: float = LEVEL) -> Estimate:
    """Return b's quantile less a's, with an interval that takes values of a run as independent of each other."""
    draw = np.random.default_rng(_SEED)

    def drawn(samples: np.ndarray) -> np.ndarray:
        at_once = max(1, VALUES_AT_ONCE // len(samples))
        sizes = [min(at_once, RESAMPLES - begin) for begin in range(0, RESAMPLES, at_once)]
        return np.concatenate([np.quantile(draw.choice(samples, (n, len(samples))), share, axis=1) for n in sizes])

    low, high = np.quantile(drawn(b) - drawn(a), [(1 - level) / 2, (1 + level) / 2])
    got = float(np.quantile(b, share) - np.quantile(a, share))
    return Estimate(got, max(float(high) - got, got - float(low), 0.0), 1)
