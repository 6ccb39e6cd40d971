"""proportions - intervals of shares of independent trials (Clopper and Pearson): never less sure than they say."""

from __future__ import annotations

from scipy.stats import beta


def interval(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Return the two-sided interval of the chance of a hit."""
    rest = (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else float(beta.ppf(rest, hits, trials - hits + 1))
    high = 1.0 if hits == trials else float(beta.ppf(1.0 - rest, hits + 1, trials - hits))
    return low, high


def upper(hits: int, trials: int, level: float = 0.95) -> float:
    """Return the one-sided upper bound."""
    return 1.0 if hits == trials else float(beta.ppf(level, hits + 1, trials - hits))
