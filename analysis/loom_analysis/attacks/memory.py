"""memory - tests of correlation for series whose bins are not independent, and thresholds from what chance gives.

Two ways that hold where Fisher's interval does not: counting effective samples (Bartlett: for AR(1) series the variance
of r is (1 + ab)/(1 - ab)/n, where a and b are the correlations of neighbouring bins), and turning one series around
against the other, which keeps the memory of both and breaks what they share.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import t as student

from .correlation import pearson, standardised

EFFECTIVE_MIN = 12.0  # with fewer neither test below is near what it says, and nothing is said


def neighbour_correlation(series: np.ndarray) -> np.ndarray:
    """Return the correlation of neighbouring bins, with its bias for AR(1) taken out (Kendall 1954)."""
    x = standardised(series)
    n = x.shape[-1]
    got = (x[..., 1:] * x[..., :-1]).sum(axis=-1) / n
    return np.clip((got * n + 1.0) / (n - 3.0), 0.0, 1.0 - 1.0 / n)


def effective_samples(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return to how many independent bins the two series amount."""
    both = neighbour_correlation(a) * neighbour_correlation(b)
    return np.shape(a)[-1] * (1.0 - both) / (1.0 + both)


def correlation_p(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the two-sided p of r, by effective samples; NaN where the series have too much memory to say."""
    r, effective = pearson(a, b), effective_samples(a, b)
    freedom = np.maximum(effective - 2.0, 1.0)
    statistic = np.abs(r) * np.sqrt(freedom / np.maximum(1.0 - r * r, 1e-300))
    return np.where(effective >= EFFECTIVE_MIN, 2.0 * student.sf(statistic, freedom), np.nan)


def turned(series: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return the series (one) begun at each shift, its beginning following its end."""
    n = len(series)
    return series[(np.arange(n) + np.asarray(shifts)[:, None]) % n]


def shifts_of(n: int, count: int) -> np.ndarray:
    """Return count shifts at equal distances around n bins, without 0."""
    return np.unique(np.arange(1, count + 1) * n // (count + 1))


def turned_null(
    score: Callable[[np.ndarray, np.ndarray], np.ndarray], a: np.ndarray, b: np.ndarray, count: int
) -> np.ndarray:
    """Return the scores of a against b turned around: what chance gives for two series with these memories."""
    return score(a, turned(b, shifts_of(len(b), count)))


def turned_p(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the two-sided p of r along the last axis, against b turned around by every number of bins.

    NaN as correlation_p: where memory lasts for a large part of the series, the seam of its end and beginning shows.
    """
    n = np.shape(a)[-1]
    spectra = np.fft.rfft(standardised(a), axis=-1) * np.conj(np.fft.rfft(standardised(b), axis=-1))
    r = np.abs(np.fft.irfft(spectra, n, axis=-1))  # the first is r of b as it is
    p = np.count_nonzero(r >= r[..., :1], axis=-1) / n
    return np.where(effective_samples(a, b) >= EFFECTIVE_MIN, p, np.nan)


def p_value(observed: float, null: np.ndarray) -> float:
    """Return the share of the null that is at least as great, the observed among it: never 0."""
    null = np.asarray(null)
    return float((1 + np.count_nonzero(null >= observed)) / (1 + null.size))


def threshold(null: np.ndarray, level: float) -> float:
    """Return what a share of level of the null exceeds."""
    return float(np.quantile(null, 1.0 - level))
