"""compared - what a comparison says of each quantity: quartiles, differences with intervals, distances.

Intervals come from seeds wherever both sides have two or more: paired when these are the same seeds, otherwise
Welch's. With a single seed they are a bootstrap over the values of that run, which takes these as independent: they
say too little, and tables say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .distances import Distance, bootstrap_difference, distance, ks_between
from .model import Run
from .quantities import size_label
from .results import ResultsError
from .sides import Pair, Side
from .statistics import LEVEL, Estimate, estimate, paired, student_t

SHARES = (0.25, 0.5, 0.75)
PAIRED, WELCH, WITHIN, NO_INTERVAL = "paired seeds", "seeds", "one run", "no interval"


@dataclass(frozen=True)
class Kind:
    """A quantity of which a run has many values."""

    key: str
    label: str
    unit: str
    of: Callable[[Run], np.ndarray]


@dataclass(frozen=True)
class Difference:
    """b less a: in the unit, and as a share of a's value, which is taken as exact (None: that is zero)."""

    value: Estimate
    relative: Estimate | None
    how: str  # where its interval is from


@dataclass(frozen=True)
class Spread:
    """One quantity of many values, of both sides; the lists follow SHARES."""

    kind: Kind
    counts: tuple[int, int]
    a: list[float]  # quantiles: means over seeds
    b: list[float]
    differences: list[Difference]
    distance: Distance
    ks_between_seeds: tuple[float | None, float | None]


@dataclass(frozen=True)
class Single:
    """One quantity of which a run has one value."""

    key: str
    label: str
    unit: str
    a: Estimate
    b: Estimate
    difference: Difference


@dataclass(frozen=True)
class Comparison:
    pair: Pair
    spreads: list[Spread]
    singles: list[Single]

    @property
    def by_distance(self) -> list[Spread]:
        """Return the spreads, those first whose distributions differ most."""
        return sorted(self.spreads, key=lambda one: -one.distance.ks)


def kinds(pair: Pair) -> list[Kind]:
    """List what either side may have many values of."""
    runs = [*pair.a.runs, *pair.b.runs]
    sizes = sorted({size for run in runs for size in (*run.first_byte, *run.last_byte)})
    made = [
        Kind("written", "written by all relays, each second", "Gbit/s", lambda run: run.written_gbit),
        Kind("goodput", "goodput of a transfer", "Mbit/s", lambda run: run.goodput_mbit),
        Kind("build", "time to build a circuit", "s", lambda run: run.build_s),
    ]
    for name, words in (("first_byte", "first"), ("last_byte", "last")):
        made += [
            Kind(
                f"{name}.{size}",
                f"time to {words} byte, {size_label(size)}",
                "s",
                lambda run, name=name, size=size: getattr(run, name).get(size, np.array([])),
            )
            for size in sizes
        ]
    return made


def welch(a: list[float], b: list[float], level: float = LEVEL) -> Estimate:
    """Return mean of b less mean of a with Welch's interval; both have two values or more."""
    variances = [float(np.var(values, ddof=1)) / len(values) for values in (a, b)]
    total = sum(variances)
    got = float(np.mean(b) - np.mean(a))
    if total == 0.0:
        return Estimate(got, 0.0, min(len(a), len(b)))
    freedom = total**2 / sum(v**2 / (len(x) - 1) for v, x in zip(variances, (a, b), strict=True))
    return Estimate(got, student_t(max(1, math.floor(freedom)), level) * math.sqrt(total), min(len(a), len(b)))


def _with_share(value: Estimate, base: float, how: str) -> Difference:
    relative = None
    if base != 0.0:
        half = None if value.half is None else value.half / abs(base)
        relative = Estimate(value.mean / base, half, value.n)
    return Difference(value, relative, how)


def difference(a: dict[int, float], b: dict[int, float]) -> Difference:
    """Compare one value a seed; without two seeds on both sides there is no interval."""
    base = float(np.mean(list(a.values())))
    if len(a.keys() & b.keys()) > 1:
        of_shared = float(np.mean([a[seed] for seed in a.keys() & b.keys()]))
        return _with_share(paired(a, b).difference, of_shared, PAIRED)
    if len(a) > 1 and len(b) > 1:
        return _with_share(welch(list(a.values()), list(b.values())), base, WELCH)
    return _with_share(Estimate(float(np.mean(list(b.values()))) - base, None, 1), base, NO_INTERVAL)


def _difference_at(a: dict[int, np.ndarray], b: dict[int, np.ndarray], share: float) -> Difference:
    of_a, of_b = ({seed: float(np.quantile(one, share)) for seed, one in side.items()} for side in (a, b))
    got = difference(of_a, of_b)
    if got.how != NO_INTERVAL:
        return got
    all_a, all_b = np.concatenate(list(a.values())), np.concatenate(list(b.values()))
    return _with_share(bootstrap_difference(all_a, all_b, share), float(np.quantile(all_a, share)), WITHIN)


def _quartiles(samples: dict[int, np.ndarray]) -> list[float]:
    return [float(np.mean([np.quantile(one, share) for one in samples.values()])) for share in SHARES]


def _spread(pair: Pair, kind: Kind) -> Spread | None:
    a, b = pair.a.samples(kind.of), pair.b.samples(kind.of)
    if not a or not b:
        return None
    all_a, all_b = np.concatenate(list(a.values())), np.concatenate(list(b.values()))
    return Spread(
        kind=kind,
        counts=(len(all_a), len(all_b)),
        a=_quartiles(a),
        b=_quartiles(b),
        differences=[_difference_at(a, b, share) for share in SHARES],
        distance=distance(all_a, all_b),
        ks_between_seeds=(ks_between(list(a.values())), ks_between(list(b.values()))),
    )


def _named(side: Side) -> list[tuple[str, str, str]]:
    return list(side.runs[0].named) if side.runs else []


def _singles(pair: Pair) -> list[Single]:
    made = []
    for key, label, unit in _named(pair.a):
        a, b = pair.a.values(key), pair.b.values(key)
        if a and b:
            got = estimate(list(a.values())), estimate(list(b.values()))
            made.append(Single(key, label, unit, *got, difference(a, b)))
    return made


def compare(pair: Pair) -> Comparison:
    """Compare all that both sides measured; an error when that is nothing."""
    spreads = [got for kind in kinds(pair) if (got := _spread(pair, kind))]
    singles = _singles(pair)
    if not spreads and not singles:
        raise ResultsError(f"{pair.a.label} and {pair.b.label} have no quantity in common")
    return Comparison(pair, spreads, singles)
