"""client_location - how far is the client from its guard? By round trips (Hopper et al. 2007, 2010).

The adversary is at the server X, has found the circuit's relays, and builds the same circuit from a host A of his own,
whose round trip to the guard E he knows. What the client's round trips exceed his own by is what the client is farther
from the guard than he is. Queues only ever add time, so minima are compared.
"""

from __future__ import annotations

import numpy as np


def guard_rtt(victim_rtt_s: np.ndarray, own_rtt_s: np.ndarray, own_guard_rtt_s: float) -> np.ndarray:
    """Estimate the client's round trip to its guard: min T_VX - min T_AX + T_AE. Samples are on the last axis."""
    return np.min(victim_rtt_s, axis=-1) - np.min(own_rtt_s, axis=-1) + own_guard_rtt_s


def location_scores(estimate_s: float, candidate_rtt_s: np.ndarray) -> np.ndarray:
    """Return one score a candidate: the nearer its round trip to the guard is to the estimate, the greater."""
    return -np.abs(np.asarray(candidate_rtt_s, dtype=float) - estimate_s)


def consistent(estimate_s: float, candidate_rtt_s: np.ndarray, error_s: float) -> np.ndarray:
    """Return the candidates whose round trip is the estimate, give or take the error that other networks had."""
    return np.abs(np.asarray(candidate_rtt_s, dtype=float) - estimate_s) <= error_s


def relative_spread(rtt_s: np.ndarray, which: int = 25) -> float:
    """Return (25th-lowest - lowest) / lowest round trip: half of what the estimate loses follows it (TISSEC 2010)."""
    ordered = np.sort(np.asarray(rtt_s, dtype=float))
    if len(ordered) < which:
        raise ValueError(f"{which} samples at least")
    return float((ordered[which - 1] - ordered[0]) / ordered[0])
