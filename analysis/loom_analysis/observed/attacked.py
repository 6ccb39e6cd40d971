"""attacked - attacks on all that a network showed: scores by flow and pair of streams; the truth comes later."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ..attacks.relay_identification import calibrated_threshold, eliminated, relay_scores
from ..attacks.stream_linkability import stream_features
from .reader import Observations, Series, over

LEVEL = 0.05  # of chance, for thresholds from the null
OVERLAP_S_MIN = 60.0  # of two streams: less says nothing of either


@dataclass(frozen=True)
class FlowScores:
    """Of one flow: scores of the relays that were probed, by their names."""

    flow: str
    relays: list[str]
    scores: np.ndarray
    threshold: float  # that a share of LEVEL of relays exceeds which share nothing
    ruled_out: np.ndarray  # too slow to have carried it


@dataclass(frozen=True)
class StreamPair:
    first: str
    second: str
    features: tuple[float, float]  # r, exclusivity


def _common(a: Series, b: Series) -> tuple[int, int]:
    """Return the first bin and the number of bins that both have."""
    first = max(a.first_bin, b.first_bin)
    return first, max(0, min(a.first_bin + len(a.bytes), b.first_bin + len(b.bytes)) - first)


def flow_scores(seen: Observations, window_s: float) -> list[FlowScores]:
    """Score every probed relay for every flow, over the time of the flow."""
    probes, bin_s, found = seen.of_kind("probe"), seen.manifest.bin_s, []
    for flow in seen.of_kind("flow"):
        own = np.asarray(flow.bytes, dtype=float)
        others = over(probes, flow.first_bin, len(own))
        scores = relay_scores(own, others, window_s, bin_s)
        above = calibrated_threshold(own, others, window_s, bin_s, LEVEL)
        found.append(FlowScores(flow.name, [one.relay for one in probes], scores, above, eliminated(own, others)))
    return found


def stream_pairs(seen: Observations) -> list[StreamPair]:
    """Compare all streams that leave by one relay, over the time that they have in common."""
    found, bin_s = [], seen.manifest.bin_s
    for a, b in itertools.combinations(seen.of_kind("stream"), 2):
        first, bins = _common(a, b)
        if a.relay == b.relay and bins * bin_s >= OVERLAP_S_MIN:
            found.append(StreamPair(a.name, b.name, stream_features(*over([a, b], first, bins), bin_s)))
    return found
