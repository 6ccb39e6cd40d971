"""shared_path - do two circuits share relays? By the throughput of both (Mittal et al., CCS 2011, 3.2).

The adversary sees the flow of a victim at its end, and sends through a circuit, or several, of his own. Relays that
both use make both slow at the same times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .correlation import window_max
from .memory import p_value, turned_null

STEP_S = 10.0  # window edges lie on this grid
TURNS = 59  # of the null: the least p is 1/60


@dataclass(frozen=True)
class Rule:
    """Seconds of the flows that are used, the least window within them, and the r above which they share."""

    seconds: float
    window_s: float
    threshold: float


WHOLE_PATH = Rule(300.0, 300.0, 0.5)  # All-Common and None-Common: r of all 300 s
ONE_RELAY = Rule(300.0, 200.0, 0.4)  # One-Common: windows of 200 s and more, the greatest of three probes
PROBES = 3


def _bins(seconds: float, bin_s: float) -> int:
    return max(1, round(seconds / bin_s))


def path_score(flow: np.ndarray, probes: np.ndarray, rule: Rule, bin_s: float) -> np.ndarray:
    """Return the greatest r of flow and any of the probes (the last axis but one), of the rule's seconds."""
    n = _bins(rule.seconds, bin_s)
    flow, probes = np.asarray(flow)[..., :n], np.asarray(probes)[..., :n]
    r = window_max(flow[..., None, :], probes, _bins(rule.window_s, bin_s), _bins(STEP_S, bin_s))
    return r.max(axis=-1)


def share_a_path(flow: np.ndarray, probes: np.ndarray, rule: Rule, bin_s: float) -> np.ndarray:
    """Decide as published, by a threshold of r."""
    return path_score(flow, probes, rule, bin_s) > rule.threshold


def path_p(flow: np.ndarray, probe: np.ndarray, rule: Rule, bin_s: float) -> float:
    """Return the share of chance: how often a probe of the same memory that shares nothing scores as high."""
    n = _bins(rule.seconds, bin_s)
    flow, probe = np.asarray(flow)[:n], np.asarray(probe)[:n]

    def score(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return window_max(a, b, _bins(rule.window_s, bin_s), _bins(STEP_S, bin_s))

    return p_value(float(score(flow, probe)), turned_null(score, flow, probe, TURNS))
