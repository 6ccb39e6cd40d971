"""noise - series that share nothing, or as much as is asked for."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

SETTLE = 1000  # bins before the first: the filter has forgotten where it began


def ar1(draw: np.random.Generator, count: int, bins: int, memory: float) -> np.ndarray:
    """Return series of mean 0 and variance 1 whose neighbouring bins correlate by memory."""
    innovations = draw.standard_normal((count, bins + SETTLE))
    return lfilter([np.sqrt(1.0 - memory * memory)], [1.0, -memory], innovations, axis=1)[:, SETTLE:]


def correlated(draw: np.random.Generator, count: int, bins: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of series of independent bins that correlate by rho."""
    a = draw.standard_normal((count, bins))
    return a, rho * a + np.sqrt(1.0 - rho * rho) * draw.standard_normal((count, bins))
