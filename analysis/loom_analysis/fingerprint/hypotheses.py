"""hypotheses - what was expected before the runs, judged by them: confirmed, refuted or undecided.

A network is one observation. p are of sign flips over networks, and those of equivalence of two one-sided t tests;
each kind is corrected over all hypotheses of the scenario (Holm). Above and below are refuted when the other direction
is significant, or when the interval leaves out every effect that would matter; different is refuted by equivalence;
same is confirmed by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import nct
from scipy.stats import t as student

from ..measures.effects import equivalence_p, holm, sign_flip_p
from .networks import Network

LEVEL = 0.05
NETWORKS_MIN = 2
SAME = "same"


@dataclass(frozen=True)
class Verdict:
    """effect: of the measure beyond what it is compared with, mean over networks with its 95 % interval."""

    name: str
    claim: str
    measure: str
    compared: str
    expected: str
    margin: float
    networks: int
    effect: float | None
    low: float | None
    high: float | None
    p: float | None  # corrected
    equivalence: float | None  # the same, of lying within the margin
    power: float | None  # to tell an effect of the margin, or, of same, to show it
    verdict: str
    why: str


def _values(networks: Sequence[Network], arm: str, measure: str) -> dict[int, float]:
    return {one.seed: one.values[measure] for one in networks if one.arm == arm and measure in one.values}


def _reference(one: dict) -> tuple[str, str] | None:
    """Return arm and measure that it is compared with; None: a number."""
    measure = one["measure"] if one["than_measure"] == SAME else one["than_measure"]
    if one["than_arm"] is None and one["than_measure"] == SAME:
        return None
    return one["than_arm"] or one["arm"], measure


def _compared(one: dict) -> str:
    reference = _reference(one)
    if reference is None:
        return f"{one['measure']} in {one['arm']} beside {one['than_permille'] / 1000:g}"
    return f"{one['measure']} in {one['arm']} beside {reference[1]} in {reference[0]}"


def effects(networks: Sequence[Network], one: dict) -> np.ndarray:
    """Return one effect a network, of those that show both sides."""
    own, reference = _values(networks, one["arm"], one["measure"]), _reference(one)
    if reference is None:
        return np.array([own[seed] - one["than_permille"] / 1000 for seed in sorted(own)])
    other = _values(networks, *reference)
    return np.array([own[seed] - other[seed] for seed in sorted(own) if seed in other])


def power_of(spread: float, n: int, margin: float, expected: str) -> float:
    """Return the chance to tell an effect of the margin from none at 0.05 (two-sided), or to show that it is none."""
    error = max(spread, 1e-12) / np.sqrt(n)
    if expected == SAME:
        reach = margin / error - student.ppf(1.0 - LEVEL, n - 1)
        return float(max(0.0, 2.0 * student.cdf(reach, n - 1) - 1.0))
    beyond, away = student.ppf(1.0 - LEVEL / 2.0, n - 1), min(margin / error, 1e3)
    if away > 37.0:  # farther than nct can tell from certain
        return 1.0
    return float(nct.sf(beyond, n - 1, away) + nct.cdf(-beyond, n - 1, away))


def _judge(
    expected: str, mean: float, low: float, high: float, margin: float, p: float, same: float
) -> tuple[str, str]:
    if expected in ("above", "below"):
        sign = 1.0 if expected == "above" else -1.0
        if p <= LEVEL:
            return ("confirmed", "it is") if sign * mean > 0 else ("refuted", "it is the other way")
        if (high if sign > 0 else -low) < margin:
            return "refuted", "all of the interval is less than what would matter"
    elif expected == "different":
        if p <= LEVEL:
            return "confirmed", "higher" if mean > 0 else "lower"
        if same <= LEVEL:
            return "refuted", "the same within the margin"
    elif same <= LEVEL:
        return "confirmed", "within the margin"
    elif p <= LEVEL and (low > margin or high < -margin):
        return "refuted", "higher by more than the margin" if mean > 0 else "lower by more than the margin"
    return "undecided", "more networks would be needed"


def judge(networks: Sequence[Network], hypotheses: Sequence[dict]) -> list[Verdict]:
    """Judge all hypotheses of a scenario together: they are one family."""
    all_effects = [effects(networks, one) for one in hypotheses]
    tested = [i for i, one in enumerate(all_effects) if len(one) >= NETWORKS_MIN]
    margins = [one["margin_permille"] / 1000 for one in hypotheses]
    p_values = dict(zip(tested, holm([sign_flip_p(all_effects[i]) for i in tested]), strict=True)) if tested else {}
    equal = [equivalence_p(all_effects[i], margins[i]) for i in tested]
    same = dict(zip(tested, holm(equal), strict=True)) if tested else {}
    return [
        _verdict(one, all_effects[i], margins[i], p_values.get(i), same.get(i)) for i, one in enumerate(hypotheses)
    ]


def _verdict(one: dict, d: np.ndarray, margin: float, p: float | None, same: float | None) -> Verdict:
    about = (one["name"], one["claim"], one["measure"], _compared(one), one["expected"], margin, len(d))
    if p is None or same is None:
        mean = float(d.mean()) if len(d) else None
        few = "not measured" if not len(d) else "one network says nothing of others"
        return Verdict(*about, mean, None, None, None, None, None, "undecided", few)
    spread, n = float(d.std(ddof=1)), len(d)
    half = float(student.ppf(1.0 - LEVEL / 2.0, n - 1)) * spread / np.sqrt(n)
    mean = float(d.mean())
    verdict, why = _judge(one["expected"], mean, mean - half, mean + half, margin, float(p), float(same))
    power = power_of(spread, n, margin, one["expected"])
    return Verdict(*about, mean, mean - half, mean + half, float(p), float(same), power, verdict, why)
