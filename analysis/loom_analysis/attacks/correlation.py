"""correlation - Pearson's r of throughput series, and its greatest over windows (Mittal et al., CCS 2011, 3.2).

Series are arrays whose last axis is time, in bins of equal length; the other axes broadcast. A series that does not
vary follows nothing: its r is 0.

Fisher's interval takes bins as independent. Throughput has a memory, so it is far too narrow there: `memory` has
tests that hold.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

FLAT = 1e-12  # of a standardised series: a variance below this is rounding


def standardised(series: np.ndarray) -> np.ndarray:
    """Return the series with mean 0 and variance 1 along time; one that does not vary becomes 0."""
    series = np.asarray(series, dtype=float)
    centred = series - series.mean(axis=-1, keepdims=True)
    spread = series.std(axis=-1, keepdims=True)
    varies = spread > FLAT * np.maximum(np.abs(series).max(axis=-1, keepdims=True), 1e-300)
    return np.where(varies, centred / np.where(varies, spread, 1.0), 0.0)


def pearson(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return r along the last axis."""
    return (standardised(a) * standardised(b)).mean(axis=-1)


def _sums(series: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return what the series sums to before each edge."""
    sums = np.concatenate([np.zeros((*series.shape[:-1], 1)), series.cumsum(axis=-1)], axis=-1)
    return sums[..., edges]


def window_max(a: np.ndarray, b: np.ndarray, least: int, step: int) -> np.ndarray:
    """Return the greatest r of all windows of at least that many bins that begin and end on a grid of step bins.

    Series shorter than least bins count as a whole, as published.
    """
    a, b = np.broadcast_arrays(standardised(a), standardised(b))
    n = a.shape[-1]
    if n <= least:
        return pearson(a, b)
    edges = np.arange(0, n + 1, step)
    sums = [_sums(x, edges) for x in (a, b, a * a, b * b, a * b)]
    best = np.full(a.shape[:-1], -1.0)
    for length in range(-(-least // step), len(edges)):
        bins = length * step
        sa, sb, saa, sbb, sab = (x[..., length:] - x[..., :-length] for x in sums)
        variances = (saa - sa * sa / bins) * (sbb - sb * sb / bins)
        varies = variances > FLAT * bins * bins
        r = np.where(varies, (sab - sa * sb / bins) / np.sqrt(np.where(varies, variances, 1.0)), 0.0)
        best = np.maximum(best, r.max(axis=-1))
    return best


def fisher_interval(r: np.ndarray, n: int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return Fisher's interval for r of n independent pairs."""
    z, half = np.arctanh(r), norm.ppf((1 + level) / 2) / np.sqrt(n - 3)
    return np.tanh(z - half), np.tanh(z + half)


def fisher_rejects(r: np.ndarray, n: int, level: float = 0.95) -> np.ndarray:
    """Say whether Fisher's interval leaves out 0."""
    low, high = fisher_interval(r, n, level)
    return (low > 0) | (high < 0)
