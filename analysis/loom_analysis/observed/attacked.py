"""attacked - attacks on all that a network showed: scores by flow and pair of streams; the truth comes later."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ..attacks.circuit_linking import ks_score, means_score
from ..attacks.client_location import relative_spread
from ..attacks.correlation import pearson
from ..attacks.relay_identification import calibrated_threshold, eliminated, relay_scores
from ..attacks.stream_linkability import regrouped, stream_features
from .reader import Observations, Series, over

LEVEL = 0.05  # of chance, for thresholds from the null
OVERLAP_S_MIN = 60.0  # of two streams: less says nothing of either
TRIPS_MIN = 25  # of a circuit at a server: the relative spread asks for as many


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


@dataclass(frozen=True)
class FlowPair:
    """r of two flows over the time that they have in common."""

    first: str
    second: str
    r: float


@dataclass(frozen=True)
class TripPair:
    """Round trips at two servers, through circuits that leave by one relay. Small scores say: one circuit."""

    first: str
    second: str
    ks: float
    means: float  # ns


def _common(a: Series, b: Series) -> tuple[int, int]:
    """Return the first bin and the number of bins that both have."""
    first = max(a.first_bin, b.first_bin)
    return first, max(0, min(a.first_bin + len(a.bytes), b.first_bin + len(b.bytes)) - first)


def flow_scores(
    seen: Observations, window_s: float, together: int = 1, seconds: float | None = None
) -> list[FlowScores]:
    """Score every probed relay for every flow, over the time of the flow, or its first seconds, bins taken together."""
    probes, bin_s, found = seen.of_kind("probe"), seen.manifest.bin_s * together, []
    if not probes:
        return found
    for flow in seen.of_kind("flow"):
        bins = len(flow.bytes) if seconds is None else min(len(flow.bytes), round(seconds / seen.manifest.bin_s))
        own = regrouped(np.asarray(flow.bytes[:bins], dtype=float), together)
        others = regrouped(over(probes, flow.first_bin, bins), together)
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


def flow_pairs(seen: Observations, seconds: float, together: int = 1) -> list[FlowPair]:
    """Compare all flows over the first so many seconds that they have in common; with less, not at all."""
    found, need = [], round(seconds / seen.manifest.bin_s)
    for a, b in itertools.combinations(seen.of_kind("flow"), 2):
        first, bins = _common(a, b)
        if bins >= need:
            pair = regrouped(over([a, b], first, need), together)
            found.append(FlowPair(a.name, b.name, float(pearson(pair[0], pair[1]))))
    return found


def _through_circuits(seen: Observations) -> dict[tuple[str, str], tuple[str, np.ndarray]]:
    """Return by circuit and server the relay by which it leaves, and its round trips from there."""
    return {
        (circuit, server): (trips.relay, trips.rtt_ns)
        for (kind, circuit, server), trips in seen.round_trips.items()
        if kind == "victim" and trips.relay and len(trips.rtt_ns) >= TRIPS_MIN
    }


def trip_pairs(seen: Observations) -> list[TripPair]:
    """Compare what two servers know of circuits that leave by one relay."""
    found = []
    for (first, one), (second, other) in itertools.combinations(_through_circuits(seen).items(), 2):
        if first[1] != second[1] and one[0] == other[0]:
            scores = ks_score(one[1], other[1]), means_score(one[1], other[1])
            found.append(TripPair(first[0], second[0], *scores))
    return found


def spread_of_trips(seen: Observations) -> float | None:
    """Return the mean over circuits of the relative spread of their round trips."""
    spreads = [relative_spread(trips) for _, trips in _through_circuits(seen).values()]
    return float(np.mean(spreads)) if spreads else None


def spread_of_probes(seen: Observations) -> float | None:
    """Return how unlike the relays' probes are: standard deviation over mean of what came through each."""
    means = np.array([one.bytes.mean() for one in seen.of_kind("probe")])
    return float(means.std() / means.mean()) if means.size and means.mean() > 0 else None


def rate_of_flows(seen: Observations) -> float | None:
    """Return what flows carried in the mean, in kB a second."""
    means = [one.bytes.mean() for one in seen.of_kind("flow")]
    return float(np.mean(means)) / seen.manifest.bin_s / 1e3 if means else None
