"""roc - how well scores tell true pairs from false ones: curve, area, equal error, rates, precision.

Greater scores say true. Curves have one point per different score, so ties count as halves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata


@dataclass(frozen=True)
class Roc:
    """Shares of false and true pairs at or above falling thresholds; the first point is (0, 0), the last (1, 1)."""

    fpr: np.ndarray
    tpr: np.ndarray
    true_count: int
    false_count: int

    @property
    def finest_fpr(self) -> float:
        """Return the smallest rate other than 0 that so many false pairs can show."""
        return 1.0 / self.false_count


def _samples(true: np.ndarray, false: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    true, false = np.asarray(true, dtype=float), np.asarray(false, dtype=float)
    if true.size == 0 or false.size == 0 or not (np.isfinite(true).all() and np.isfinite(false).all()):
        raise ValueError("scores of true and of false pairs are needed, all finite")
    return true, false


def roc(true: np.ndarray, false: np.ndarray) -> Roc:
    true, false = _samples(true, false)
    thresholds = np.unique(np.concatenate([true, false]))[::-1]

    def at_least(scores: np.ndarray) -> np.ndarray:
        return 1.0 - np.searchsorted(np.sort(scores), thresholds, side="left") / scores.size

    zero = np.zeros(1)
    return Roc(
        np.concatenate([zero, at_least(false)]), np.concatenate([zero, at_least(true)]), true.size, false.size
    )


def auc(true: np.ndarray, false: np.ndarray) -> float:
    """Return the share of pairs (true, false) in which the true one scores higher, ties 1/2 (Mann and Whitney)."""
    true, false = _samples(true, false)
    ranks = rankdata(np.concatenate([true, false]))
    n = true.size
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * false.size))


def equal_error(curve: Roc) -> float:
    """Return where the rates of false positives and of misses are equal, between points by a line."""
    gap = curve.fpr - (1.0 - curve.tpr)  # rises from -1 to 1
    after = int(np.argmax(gap >= 0.0))
    before = after - 1
    rise = gap[after] - gap[before]
    share = -gap[before] / rise
    return float(curve.fpr[before] + share * (curve.fpr[after] - curve.fpr[before]))


def tpr_at(curve: Roc, fpr: float) -> float:
    """Return the greatest share of true pairs found with at most that share of false ones; NaN below finest_fpr."""
    if fpr < curve.finest_fpr:
        return float("nan")
    return float(curve.tpr[curve.fpr <= fpr + 1e-12].max())


def binormal_equal_error(area: float) -> float:
    """Return the equal error of two normal distributions of one variance that have this area."""
    return float(norm.cdf(-norm.ppf(area) / np.sqrt(2.0)))


def precision_at(tpr: float, fpr: float, base_rate: float) -> float:
    """Return which share of what is called true is true, when a share of base_rate of all pairs is."""
    called = tpr * base_rate + fpr * (1.0 - base_rate)
    return tpr * base_rate / called if called > 0.0 else float("nan")
