"""toy_network - flows through three relays, each as fast as its slowest one: a model for known answers, none of Tor.

A relay shares what it has among the flows through it, which come and go; a flow takes the least share of its relays,
and no more than its access line. Relays whose processor is the bottleneck get faster when they are rolled out. The
answers that gates ask of it follow from this; what it gives beyond says nothing about Tor (docs/security.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..attacks.correlation import pearson
from ..attacks.relay_identification import eliminated

BIN_S = 1.0
HOLD_BINS = 60  # how long a flow of others stays, mean
FASTER = 3.1  # a relay that is rolled out and was bound by its processor


@dataclass(frozen=True)
class Network:
    """What is given before anybody attacks. rollout is a share of relays, order how they are chosen."""

    seed: int
    relays: int = 60
    bins: int = 600
    flows: int = 900
    rollout: float = 0.0
    order: str = "fastest"  # slowest, random
    rebalanced: bool = False  # weights follow the new rates
    access: float = float("inf")
    noise: float = 0.2


@dataclass(frozen=True)
class Shares:
    """Of each relay: its weight, and what a flow through it would get in each bin."""

    weights: np.ndarray
    shares: np.ndarray


def _upgraded(network: Network, rates: np.ndarray, lots: np.ndarray) -> np.ndarray:
    keys = {"fastest": -rates, "slowest": rates, "random": lots}[network.order]
    chosen = np.zeros(network.relays, dtype=bool)
    chosen[np.argsort(keys, kind="stable")[: round(network.rollout * network.relays)]] = True
    return chosen


def shares_of(network: Network) -> Shares:
    """Draw the relays, then the flows of others in each bin: both by the seed alone, whatever is rolled out."""
    built = np.random.default_rng([network.seed, 1])
    rates = np.exp(built.normal(np.log(1000.0), 1.3, network.relays))
    by_processor, lots = built.random(network.relays) < 0.5, built.random(network.relays)
    now = np.where(_upgraded(network, rates, lots) & by_processor, FASTER * rates, rates)
    weights = now if network.rebalanced else rates
    weights = weights / weights.sum()
    load = np.random.default_rng([network.seed, 2])
    expected = 3.0 * network.flows * weights
    others, shares = load.poisson(expected), np.empty((network.relays, network.bins))
    for i in range(network.bins):
        others = load.binomial(others, 1.0 - 1.0 / HOLD_BINS) + load.poisson(expected / HOLD_BINS)
        shares[:, i] = now / (others + 1.0)
    return Shares(weights, shares)


def noisy(draw: np.random.Generator, series: np.ndarray, noise: float) -> np.ndarray:
    return series * np.exp(noise * draw.standard_normal(series.shape))


def probes_of(network: Network, shares: np.ndarray) -> np.ndarray:
    """Return a probe of one hop through each relay, over the same kind of line."""
    draw = np.random.default_rng([network.seed, 3])
    return noisy(draw, np.minimum(shares, network.access), network.noise)


def paths_of(network: Network, weights: np.ndarray, count: int) -> np.ndarray:
    draw = np.random.default_rng([network.seed, 4])
    return np.array([draw.choice(network.relays, 3, replace=False, p=weights) for _ in range(count)])


def flows_of(network: Network, shares: np.ndarray, paths: np.ndarray) -> np.ndarray:
    draw = np.random.default_rng([network.seed, 5])
    return noisy(draw, np.minimum(shares[paths].min(axis=1), network.access), network.noise)


@dataclass(frozen=True)
class Attacked:
    """What one attacker gets from one network: means over flows."""

    area: float  # of scores of a flow's relays among those of all others
    bottleneck_first: float  # how often the relay that held the flow back has the highest score
    ruled_out: float  # share of others that are too slow to have carried it
    r_others: float  # mean r with relays that the flow does not use


def attack(network: Network, flows: int = 100) -> Attacked:
    got = shares_of(network)
    paths = paths_of(network, got.weights, flows)
    series, probes = flows_of(network, got.shares, paths), probes_of(network, got.shares)
    scores = pearson(series[:, None, :], probes)
    slow = eliminated(series, probes)
    areas, first, ruled, rest = [], [], [], []
    for path, row, out in zip(paths, scores, slow, strict=True):
        others = np.setdiff1d(np.arange(network.relays), path)
        areas.append(np.mean([np.mean(row[others] < row[i]) for i in path]))
        slowest = np.bincount(path[got.shares[path].argmin(axis=0)]).argmax()
        first.append(row.argmax() == slowest)
        ruled.append(out[others].mean())
        rest.append(row[others].mean())
    return Attacked(*(float(np.mean(one)) for one in (areas, first, ruled, rest)))


def rolled_out(network: Network, share: float, order: str) -> Network:
    return replace(network, rollout=share, order=order)
