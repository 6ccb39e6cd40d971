"""effects - does a change matter? One difference a network (paired by seed), never one a flow.

Student's interval of such differences is statistics.paired; here are what makes no use of normality, families of
hypotheses, and the claim that nothing changes, which needs a margin set before.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

EXACT_MAX = 14  # networks: all 2^14 sign patterns are tried
DRAWS = 20_000
RESAMPLES = 4000
AUC_MARGIN, BITS_MARGIN = 0.02, 0.1  # differences that are said to be none


def sign_flip_p(differences: Sequence[float], seed: int = 0) -> float:
    """Return the two-sided p of a mean of 0, when a difference is as likely as its opposite."""
    d = np.asarray(differences, dtype=float)
    if len(d) <= EXACT_MAX:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(d))))
        extra = 0
    else:
        signs = np.random.default_rng(seed).choice((1.0, -1.0), (DRAWS, len(d)))
        extra = 1  # the pattern that was seen
    observed = abs(d.sum())
    as_far = np.count_nonzero(np.abs(signs @ d) >= observed * (1.0 - 1e-12))
    return float((as_far + extra) / (len(signs) + extra))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Return adjusted p of a family: those at most 0.05 hold together with a chance of error of 0.05."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def equivalence_p(differences: Sequence[float], margin: float) -> float:
    """Return the p of two one-sided t tests (TOST): at most 0.05 says the mean is within the margin of 0."""
    d = np.asarray(differences, dtype=float)
    if len(d) < 2 or margin <= 0.0:
        raise ValueError("two networks at least, and a margin above 0")
    error = max(float(d.std(ddof=1)) / np.sqrt(len(d)), 1e-300)
    below, above = (d.mean() + margin) / error, (margin - d.mean()) / error
    return float(max(student.sf(below, len(d) - 1), student.sf(above, len(d) - 1)))


@dataclass(frozen=True)
class Interval:
    mean: float
    low: float
    high: float


def cluster_bootstrap(networks: Sequence[np.ndarray], level: float = 0.95, seed: int = 0) -> Interval:
    """Return the mean over networks of their means, drawing networks, and then victims within them, again and again.

    Each array has the victims of one network, of an effect already paired: other less first.
    """
    draw = np.random.default_rng(seed)
    networks = [np.asarray(one, dtype=float) for one in networks]
    within = np.stack([draw.choice(one, (RESAMPLES, len(one))).mean(axis=1) for one in networks], axis=1)
    chosen = draw.integers(len(networks), size=(RESAMPLES, len(networks)))
    means = np.take_along_axis(within, chosen, axis=1).mean(axis=1)
    low, high = np.quantile(means, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(float(np.mean([one.mean() for one in networks])), float(low), float(high))


def networks_needed(spread: float, difference: float) -> int:
    """Return how many networks show a difference with a power of 0.8 at 0.05, where differences have this spread."""
    return int(np.ceil((2.8 * spread / difference) ** 2))
