"""gates_correlation - K1 to K4: what r is worth on series with a memory, and small candidate sets that chance makes."""

from __future__ import annotations

import numpy as np

from ..attacks.correlation import fisher_interval, fisher_rejects, pearson, window_max
from ..attacks.memory import correlation_p, p_value, threshold, turned_null, turned_p
from ..attacks.relay_identification import THRESHOLD, candidates, relay_scores
from ..measures.candidate_sets import coverage, set_bits
from ..measures.proportions import interval
from .gate import Check, Gate, mean, share, spread
from .noise import ar1, correlated

BINS = 600  # of 1 s
PAIRS = 3000
WINDOWED = 4000  # of which half are for a threshold
RELAYS = 25
DIGITS = 0.005  # to which shares found elsewhere are known

# (memory, sd of r, how often Fisher's interval of 95 % leaves out 0)
NAIVE = [(0.0, 0.0408, 0.049), (0.5, 0.0527, 0.132), (0.9, 0.123, 0.53), (0.95, 0.176, 0.66), (0.99, 0.328, 0.83)]
# Of 25 relays that share nothing, windows from 300 s on, r > 0.4: memory, mean size, median bits of sets not empty
CHANCE_SETS = [(0.93, 2.6, 1.58), (0.945, 4.2, 2.0), (0.95, 5.0, 2.32), (0.96, 6.2, 2.58), (0.97, 8.1, 3.0)]
TARGETS = 300


def fisher_where_it_holds(draw: np.random.Generator) -> list[Check]:
    checks = []
    for rho in (0.0, 0.4, 0.7, 0.95):
        low, high = fisher_interval(pearson(*correlated(draw, 4000, BINS, rho)), BINS)
        checks.append(share(f"Fisher's 95 % covers rho {rho:g}", (low < rho) & (rho < high), 0.95))
    return checks


def memory_spoils_fisher(draw: np.random.Generator) -> list[Check]:
    checks = []
    for memory, deviation, naive in NAIVE:
        a, b = ar1(draw, PAIRS, BINS, memory), ar1(draw, PAIRS, BINS, memory)
        r = pearson(a, b)
        checks.append(spread(f"sd of r, memory {memory:g}", r, deviation, 0.0015))
        naively = fisher_rejects(r, BINS)
        checks.append(share(f"Fisher finds what is not there, memory {memory:g}", naively, naive, DIGITS))
        turning, found = turned_p(a, b) <= 0.05, correlation_p(a, b) <= 0.05  # not where they are NaN
        checks.append(Check(f"turned series do, memory {memory:g}", float(turning.mean()), 0.0, 0.066))
        checks.append(Check(f"effective samples do, memory {memory:g}", float(found.mean()), 0.0, 0.066))
        if memory <= 0.95:  # where turning always says something, it finds no less than 5 %
            checks.append(share(f"turned series no less than they should, memory {memory:g}", turning, 0.05))
        if memory <= 0.5:  # where the limit law is near
            checks.append(share(f"effective samples no less than they should, memory {memory:g}", found, 0.05))
    return checks


def windows_find_more(draw: np.random.Generator) -> list[Check]:
    """The greatest of many windows is above 0.4 by chance; a threshold from the null puts that right."""
    a, b = ar1(draw, WINDOWED, BINS, 0.95), ar1(draw, WINDOWED, BINS, 0.95)
    checks = []
    for least, expected in ((600, 0.008), (300, 0.196), (200, 0.454)):
        checks.append(share(f"nothing shared, r > 0.4, windows from {least} s", window_max(a, b, least, 10) > 0.4,
                            expected, DIGITS))
    scores = window_max(a, b, 300, 10)
    half = WINDOWED // 2
    above = threshold(scores[:half], 0.05)
    checks.append(Check("threshold of 5 %, windows from 300 s", above, 0.50, 0.56))
    checks.append(Check("fresh pairs above it", float((scores[half:] > above).mean()), 0.03, 0.07))

    def score(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return window_max(x, y, 300, 10)

    pairs = zip(a[:400], b[:400], strict=True)
    turning = np.array([p_value(float(score(x, y)), turned_null(score, x, y, 39)) <= 0.05 for x, y in pairs])
    checks.append(share("turned series, windows from 300 s", turning, 0.05))
    return checks


def small_sets_by_chance(draw: np.random.Generator) -> list[Check]:
    checks = []
    for memory, relays, bits in CHANCE_SETS:
        scores = relay_scores(ar1(draw, TARGETS, BINS, memory),
                              ar1(draw, TARGETS * RELAYS, BINS, memory).reshape(TARGETS, RELAYS, BINS), 300.0, 1.0)
        sets = candidates(scores, THRESHOLD)
        sizes = sets.sum(axis=1)
        checks.append(mean(f"relays of 25 that follow by chance, memory {memory:g}", sizes, relays, 0.4))
        median = float(np.nanmedian(set_bits(sizes)))
        checks.append(Check(f"median bits of such sets, memory {memory:g}", median, bits - 0.35, bits + 0.35))
        if memory == 0.96:
            covered = coverage(sets, list(draw.integers(RELAYS, size=TARGETS)))
            checks.append(Check("true relay in the set, memory 0.96: only by chance", covered,
                                *interval(round(TARGETS * relays / RELAYS), TARGETS, 0.9999)))
            r = pearson(ar1(draw, 20000, 300, memory), ar1(draw, 20000, 300, memory))
            checks.append(share("nothing shared, r > 0.5 in 300 s, memory 0.96", r > 0.5, 0.022, 0.001))
            fresh = window_max(ar1(draw, 3000, BINS, memory), ar1(draw, 3000, BINS, memory), 300, 10)
            calibrated = candidates(scores, threshold(fresh, 0.05)).sum(axis=1)
            checks.append(mean("relays above a threshold of 5 %, memory 0.96", calibrated, RELAYS * 0.05, 0.35))
    return checks


GATES = (
    Gate(1, "Fisher's interval on independent bins", fisher_where_it_holds),
    Gate(2, "Fisher's interval on bins with a memory, and tests that hold", memory_spoils_fisher),
    Gate(3, "the greatest r over windows when nothing is shared", windows_find_more),
    Gate(4, "candidate sets of 25 relays when nothing is shared", small_sets_by_chance),
)
