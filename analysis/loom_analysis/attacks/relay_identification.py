"""relay_identification - which relays does a flow use? By one-hop probes (Mittal et al., CCS 2011, 3.3, 3.4).

Candidates are the relays whose probe follows the flow; a relay whose probe is slower than the flow is none of its
relays. Published with 25 relays, bins of 0.1 s, 600 s, windows from 300 s on and r above 0.4. Both the greatest r
over windows and what can be concluded from a small set need a null: with series of enough memory sets are small when
nothing is shared (docs/security.md).
"""

from __future__ import annotations

import numpy as np

from .correlation import window_max
from .memory import threshold, turned_null

WINDOWS_S = (300.0, 400.0, 500.0)
THRESHOLD = 0.4
STEP_S = 10.0


def relay_scores(flow: np.ndarray, probes: np.ndarray, window_s: float, bin_s: float) -> np.ndarray:
    """Return one score a probe: the last axis of probes is time, the one before it relays, which the flow lacks."""
    flow = np.asarray(flow)[..., None, :]
    return window_max(flow, np.asarray(probes), round(window_s / bin_s), max(1, round(STEP_S / bin_s)))


def candidates(scores: np.ndarray, above: float = THRESHOLD) -> np.ndarray:
    """Return which relays are candidates."""
    return np.asarray(scores) > above


def calibrated_threshold(
    flow: np.ndarray, probes: np.ndarray, window_s: float, bin_s: float, level: float = 0.05, turns: int = 19
) -> float:
    """Return the score that a share of level of probes with these memories exceeds when they share nothing."""
    least, step = round(window_s / bin_s), max(1, round(STEP_S / bin_s))

    def score(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return window_max(a, b, least, step)

    return threshold(np.concatenate([turned_null(score, flow, probe, turns) for probe in probes]), level)


def eliminated(flow: np.ndarray, probes: np.ndarray) -> np.ndarray:
    """Return which relays are too slow to have carried the flow, by their means over the time that is given."""
    return np.asarray(probes).mean(axis=-1) < np.asarray(flow).mean(axis=-1)[..., None]


def guard_frequencies(sets: np.ndarray) -> np.ndarray:
    """Return in which share of a client's circuits each relay is a candidate: the most frequent one is the guard."""
    return np.asarray(sets, dtype=float).mean(axis=0)
