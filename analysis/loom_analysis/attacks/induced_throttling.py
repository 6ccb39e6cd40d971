"""induced_throttling - which relay is the guard of a circuit that the exit slows down? (Geddes et al., PETS 2013.)

The exit holds SENDMEs back for a while: the guard then has more for others, so the throughput of probes through it
rises when the hold begins, and falls when it ends. Probes are smoothed (EWMA with 0.01, then a cubic spline with
0.5), their slopes over 30 s ranked, and ranks averaged over holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import make_smoothing_spline
from scipy.signal import lfilter
from scipy.stats import rankdata

EWMA_WEIGHT = 0.01
SPLINE_PENALTY = 0.5
SLOPE_S = 30.0


def smoothed(series: np.ndarray, bin_s: float) -> np.ndarray:
    """Smooth one series as published; time of the spline is in seconds."""
    series = np.asarray(series, dtype=float)
    mean, _ = lfilter([EWMA_WEIGHT], [1.0, EWMA_WEIGHT - 1.0], series, zi=[(1.0 - EWMA_WEIGHT) * series[0]])
    at = np.arange(len(mean)) * bin_s
    return make_smoothing_spline(at, mean, lam=SPLINE_PENALTY)(at)


def _slope(smooth: np.ndarray, at_s: float, bin_s: float) -> np.ndarray:
    first = round(at_s / bin_s)
    last = min(smooth.shape[-1] - 1, first + round(SLOPE_S / bin_s))
    if first < 0 or last <= first:
        raise ValueError("a hold outside of the series")
    return (smooth[..., last] - smooth[..., first]) / ((last - first) * bin_s)


def throttling_scores(probes: np.ndarray, holds: Sequence[tuple[float, float]], bin_s: float) -> np.ndarray:
    """Return the mean rank of each probe over holds (their begins and ends in s): the greatest is the guard's.

    A probe ranks high that rises where a hold begins, and that falls where it ends.
    """
    smooth = np.array([smoothed(one, bin_s) for one in probes])
    ranks = [rankdata(_slope(smooth, begin, bin_s)) for begin, _ in holds]
    ranks += [rankdata(-_slope(smooth, end, bin_s)) for _, end in holds]
    return np.mean(ranks, axis=0)


def combined(clients_by_relay: np.ndarray, relays: np.ndarray) -> np.ndarray:
    """Return P(V = Ci) = sum over relays j of P(Ci | Rj) P(G = Rj): location and guard attacks together (section 7).

    clients_by_relay has a row a relay, which sums to 1; relays sums to 1.
    """
    clients_by_relay, relays = np.asarray(clients_by_relay, dtype=float), np.asarray(relays, dtype=float)
    if not (np.allclose(clients_by_relay.sum(axis=1), 1.0) and np.isclose(relays.sum(), 1.0)):
        raise ValueError("probabilities that do not sum to 1")
    return relays @ clients_by_relay
