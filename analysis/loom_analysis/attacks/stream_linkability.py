"""stream_linkability - do two streams come over one circuit? (Mittal et al., CCS 2011, 4.)

Streams of one circuit share its throughput over seconds, and take turns below a window of cells: the exit reads one
when its SENDME has come, and meanwhile the other waits. Streams of two circuits do neither. Turns come from the
window of 50 cells of a stream: where congestion control or XON and XOFF replace it (proposal 324), the micro interval
has no such reason, so a result holds for one version of tor.
"""

from __future__ import annotations

import numpy as np

from .correlation import pearson

WINDOW_BYTES = 50 * 512  # 50 cells as published


def micro_interval_s(bytes_total: float, seconds: float) -> float:
    """Return how long a window of cells takes at the throughput of both streams: time for one burst of either."""
    if bytes_total <= 0.0 or seconds <= 0.0:
        raise ValueError("streams that sent nothing have no micro interval")
    return WINDOW_BYTES * seconds / bytes_total


def exclusivity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return in which share of intervals with any activity only one stream is active; 0 without activity."""
    a, b = np.asarray(a) > 0, np.asarray(b) > 0
    either = (a | b).sum(axis=-1)
    return (a ^ b).sum(axis=-1) / np.maximum(either, 1)


def regrouped(series: np.ndarray, bins: int) -> np.ndarray:
    """Sum so many bins into one; what is left over at the end is dropped."""
    series = np.asarray(series)
    whole = series.shape[-1] // bins
    return series[..., : whole * bins].reshape(*series.shape[:-1], whole, bins).sum(axis=-1)


def stream_features(a: np.ndarray, b: np.ndarray, bin_s: float, macro_s: float = 5.0) -> tuple[float, float]:
    """Return r over macro intervals and exclusivity over micro intervals of two streams, in bins of bin_s."""
    total, seconds = float(np.sum(a) + np.sum(b)), np.shape(a)[-1] * bin_s
    if total <= 0.0:
        return 0.0, 0.0
    micro = max(1, round(micro_interval_s(total, seconds) / bin_s))
    macro = max(1, round(macro_s / bin_s))
    r = pearson(regrouped(a, macro), regrouped(b, macro))
    return float(r), float(exclusivity(regrouped(a, micro), regrouped(b, micro)))


def same_circuit(features: np.ndarray, r_above: float, exclusivity_above: float) -> np.ndarray:
    """Decide as published: both must be above their thresholds. Features have r and exclusivity on the last axis."""
    features = np.asarray(features)
    return (features[..., 0] > r_above) & (features[..., 1] > exclusivity_above)


def link_scores(features: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Return one score a pair: the smaller of the shares of the null that r and exclusivity exceed.

    A threshold of it is a pair of thresholds that chance exceeds equally often; null has features of pairs of different
    circuits, of other networks than those that are scored.
    """
    features, null = np.asarray(features), np.sort(np.asarray(null), axis=0)
    shares = [np.searchsorted(null[:, i], features[..., i]) / len(null) for i in (0, 1)]
    return np.minimum(*shares)
