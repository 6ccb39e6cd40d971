"""gates_timing - K6 to K9: round trips, their distributions, streams that take turns, delays that follow a pattern."""

from __future__ import annotations

import numpy as np

from ..attacks.circuit_linking import ks_critical, ks_score, without_exit
from ..attacks.client_location import guard_rtt
from ..attacks.congestion import pattern_score
from ..attacks.stream_linkability import exclusivity
from .gate import ERRORS, Check, Gate, exactly, share

TRIALS = 4000
QUEUE_S = 0.010
FIXED_S, OWN_GUARD_S, CLIENT_GUARD_S = 0.120, 0.030, 0.080


def _errors(draw: np.random.Generator, samples: int, hops: float) -> np.ndarray:
    """Return by how much the estimate is off, in ms, with exponential queues at so many hops."""
    def queues() -> np.ndarray:
        return draw.gamma(hops, QUEUE_S, (TRIALS, samples))

    estimate = guard_rtt(FIXED_S + CLIENT_GUARD_S + queues(), FIXED_S + OWN_GUARD_S + queues(), OWN_GUARD_S)
    return (estimate - CLIENT_GUARD_S) * 1e3


def _deviation(what: str, errors: np.ndarray, expected: float, rounding: float) -> Check:
    """The tails of minima are not normal: the standard error of the deviation comes from its own fourth moment."""
    variance = errors.var()
    fourth = ((errors - errors.mean()) ** 4).mean()
    half = ERRORS * float(np.sqrt((fourth - variance**2) / errors.size) / (2.0 * np.sqrt(variance))) + rounding
    return exactly(what, float(errors.std()), expected, half)


def location(draw: np.random.Generator) -> list[Check]:
    without = guard_rtt(np.full(10, FIXED_S + CLIENT_GUARD_S), np.full(10, FIXED_S + OWN_GUARD_S), OWN_GUARD_S)
    checks = [exactly("client to guard without queues, ms", float(without) * 1e3, CLIENT_GUARD_S * 1e3, 1e-9)]
    for n, expected in ((100, 0.1414), (1000, 0.01414)):
        errors = _errors(draw, n, 1.0)
        checks.append(_deviation(f"error of {n} samples, one queue, ms", errors, expected, expected * 0.001))
    for n, expected in ((10, 6.26), (100, 2.20), (1000, 0.91)):
        checks.append(_deviation(f"error of {n} samples, three queues, ms", _errors(draw, n, 3.0), expected,
                                 expected * 0.03))
    return checks


def same_distribution(draw: np.random.Generator) -> list[Check]:
    samples = np.round(draw.gamma(3.0, QUEUE_S, 250) * 1e9).astype(np.int64)
    critical = ks_critical(250, 250)
    by_chance = np.array([ks_score(draw.gamma(3.0, QUEUE_S, 250), draw.gamma(3.0, QUEUE_S, 250)) for _ in range(400)])
    return [
        exactly("D of the same samples", ks_score(samples, samples), 0.0),
        exactly("D at servers 20 and 50 ms behind the exit",
                ks_score(*(without_exit(samples + behind, behind) for behind in (20_000_000, 50_000_000))), 0.0),
        exactly("D of ranges that do not meet", ks_score(samples, samples + 10**10), 1.0),
        exactly("critical D of 250 and 250 at 5 %", critical, 0.1215, 0.0001),
        share("one circuit, D above it", by_chance > critical, 0.05, 0.01),
    ]


def turns(draw: np.random.Generator) -> list[Check]:
    alternating = np.arange(1000) % 2
    checks = [
        exactly("streams that take turns", exclusivity(alternating, 1 - alternating), 1.0),
        exactly("streams that are active together", exclusivity(alternating, alternating), 0.0),
        exactly("streams that never are", exclusivity(np.zeros(9), np.zeros(9)), 0.0),
    ]
    for active in (0.3, 0.5, 0.8):
        a, b = draw.random(10**6) < active, draw.random(10**6) < active
        expected = 2.0 * active * (1.0 - active) / (1.0 - (1.0 - active) ** 2)
        checks.append(exactly(f"streams of different circuits, active {active:g}", exclusivity(a, b), expected, 0.003))
    return checks


def pattern(draw: np.random.Generator) -> list[Check]:
    sending = np.zeros(1000)
    constant = pattern_score(np.arange(1000) % 3 == 0, np.full(1000, 0.2))
    checks = [exactly("a relay whose delay is constant", constant, 1.0)]
    for duty in (0.1, 0.3, 0.5):
        sending[:] = 0.0
        sending[: round(1000 * duty)] = 1.0
        got = pattern_score(sending, 1.0 + sending)
        checks.append(exactly(f"delay doubled in bursts, duty {duty:g}", got, 2.0 / (1.0 + duty)))
    other = pattern_score(sending, draw.gamma(9.0, 1.0, (400, 1000)))
    checks.append(exactly("a relay that does not carry it", other.mean(), 1.0, ERRORS * float(other.std()) / 20.0))
    return checks


GATES = (
    Gate(6, "how far the client is from its guard", location),
    Gate(7, "round trips at two servers", same_distribution),
    Gate(8, "streams that take turns", turns),
    Gate(9, "delays that follow a pattern", pattern),
)
