"""effects - whether two results see the same effect of an arm: how it changes a quantity in one, against in the other.

The effect on a quantity is the ratio of its medians, other arm to first arm, in one seed. What is compared is the
ratio of B's effect to A's, seed by seed where both have the same seeds, in logarithms, with a t interval. Within
LEAST to MOST the two agree; beyond it they differ; where the interval has both, it is said how many seeds a verdict
would take.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .compared import Kind, kinds, welch
from .model import Results
from .results import ResultsError
from .sides import Pair, Side, read_finished
from .statistics import Estimate, estimate, student_t

LEVEL = 0.90
LEAST, MOST = 0.8, 1.25
BOUND = math.log(MOST)  # LEAST is as far below 1
SEEDS_MAX = 1000
AGREE, DIFFER, INCONCLUSIVE = "agree", "differ", "inconclusive"


@dataclass(frozen=True)
class Effect:
    """On one quantity. The values are ratios; the interval of `ratio` is one of logarithms."""

    label: str
    a: float  # geometric means over seeds
    b: float
    log_ratio: Estimate  # of b's effect to a's
    seeds_needed: int | None  # for a verdict; None: it has one, or no number up to SEEDS_MAX would do

    @property
    def interval(self) -> tuple[float, float] | None:
        got = self.log_ratio
        return None if got.half is None else (math.exp(got.low), math.exp(got.high))

    @property
    def verdict(self) -> str:
        got = self.log_ratio
        if got.half is None:
            return INCONCLUSIVE
        if got.low >= -BOUND and got.high <= BOUND:
            return AGREE
        return DIFFER if got.low > BOUND or got.high < -BOUND else INCONCLUSIVE


@dataclass(frozen=True)
class Effects:
    """Of one arm, against the first, on all quantities that both results have."""

    a: Results
    b: Results
    first: str
    other: str
    seeds: tuple[list[int], list[int]]
    effects: list[Effect]


def seeds_needed(mean: float, deviation: float, level: float = LEVEL) -> int | None:
    """Return how many seeds bring an interval of this deviation to one side of the nearer bound."""
    room = abs(BOUND - abs(mean))
    for n in range(2, SEEDS_MAX + 1):
        if student_t(n - 1, level) * deviation / math.sqrt(n) <= room:
            return n
    return None


def _logs(first: Side, other: Side, kind: Kind) -> dict[int, float]:
    """Return the logarithm of the effect by seed, where both arms measured something."""
    a, b = first.samples(kind.of), other.samples(kind.of)
    medians = {seed: (float(np.median(a[seed])), float(np.median(b[seed]))) for seed in sorted(a.keys() & b.keys())}
    return {seed: math.log(y / x) for seed, (x, y) in medians.items() if x > 0 and y > 0}


def compare_logs(label: str, a: dict[int, float], b: dict[int, float]) -> Effect | None:
    """Compare effects by seed; None where one side has none."""
    if not a or not b:
        return None
    shared = sorted(a.keys() & b.keys())
    means = math.exp(float(np.mean(list(a.values())))), math.exp(float(np.mean(list(b.values()))))
    if len(shared) > 1:
        differences = [b[seed] - a[seed] for seed in shared]
        got = estimate(differences, LEVEL)
        deviation = float(np.std(differences, ddof=1))
    elif len(a) > 1 and len(b) > 1:
        got = welch(list(a.values()), list(b.values()), LEVEL)
        deviation = math.sqrt(float(np.var(list(a.values()), ddof=1)) + float(np.var(list(b.values()), ddof=1)))
    else:
        return Effect(label, *means, Estimate(math.log(means[1] / means[0]), None, 1), None)
    assert got is not None
    made = Effect(label, *means, got, None)
    if made.verdict != INCONCLUSIVE:
        return made
    return Effect(label, *means, got, seeds_needed(got.mean, deviation))


def effects(name_a: str, name_b: str) -> list[Effects]:
    """Compare what each arm but the first does, in the folder name_a and in the folder name_b."""
    a, b = read_finished(name_a), read_finished(name_b)
    arms = [arm for arm in a.arms if arm in b.arms]
    if len(arms) < 2:
        raise ResultsError(f"{name_a} and {name_b}: an effect is between two arms that both have; shared: {arms}")
    return [_effects_of(a, b, arms[0], other) for other in arms[1:]]


def _effects_of(a: Results, b: Results, first: str, other: str) -> Effects:
    sides = [[Side(one, arm, arm) for arm in (first, other)] for one in (a, b)]
    made = []
    for kind in kinds(Pair(sides[0][0], sides[1][0])):
        got = compare_logs(kind.label, _logs(*sides[0], kind), _logs(*sides[1], kind))
        made += [got] if got else []
    return Effects(a, b, first, other, (a.seeds, b.seeds), made)


def _row(one: Effect) -> str:
    interval = "no interval" if one.interval is None else f"[{one.interval[0]:.3f}, {one.interval[1]:.3f}]"
    verdict = one.verdict
    if verdict == INCONCLUSIVE:
        needs = "more than one seed" if one.interval is None else f"more than {SEEDS_MAX} seeds"
        verdict += f", needs {one.seeds_needed} seeds" if one.seeds_needed else f", needs {needs}"
    return f"{one.label:<34} {one.a:>7.3f} {one.b:>7.3f} {math.exp(one.log_ratio.mean):>7.3f} {interval:<16} {verdict}"


def text_of(made: Effects) -> str:
    """Write the table."""
    engines = [one.scenario.get("engine", "sim") for one in (made.a, made.b)]
    return "\n".join([
        f"effect of {made.other} against {made.first}: medians' ratio; A: {made.a.folder}, engine {engines[0]},"
        f" {len(made.seeds[0])} seeds; B: {made.b.folder}, engine {engines[1]}, {len(made.seeds[1])} seeds",
        f"{'':<34} {'A':>7} {'B':>7} {'B / A':>7} {f'[{100 * LEVEL:.0f} %]':<16} within {LEAST} to {MOST}",
        *map(_row, made.effects), "",
    ])  # fmt: skip


def json_of(made: Effects) -> dict:
    """Return the table as plain values."""
    return {
        "first": made.first, "other": made.other, "seeds": list(made.seeds), "level": LEVEL, "least": LEAST,
        "most": MOST, "effects": [
            {"quantity": one.label, "a": one.a, "b": one.b, "ratio": math.exp(one.log_ratio.mean),
             "interval": one.interval, "verdict": one.verdict, "seeds_needed": one.seeds_needed}
            for one in made.effects
        ],
    }  # fmt: skip
