"""gates_measures - K5, K10, K11, K14: errors, bits, areas and intervals with answers of their own."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from ..measures.candidate_sets import credit_bits
from ..measures.information import FittedHereError, Trial, degree, entropy_bits, fit, held_out_gain
from ..measures.proportions import interval, upper
from ..measures.roc import Roc, auc, binormal_equal_error, equal_error, precision_at, roc, tpr_at
from .gate import Check, Gate, exactly, refused

DRAWN = 40_000
CANDIDATES = 25
# precision at base rates of 1e-2 to 1e-5 of (true positives, false positives) as published
PRECISION = [((0.985, 0.015), (0.399, 0.062, 0.0065, 0.00066)), ((0.92, 0.022), (0.297, 0.040, 0.0042, 0.00042))]


def _normal(draw: np.random.Generator, distance: float) -> tuple[np.ndarray, np.ndarray]:
    return draw.normal(distance, 1.0, DRAWN), draw.normal(0.0, 1.0, DRAWN)


def binormal(draw: np.random.Generator) -> list[Check]:
    checks = []
    for area, error in ((0.85, 0.232), (0.89, 0.193), (0.96, 0.108), (0.98, 0.073), (0.70, 0.355)):
        checks.append(exactly(f"equal error of normals of area {area:g}", binormal_equal_error(area), error, 0.0005))
        curve = roc(*_normal(draw, float(np.sqrt(2.0) * norm.ppf(area))))
        half = 0.0005 + 4.0 * float(np.sqrt(error * (1.0 - error) / DRAWN))
        checks.append(exactly(f"the same of {DRAWN} drawn scores each", equal_error(curve), error, half))
    for (tpr, fpr), precisions in PRECISION:
        for exponent, precision in enumerate(precisions, 2):
            got = precision_at(tpr, fpr, 10.0**-exponent)
            checks.append(exactly(f"precision of {tpr:g}, {fpr:g} at 1e-{exponent}", got, precision, precision * 0.014))
    few = Roc(np.array([0.0, 0.5, 1.0]), np.array([0.0, 1.0, 1.0]), 2, 2)
    checks.append(Check("2 false pairs resolve no rate of 0.01: unknown, 1", float(np.isnan(tpr_at(few, 0.01))), 1, 1))
    return checks


def _trials(draw: np.random.Generator, seeds: range, shift: float, shuffled: bool) -> list[Trial]:
    trials = []
    for seed in seeds:
        for _ in range(40):
            scores, truth = draw.standard_normal(CANDIDATES), int(draw.integers(CANDIDATES))
            scores[int(draw.integers(CANDIDATES)) if shuffled else truth] += shift
            trials.append(Trial(seed, scores, np.full(CANDIDATES, 1.0 / CANDIDATES), truth))
    return trials


def _gain_by_theory(draw: np.random.Generator, shift: float) -> float:
    """Return the mean gain of an attacker who knows both distributions: no fitted one has more."""
    scores = draw.standard_normal((20_000, CANDIDATES))
    scores[:, 0] += shift
    weights = np.exp(shift * scores)
    return float(np.log2(CANDIDATES * weights[:, 0] / weights.sum(axis=1)).mean())


def entropies(draw: np.random.Generator) -> list[Check]:
    uniform, certain = np.full(CANDIDATES, 1.0 / CANDIDATES), np.eye(CANDIDATES)[3]
    inside = np.zeros(CANDIDATES, dtype=bool)
    inside[:5] = True
    known = _trials(draw, range(8), 2.0, False)
    gain = float(np.mean(list(held_out_gain(known).values())))
    best = _gain_by_theory(draw, 2.0)
    nothing = float(np.mean(list(held_out_gain(_trials(draw, range(8), 2.0, True)).values())))
    likelihoods = fit(one for one in known if one.seed < 4)
    return [
        exactly("entropy of 25 alike, bits", entropy_bits(uniform), 4.644, 0.0005),
        exactly("degree of anonymity of 25 alike", degree(uniform), 1.0),
        exactly("entropy of one that is certain", entropy_bits(certain), 0.0),
        exactly("credit of 5 of 25 with the truth", credit_bits(inside, 4), np.log2(5.0)),
        exactly("credit of 5 of 25 without it", credit_bits(inside, 5), 0.0),
        exactly("credit when the truth is no candidate", credit_bits(inside, None), 0.0),
        Check("held-out gain, true scores 2 sd higher, bits", gain, best - 0.35, best + 0.15),
        Check("held-out gain when labels are shuffled", nothing, -0.15, 0.05),
        refused("attacker fitted on the seed he is tested on: refused, 1", FittedHereError,
                lambda: likelihoods.posterior(known[0])),
    ]


def areas(draw: np.random.Generator) -> list[Check]:
    true, false = draw.normal(1.0, 1.0, 500), draw.normal(0.0, 1.0, 500)
    area = auc(true, false)
    both = draw.permutation(np.concatenate([true, false]))
    rounded = np.round(true), np.round(false)
    curve = roc(*rounded)
    return [
        exactly("area of two normals 1 sd apart", area, 0.7602, 4.0 * 0.0152),
        exactly("change by a monotone map of scores", auc(np.exp(true), np.exp(false)) - area, 0.0),
        exactly("sum with that of swapped labels", area + auc(false, true), 1.0),
        exactly("area of shuffled labels", auc(both[:500], both[500:]), 0.5, 4.0 * 0.0183),
        exactly("area of scores that are all equal", auc(np.ones(9), np.ones(7)), 0.5),
        exactly("area under the curve less area by ranks, with ties",
                float(np.trapezoid(curve.tpr, curve.fpr)) - auc(*rounded), 0.0),
    ]


def intervals(_: np.random.Generator) -> list[Check]:
    low, high = interval(12, 532)
    return [
        exactly("12 of 532, lower", low, 0.0117, 0.00005),
        exactly("12 of 532, upper", high, 0.0391, 0.00005),
        exactly("0 of 100, upper, one-sided", upper(0, 100), 0.0295, 0.00005),
        exactly("0 of 100, upper, two-sided", interval(0, 100)[1], 0.0362, 0.00005),
    ]


GATES = (
    Gate(5, "equal errors, precision at base rates", binormal),
    Gate(10, "entropies, credit, gain of an attacker fitted elsewhere", entropies),
    Gate(11, "what areas under curves must keep", areas),
    Gate(14, "Clopper and Pearson's intervals", intervals),
)
