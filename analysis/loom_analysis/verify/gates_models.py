"""gates_models - K12, K13, K15: whole attacks on models whose answers follow from how they are made.

The orderings of K15 are those that were published. Here they follow from the model: passing shows that the code finds
what was put in, not that Tor behaves so.
"""

from __future__ import annotations

from dataclasses import astuple

import numpy as np

from ..attacks.correlation import pearson
from ..attacks.shared_path import ONE_RELAY, WHOLE_PATH, path_score, share_a_path
from ..attacks.stream_linkability import link_scores, stream_features
from ..measures.ranks import percentile, top
from ..measures.roc import auc, equal_error, roc
from . import toy_circuits as toy
from .gate import ERRORS, Check, Gate, above, exactly, share
from .toy_network import Network, attack, flows_of, paths_of, probes_of, rolled_out, shares_of

CIRCUITS, RELAYS, SECONDS = 300, 25, 600
PAIRS = 150
STREAMS = 60  # pairs of each kind and network
QUINTILE = 0.8


def _first(draw: np.random.Generator, level: float) -> np.ndarray:
    """Return how often relay 0, which is on every path and has this level of the others', scores highest."""
    hits = []
    for _ in range(CIRCUITS):
        shares = toy.shares(draw, RELAYS, SECONDS)
        shares[0] *= level
        path = np.concatenate([[0], draw.choice(np.arange(1, RELAYS), 2, replace=False)])
        hits.append(top(pearson(toy.seen(draw, shares[path].min(axis=0)), toy.seen(draw, shares)), 0))
    return np.array(hits)


def least_of_three(draw: np.random.Generator) -> list[Check]:
    count = 200
    bound = toy.seen(draw, np.minimum(toy.shares(draw, count, SECONDS), 0.2))
    relays = toy.shares(draw, count, SECONDS)
    r = pearson(bound, relays)
    network = attack(Network(12, access=0.01))
    return [
        share("three relays alike: a given one scores highest", _first(draw, 1.0), 1.0 / 3.0),
        exactly("one slow relay on every path: it scores highest", _first(draw, 0.2).mean(), 1.0, 0.02),
        exactly("flows bound by their access lines: mean r", r.mean(), 0.0, ERRORS * float(r.std()) / np.sqrt(count)),
        exactly("and the area of relays on the path", network.area, 0.5, 0.06),
    ]


def orders_agree_at_the_ends(_: np.random.Generator) -> list[Check]:
    checks = []
    for rebalanced in (False, True):
        network = Network(13, rebalanced=rebalanced)
        weights = "measured again" if rebalanced else "as they were"
        for rollout in (0.0, 0.5, 1.0):
            got = [astuple(attack(rolled_out(network, rollout, order))) for order in ("fastest", "slowest", "random")]
            apart = float(np.abs(np.array(got) - got[0]).max())
            what = f"orders differ, rollout {rollout:.0%}, weights {weights}"
            checks.append(above(what, apart, 1e-3) if rollout == 0.5 else Check(what, apart, 0.0, 0.0))
    return checks


def _pairs(draw: np.random.Generator, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return r of 300 s, and of ONE_RELAY's rule whether a pair is found, of pairs that share as kind says."""
    flow, probe = toy.circuit_pairs(draw, kind, PAIRS, 300)
    return path_score(flow, probe[:, None], WHOLE_PATH, 1.0), share_a_path(flow, probe[:, None], ONE_RELAY, 1.0)


def _found_after(draw: np.random.Generator) -> dict[int, float]:
    """Return the mean r of circuits that share all relays, by seconds: relays wander slowly, and cells make noise."""
    flow, probe = toy.circuit_pairs(draw, toy.ALL_COMMON, PAIRS, 600, memory=0.985, noise=0.3)
    return {t: float(pearson(flow[:, :t], probe[:, :t]).mean()) for t in (30, 100, 300, 600)}


def _stream_errors(draw: np.random.Generator) -> dict[int, float]:
    """Return the equal error by seconds of observation; the null is of pairs of another draw."""
    def features(make: object, seconds: int) -> np.ndarray:
        return np.array([stream_features(*make(draw, seconds), toy.STREAM_BIN_S) for _ in range(STREAMS)])

    errors = {}
    for seconds in (15, 60, 300):
        null, different = features(toy.two_circuits, seconds), features(toy.two_circuits, seconds)
        same = features(toy.one_circuit, seconds)
        errors[seconds] = equal_error(roc(link_scores(same, null), link_scores(different, null)))
    return errors


def _top_guards(access: float) -> np.ndarray:
    """Return for each flow whether its guard is in the top fifth, where guards hold flows to a rate of access."""
    hits = []
    for seed in range(4):
        network = Network(seed, access=access)
        got = shares_of(network)
        paths = paths_of(network, got.weights, 60)
        flows, probes = flows_of(network, got.shares, paths), probes_of(Network(seed), got.shares)
        scores = np.abs(pearson(flows[:, None, :], probes))
        hits += [percentile(row, path[0]) >= QUINTILE for row, path in zip(scores, paths, strict=True)]
    return np.array(hits)


def published_orderings(draw: np.random.Generator) -> list[Check]:
    r, found = zip(*(_pairs(draw, kind) for kind in toy.KINDS), strict=True)
    everything, bottleneck, ample, nothing = r
    error = ERRORS * float(np.sqrt((ample.var() + nothing.var()) / PAIRS))
    after, errors = _found_after(draw), _stream_errors(draw)
    free, held = _top_guards(float("inf")), _top_guards(0.4)
    return [
        above("all relays common: r > 0.5 in 300 s, published 0.92", (everything > 0.5).mean(), 0.9),
        Check("no relay common: r > 0.5 in 300 s, published 0.023", float((nothing > 0.5).mean()), 0.0, 0.04),
        above("r of all common less r of one that is the bottleneck", everything.mean() - bottleneck.mean(), 0.05),
        above("area of one that is the bottleneck, against none", auc(bottleneck, nothing), 0.9),
        exactly("r of one that is ample less r of none", ample.mean() - nothing.mean(), 0.0, error),
        above("found by windows from 200 s: a bottleneck, published > 0.80", found[1].mean(), 0.8),
        above("r of 100 s less r of 30 s", after[100] - after[30], 0.05),
        above("r of 300 s less r of 100 s", after[300] - after[100], 0.02),
        Check("r of 600 s less r of 300 s: a plateau", after[600] - after[300], -0.05, 0.06),
        above("streams: equal error of 15 s less that of 60 s", errors[15] - errors[60], 0.02),
        above("streams: equal error of 60 s less that of 300 s", errors[60] - errors[300], 0.01),
        Check("streams: equal error of 300 s, published 0.013", errors[300], 0.0, 0.05),
        above("true guards in the top fifth, by chance 0.2", free.mean(), 0.28),
        above("the same less that of flows held to a rate", free.mean() - held.mean(), 0.05),
    ]


GATES = (
    Gate(12, "flows as fast as the slowest of three relays", least_of_three),
    Gate(13, "rollout of none or all: no order matters", orders_agree_at_the_ends),
    Gate(15, "orderings that were published, on models made that way", published_orderings),
)
