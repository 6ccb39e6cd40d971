"""information - how many bits the scores of an attack are worth, by likelihoods fitted on other networks.

The gain is what the posterior gives the truth above the prior: H(prior) + E[log2 q(truth)]. It is a proper score: an
attacker who is sure of what is wrong loses bits, and the gain is negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

QUANTILES = 8  # of true and of false scores: they part the scores into bins
WEIGHT = 1.0  # of the prior guess that a bin says nothing: no likelihood ratio is 0 or infinite


class FittedHereError(Exception):
    """Likelihoods are asked about a network on which they were fitted."""


@dataclass(frozen=True)
class Trial:
    """One attack: the network that it is of, a score and a prior for each candidate, and which one it was."""

    seed: int
    scores: np.ndarray
    prior: np.ndarray
    truth: int


def entropy_bits(probabilities: np.ndarray) -> float:
    p = np.asarray(probabilities, dtype=float)
    p = p[p > 0.0]
    return float(-(p * np.log2(p)).sum()) + 0.0


def min_entropy_bits(posteriors: Sequence[np.ndarray]) -> float:
    """Return -log2 of the mean of what the likeliest candidate has."""
    return float(-np.log2(np.mean([np.max(q) for q in posteriors])))


def degree(probabilities: np.ndarray) -> float:
    """Return the degree of anonymity, H / Hmax."""
    return entropy_bits(probabilities) / float(np.log2(len(probabilities)))


@dataclass(frozen=True)
class Likelihoods:
    """Ratios of the likelihoods of a score of a true and of a false candidate, by bins of the score."""

    edges: np.ndarray
    ratios: np.ndarray
    seeds: frozenset[int]

    def posterior(self, trial: Trial) -> np.ndarray:
        """Return what each candidate has after the scores are seen. Refuses a network that it was fitted on."""
        if trial.seed in self.seeds:
            raise FittedHereError(f"seed {trial.seed} is one of those that the likelihoods were fitted on")
        weights = trial.prior * self.ratios[np.searchsorted(self.edges, trial.scores, side="right")]
        return weights / weights.sum()


def fit(trials: Iterable[Trial]) -> Likelihoods:
    """Fit ratios on trials: those of other networks than the ones that will be asked about."""
    trials = list(trials)
    true = np.array([one.scores[one.truth] for one in trials])
    false = np.concatenate([np.delete(one.scores, one.truth) for one in trials])
    parts = np.linspace(0.0, 1.0, QUANTILES + 1)[1:-1]
    edges = np.unique(np.concatenate([np.quantile(true, parts), np.quantile(false, parts)]))

    def shares(scores: np.ndarray, expected: np.ndarray) -> np.ndarray:
        counts = np.bincount(np.searchsorted(edges, scores, side="right"), minlength=len(edges) + 1)
        return (counts + WEIGHT * expected * len(expected)) / (scores.size + WEIGHT * len(expected))

    even = np.full(len(edges) + 1, 1.0 / (len(edges) + 1))
    of_false = shares(false, even)
    return Likelihoods(edges, shares(true, of_false) / of_false, frozenset(one.seed for one in trials))


def held_out_gain(trials: Sequence[Trial]) -> dict[int, float]:
    """Return the information gain by network, H(prior) + E[log2 q(truth)], each fitted on all others."""
    seeds = sorted({one.seed for one in trials})
    if len(seeds) < 2:
        raise ValueError("two networks at least: one to fit on, one to ask about")
    gains = {}
    for seed in seeds:
        likelihoods = fit(one for one in trials if one.seed != seed)
        own = [one for one in trials if one.seed == seed]
        scored = [entropy_bits(one.prior) + np.log2(likelihoods.posterior(one)[one.truth]) for one in own]
        gains[seed] = float(np.mean(scored))
    return gains
