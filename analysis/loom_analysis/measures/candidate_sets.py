"""candidate_sets - how many are left, and is the truth among them? A small set without the truth says nothing.

A set that chance makes is as small as one that an attack makes; so bits of a set's size are never reported without
coverage.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def set_bits(size: int | np.ndarray) -> np.ndarray:
    """Return log2 of the size; NaN of an empty set, which has no entropy."""
    size = np.asarray(size, dtype=float)
    return np.where(size > 0, np.log2(np.maximum(size, 1.0)), np.nan)


def coverage(sets: np.ndarray, truths: Sequence[int | None]) -> float:
    """Return the share of sets (rows) with the truth in them; None is a truth that is none of the candidates."""
    return float(np.mean([truth is not None and bool(row[truth]) for row, truth in zip(sets, truths, strict=True)]))


def credit_bits(inside: np.ndarray, truth: int | None) -> float:
    """Return what a set is worth (Hopper et al., CCS 2007): log2 (all / left) with the truth in it, else 0."""
    inside = np.asarray(inside, dtype=bool)
    if truth is None or not inside[truth]:
        return 0.0
    return float(np.log2(inside.size / np.count_nonzero(inside)))


def anonymity_loss(scores: np.ndarray, truths: Sequence[int], thresholds: np.ndarray) -> np.ndarray:
    """Return the mean loss of the degree of anonymity by threshold (Geddes et al. 2013): 1 - log2 |left| / log2 |all|.

    Those at or above the threshold are left; a row whose truth is not left loses nothing. The peak over thresholds is
    chosen after the fact, so also chance has one above 0: compare it with that of shuffled truths.
    """
    scores = np.asarray(scores, dtype=float)
    true = scores[np.arange(len(scores)), np.asarray(truths)]
    left = scores[:, :, None] >= np.asarray(thresholds)
    size = np.maximum(left.sum(axis=1), 1)
    loss = 1.0 - np.log2(size) / np.log2(scores.shape[1])
    return np.where(true[:, None] >= thresholds, loss, 0.0).mean(axis=0)
