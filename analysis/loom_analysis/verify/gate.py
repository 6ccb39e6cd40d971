"""gate - one known answer: what is computed, and the interval that it must lie in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ERRORS = 4.0  # standard errors either side: of a hundred right values one leaves its interval in 160 verifications
FIRST_SEED = 2011


@dataclass(frozen=True)
class Check:
    """A value, and the interval it must lie in, ends included."""

    what: str
    value: float
    low: float
    high: float

    @property
    def passed(self) -> bool:
        return bool(self.low <= self.value <= self.high)  # NaN fails


@dataclass(frozen=True)
class Gate:
    """run gets a generator of its own, so that a gate gives the same alone as among others."""

    number: int
    title: str
    run: Callable[[np.random.Generator], list[Check]]

    @property
    def name(self) -> str:
        return f"K{self.number}"

    def checks(self) -> list[Check]:
        return self.run(np.random.default_rng([FIRST_SEED, self.number]))


def exactly(what: str, value: float, expected: float, rounding: float = 1e-9) -> Check:
    """The answer is known to that many digits."""
    return Check(what, float(value), expected - rounding, expected + rounding)


def share(what: str, got: np.ndarray, expected: float, rounding: float = 0.0) -> Check:
    """A share of independent trials, whose chance is known to a rounding."""
    half = ERRORS * float(np.sqrt(expected * (1.0 - expected) / np.size(got))) + rounding
    return Check(what, float(np.mean(got)), max(0.0, expected - half), min(1.0, expected + half))


def mean(what: str, got: np.ndarray, expected: float, rounding: float = 0.0) -> Check:
    """A mean of independent trials, whose expectation is known to a rounding."""
    half = ERRORS * float(np.std(got) / np.sqrt(np.size(got))) + rounding
    return Check(what, float(np.mean(got)), expected - half, expected + half)


def spread(what: str, got: np.ndarray, expected: float, rounding: float = 0.0) -> Check:
    """A standard deviation of independent normal trials."""
    half = ERRORS * expected / float(np.sqrt(2.0 * np.size(got))) + rounding
    return Check(what, float(np.std(got)), expected - half, expected + half)


def above(what: str, value: float, low: float) -> Check:
    return Check(what, float(value), low, float("inf"))


def refused(what: str, error: type[Exception], do: Callable[[], object]) -> Check:
    """1 when do raises the error, else 0."""
    try:
        do()
    except error:
        return Check(what, 1.0, 1.0, 1.0)
    return Check(what, 0.0, 1.0, 1.0)
