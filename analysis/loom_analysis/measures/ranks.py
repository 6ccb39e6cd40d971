"""ranks - where the truth stands among the candidates. Ties share the mean of their places."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def rank(scores: np.ndarray, truth: int) -> float:
    """Return the truth's place, 1 for the greatest score: the mean over trials is the guessing entropy."""
    return float(rankdata(-np.asarray(scores, dtype=float))[truth])


def percentile(scores: np.ndarray, truth: int) -> float:
    """Return which share of the other candidates score lower, ties 1/2 (Geddes et al. 2013): by chance 1/2."""
    n = len(scores)
    return (n - rank(scores, truth)) / (n - 1)


def top(scores: np.ndarray, truth: int, places: int = 1) -> float:
    """Return the chance that the truth is among the first, when equal scores are put in order by lot."""
    scores = np.asarray(scores, dtype=float)
    before, equal = np.count_nonzero(scores > scores[truth]), np.count_nonzero(scores == scores[truth])
    return float(np.clip((places - before) / equal, 0.0, 1.0))
