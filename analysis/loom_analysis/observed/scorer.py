"""scorer - what the attacks on one network are worth: the only module that has both the scores and the truth.

One network gives one value of each measure. What networks say together is for `measures.effects` and
`measures.information`, whose likelihoods never see the network that they are asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..attacks.relay_identification import THRESHOLD
from ..attacks.shared_path import WHOLE_PATH
from ..attacks.stream_linkability import link_scores
from ..measures.candidate_sets import credit_bits
from ..measures.information import Trial
from ..measures.ranks import percentile, rank, top
from ..measures.roc import auc, equal_error, roc, tpr_at
from .attacked import FlowPair, FlowScores, StreamPair, TripPair
from .manifest import ObservationsError
from .reader import Observations
from .truth import Circuit, read_truth


@dataclass(frozen=True)
class GuardMeasures:
    """Means over flows. Published and calibrated are the thresholds of candidate sets."""

    flows: int
    area: float  # percentile of the guard among the relays that were probed
    first: float
    first_five: float
    top_fifth: float  # share of flows whose guard is among the highest fifth (Geddes et al. 2013)
    mean_rank: float
    published_size: float
    published_coverage: float
    calibrated_size: float
    calibrated_coverage: float
    credit: float  # bits, of calibrated sets
    ruled_out: float  # share of relays; a guard among them is counted below
    guard_ruled_out: float
    trials: list[Trial]
    percentiles: np.ndarray  # of the guard, by flow


@dataclass(frozen=True)
class StreamMeasures:
    same: int
    different: int
    area: float
    error: float  # where false positives and misses are equal
    found_at_1_percent: float  # NaN with too few pairs


@dataclass(frozen=True)
class PathMeasures:
    """Areas of r of pairs of flows; the false pairs have no relay in common."""

    all_pairs: int
    one_pairs: int
    none_pairs: int
    all_area: float | None
    one_area: float | None  # of pairs with just one
    false_share: float | None  # of pairs without one, above the published threshold


@dataclass(frozen=True)
class LinkMeasures:
    """Areas of round trips of pairs at two servers: one circuit, or two that leave by the same relay."""

    same: int
    different: int
    ks_area: float
    means_area: float
    error: float


def _circuit(truth: dict[str, Circuit], series: str) -> Circuit:
    if series not in truth:
        raise ObservationsError(f"{series}: the truth has no such series")
    return truth[series]


def _trial(seen: Observations, one: FlowScores, guard: int) -> Trial:
    weights = {relay.name: relay.weight for relay in seen.relays}
    prior = np.array([weights[relay] for relay in one.relays], dtype=float)
    return Trial(seen.manifest.seed, one.scores, prior / prior.sum(), guard)


def guard_measures(seen: Observations, attacked: list[FlowScores], truth_folder: Path) -> GuardMeasures:
    """Compare the scores of flows with their guards. One whose guard was not probed has coverage and credit 0."""
    truth, values, trials, covered = read_truth(truth_folder), [], [], []
    for one in attacked:
        guard = _circuit(truth, one.flow).guard
        if guard not in one.relays:
            covered.append((0.0, 0.0, 0.0))
            continue
        at = one.relays.index(guard)
        published, calibrated = one.scores > THRESHOLD, one.scores > one.threshold
        covered.append((published[at], calibrated[at], credit_bits(calibrated, at)))
        fifth = top(one.scores, at, max(1, len(one.scores) // 5))
        values.append((percentile(one.scores, at), top(one.scores, at), top(one.scores, at, 5), rank(one.scores, at),
                       fifth, published.sum(), calibrated.sum(), one.ruled_out.mean(), one.ruled_out[at]))
        trials.append(_trial(seen, one, at))
    if not values:
        raise ObservationsError("no flow whose guard was probed")
    table = np.array(values, float)
    area, first, five, place, fifth, published, calibrated, ruled, wrongly = table.mean(axis=0)
    by_published, by_calibrated, credit = np.mean(np.array(covered, float), axis=0)
    return GuardMeasures(len(attacked), area, first, five, fifth, place, published, by_published, calibrated,
                         by_calibrated, credit, ruled, wrongly, trials, table[:, 0])


def stream_measures(pairs: list[StreamPair], null: list[StreamPair], truth_folder: Path) -> StreamMeasures:
    """Compare pairs of streams with their circuits; null has pairs of different circuits of other networks."""
    truth = read_truth(truth_folder)
    scores = link_scores([one.features for one in pairs], [one.features for one in null])
    same = np.array([_circuit(truth, one.first).circuit == _circuit(truth, one.second).circuit for one in pairs])
    if same.all() or not same.any():
        raise ObservationsError("pairs of one circuit and of different ones are needed")
    curve = roc(scores[same], scores[~same])
    return StreamMeasures(int(same.sum()), int((~same).sum()), auc(scores[same], scores[~same]), equal_error(curve),
                          tpr_at(curve, 0.01))


def path_measures(pairs: list[FlowPair], truth_folder: Path) -> PathMeasures:
    """Compare r of pairs of flows with how many relays they share, each in any place. Clients are never the same."""
    truth, by_shared = read_truth(truth_folder), {}
    for one in pairs:
        a, b = (_circuit(truth, name) for name in (one.first, one.second))
        shared = len({a.guard, a.middle, a.exit} & {b.guard, b.middle, b.exit})
        if a.client != b.client:
            by_shared.setdefault(shared, []).append(one.r)
    none = np.array(by_shared.get(0, []))

    def area(shared: int) -> float | None:
        return auc(np.array(by_shared[shared]), none) if shared in by_shared and none.size else None

    false = float((none > WHOLE_PATH.threshold).mean()) if none.size else None
    return PathMeasures(len(by_shared.get(3, [])), len(by_shared.get(1, [])), none.size, area(3), area(1), false)


def link_measures(pairs: list[TripPair], truth_folder: Path) -> LinkMeasures | None:
    """Compare round trips at two servers with their circuits; None without pairs of both kinds."""
    truth = read_truth(truth_folder)
    same = np.array([_circuit(truth, one.first).circuit == _circuit(truth, one.second).circuit for one in pairs], bool)
    if same.size == 0 or same.all() or not same.any():
        return None
    ks, means = (-np.array([getattr(one, name) for one in pairs]) for name in ("ks", "means"))
    return LinkMeasures(int(same.sum()), int((~same).sum()), auc(ks[same], ks[~same]), auc(means[same], means[~same]),
                        equal_error(roc(ks[same], ks[~same])))
