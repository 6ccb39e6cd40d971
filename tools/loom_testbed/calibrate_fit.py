"""calibrate_fit - prices of work from CPU times of runs: bounded least squares of relative errors, held to priors.

A run says what was done (columns: any names) and what it cost. The prices p minimise

    sum over runs     huber((sum of work * p - cost) / (cost * noise * doubt))
  + sum over columns  ((p - prior) / prior's deviation)^2

within each price's bounds (none below 0); huber(z) is z^2, from ODD on in a straight line, so that a run that something
held up does not move the prices of all others. A prior is what the primitive costs by itself; its deviation says how
far the piece in its place may be from that. What no run has keeps its prior as its price.

Nothing here knows of relays: tor's prices are fitted by the same function.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy
from scipy.optimize import lsq_linear

NOISE_LEAST = 0.02  # of the cost of a run: no run is believed to be better than that
NORMAL = 1.4826  # a standard deviation by the median distance, if errors are normal
ODD = 1.5  # in units of a run's noise: from there on an error counts by itself, no more by its square
REWEIGHTINGS = 12
DRAWS = 200
INTERVAL = (5.0, 95.0)  # per cent of the draws
SEED = 1


@dataclass(frozen=True)
class Run:
    """One measured run: what load it was (runs of one load are left out together), its work, and what that cost."""

    load: str
    work: Mapping[str, float]
    cost: float
    units: float = 1.0  # cells, say: predictions are compared by cost per unit
    doubt: float = 1.0  # so much more noise than other runs: its work is known to leave out something that costs

    @property
    def per_unit(self) -> float:
        """Return the cost of one unit."""
        return self.cost / self.units


@dataclass(frozen=True)
class Prior:
    """What a unit is believed to cost before any run: its deviation is one standard deviation."""

    price: float
    deviation: float
    least: float = 0.0
    most: float = float("inf")
    spread: float = 0.0  # of the primitive that it comes from, relative: drawn anew for the interval

    def __post_init__(self) -> None:
        """Refuse what would fix a price or leave it no room."""
        if not (self.deviation > 0 and 0 <= self.least < self.most and self.least <= self.price <= self.most):
            raise ValueError(f"{self}: expected a deviation above 0 and least <= price <= most")


@dataclass(frozen=True)
class Price:
    """A fitted price and its interval."""

    price: float
    least: float
    most: float
    is_fitted: bool  # some run had such work; otherwise it is the prior


@dataclass(frozen=True)
class LeftOut:
    """A run as it is predicted from all runs of other loads."""

    load: str
    measured: float
    predicted: float

    @property
    def error(self) -> float:
        """Return how far the prediction is off, relative: 0.1 is too much by a tenth."""
        return self.predicted / self.measured - 1.0


@dataclass(frozen=True)
class Fit:
    """Prices with intervals, how well they fit, and how well they predict what was not fitted."""

    prices: dict[str, Price]
    noise: float  # that runs were given
    repeatability: float  # median relative difference of runs of one load from their mean; 0 when there are none
    objective: float  # what is left of the sum that was minimised
    residuals: list[LeftOut]  # runs as fitted: predicted by prices that know them
    left_out: list[LeftOut] = field(default_factory=list)

    def predict(self, work: Mapping[str, float]) -> float:
        """Return what the work costs."""
        return sum(amount * self.prices[name].price for name, amount in work.items() if name in self.prices)

    @property
    def error_median(self) -> float:
        """Return the median error of loads that were left out: that of a load is its mean over runs."""
        return statistics.median(_errors_of_loads(self.left_out)) if self.left_out else float("nan")

    @property
    def error_worst(self) -> float:
        """Return the worst error of a load that was left out."""
        return max(_errors_of_loads(self.left_out)) if self.left_out else float("nan")


def fit(runs: Sequence[Run], priors: Mapping[str, Prior], noise: float | None = None, draws: int = DRAWS,
        is_crossed: bool = True) -> Fit:  # fmt: skip
    """Fit prices of the columns that priors name. noise: of a run's cost, relative; None: as runs of one load differ,
    or as far as the law is from them, whichever is larger.

    draws: samples for the intervals, 0 for none; is_crossed: also leave each load out once.
    """
    if not runs:
        raise ValueError("no runs to fit to")
    unknown = {name for run in runs for name, amount in run.work.items() if amount and name not in priors}
    if unknown:
        raise ValueError(f"work without a prior: {', '.join(sorted(unknown))}")
    repeated = repeatability(runs)
    names = [name for name in priors if any(run.work.get(name) for run in runs)]
    matrix, costs = _matrix(runs, names)
    held = [priors[name] for name in names]
    doubts = numpy.array([run.doubt for run in runs])
    if noise is None:
        first = max(NOISE_LEAST, repeated)
        noise = max(first, misfit(matrix @ _solve(matrix, costs, doubts, held, first), costs, doubts))
    values, weighted = _solve_robustly(matrix, costs, doubts, held, noise)
    low, high = _intervals(runs, matrix, costs, weighted, names, priors, noise, values, draws)
    prices = {}
    for name, prior in priors.items():
        if name in names:
            at = names.index(name)
            prices[name] = Price(float(values[at]), float(low[at]), float(high[at]), True)
        else:
            low_end = max(prior.least, prior.price - 2.0 * prior.deviation)
            high_end = min(prior.most, prior.price + 2.0 * prior.deviation)
            prices[name] = Price(prior.price, low_end, high_end, False)
    fitted = zip(runs, matrix @ values, strict=True)
    residuals = [LeftOut(run.load, run.per_unit, float(cost) / run.units) for run, cost in fitted]
    crossed = leave_out(runs, priors, noise) if is_crossed else []
    return Fit(prices, noise, repeated, _objective(matrix, costs, doubts, held, noise, values), residuals, crossed)


def leave_out(runs: Sequence[Run], priors: Mapping[str, Prior], noise: float) -> list[LeftOut]:
    """Predict each load's runs by prices fitted without them."""
    found = []
    for load in dict.fromkeys(run.load for run in runs):
        others = [run for run in runs if run.load != load]
        if not others:
            return []
        known = fit(others, priors, noise, draws=0, is_crossed=False)
        found += [LeftOut(load, run.per_unit, known.predict(run.work) / run.units) for run in runs if run.load == load]
    return found


def repeatability(runs: Sequence[Run]) -> float:
    """Return the median relative difference of a run's cost per unit from the mean of its load."""
    by_load: dict[str, list[float]] = {}
    for run in runs:
        by_load.setdefault(run.load, []).append(run.per_unit)
    off = [abs(one / statistics.fmean(same) - 1.0) for same in by_load.values() if len(same) > 1 for one in same]
    return statistics.median(off) if off else 0.0


def misfit(predicted: numpy.ndarray, costs: numpy.ndarray, doubts: numpy.ndarray) -> float:
    """Return the relative deviation of what is predicted: by the median, so that one odd run does not count."""
    return float(NORMAL * numpy.median(numpy.abs(predicted / costs - 1.0) / doubts))


def _errors_of_loads(found: Sequence[LeftOut]) -> list[float]:
    by_load: dict[str, list[float]] = {}
    for one in found:
        by_load.setdefault(one.load, []).append(one.error)
    return [abs(statistics.fmean(errors)) for errors in by_load.values()]


def _matrix(runs: Sequence[Run], names: Sequence[str]) -> tuple[numpy.ndarray, numpy.ndarray]:
    rows = [[float(run.work.get(name, 0.0)) for name in names] for run in runs]
    return numpy.array(rows).reshape(len(runs), len(names)), numpy.array([run.cost for run in runs])


def _solve(
    matrix: numpy.ndarray, costs: numpy.ndarray, doubts: numpy.ndarray, priors: Sequence[Prior], noise: float
) -> numpy.ndarray:
    """Return the prices of the least squares. Columns are scaled by their prior's deviation."""
    scale = numpy.array([prior.deviation for prior in priors])
    centre = numpy.array([prior.price for prior in priors])
    least = (numpy.array([max(0.0, prior.least) for prior in priors]) - centre) / scale
    most = (numpy.array([prior.most for prior in priors]) - centre) / scale
    weights = 1.0 / (costs * noise * doubts)
    data = matrix * scale * weights[:, None]
    target = (costs - matrix @ centre) * weights
    stacked = numpy.vstack([data, numpy.eye(len(priors))])
    found = lsq_linear(stacked, numpy.concatenate([target, numpy.zeros(len(priors))]), (least, most), method="bvls")
    return numpy.maximum(centre + found.x * scale, 0.0)


def _solve_robustly(
    matrix: numpy.ndarray, costs: numpy.ndarray, doubts: numpy.ndarray, priors: Sequence[Prior], noise: float
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Return the prices, and the doubts with which squares alone would give them: odd runs have more."""
    weighted = doubts
    for _ in range(REWEIGHTINGS):
        values = _solve(matrix, costs, weighted, priors, noise)
        odd = numpy.abs(matrix @ values / costs - 1.0) / (noise * doubts)
        before, weighted = weighted, doubts * numpy.sqrt(numpy.maximum(odd / ODD, 1.0))
        if numpy.allclose(before, weighted, rtol=1e-3):
            break
    return values, weighted


def _objective(
    matrix: numpy.ndarray,
    costs: numpy.ndarray,
    doubts: numpy.ndarray,
    priors: Sequence[Prior],
    noise: float,
    values: numpy.ndarray,
) -> float:
    """Return the sum that prices minimise."""
    off = numpy.abs(matrix @ values / costs - 1.0) / (noise * doubts)
    held = numpy.array([(value - prior.price) / prior.deviation for value, prior in zip(values, priors, strict=True)])
    return float(numpy.where(off <= ODD, off**2, 2 * ODD * off - ODD**2).sum() + (held**2).sum())


def _intervals(
    runs: Sequence[Run],
    matrix: numpy.ndarray,
    costs: numpy.ndarray,
    doubts: numpy.ndarray,
    names: Sequence[str],
    priors: Mapping[str, Prior],
    noise: float,
    values: numpy.ndarray,
    draws: int,
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Return both ends of each price: loads are drawn anew, with replacement, and priors within their deviation."""
    if draws == 0:
        return values, values
    rng = numpy.random.default_rng(SEED)
    loads = list(dict.fromkeys(run.load for run in runs))
    rows_of = {load: [i for i, run in enumerate(runs) if run.load == load] for load in loads}
    drawn = []
    for _ in range(draws):
        rows = [row for i in rng.integers(len(loads), size=len(loads)) for row in rows_of[loads[i]]]
        moved = [_drawn(priors[name], rng) for name in names]
        drawn.append(_solve(matrix[rows], costs[rows], doubts[rows], moved, noise))
    low, high = numpy.percentile(numpy.array(drawn), INTERVAL, axis=0)
    return numpy.minimum(low, values), numpy.maximum(high, values)


def _drawn(prior: Prior, rng: numpy.random.Generator) -> Prior:
    deviation = (prior.deviation**2 + (prior.spread * prior.price) ** 2) ** 0.5
    price = float(numpy.clip(rng.normal(prior.price, deviation), max(0.0, prior.least), prior.most))
    return Prior(price, prior.deviation, prior.least, prior.most, prior.spread)
