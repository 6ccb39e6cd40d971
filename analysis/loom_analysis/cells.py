"""cells - numbers, estimates and arms as tables write them."""

from __future__ import annotations

from .model import ALL_CLASSES, Results
from .page import Markup, join, swatch, tag
from .plots import SEEDS_FOR_BANDS
from .statistics import Estimate
from .style import arm_colour

DASH = "\N{EN DASH}"


def number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def estimate_cell(got: Estimate | None, digits: int, sign: bool = False) -> Markup:
    """Write "1.234 ± 0.056", without the last when there is no interval."""
    if got is None:
        return Markup(DASH)
    plus = "+" if sign and got.mean > 0 else ""
    half = tag("span", f" ± {number(got.half, digits)}", class_="pm") if got.half is not None else Markup("")
    return join([plus + number(got.mean, digits), half])


def percent_cell(got: Estimate | None) -> Markup:
    """Write a share as per cent, with its sign."""
    if got is None:
        return Markup(DASH)
    half = None if got.half is None else 100 * got.half
    return estimate_cell(Estimate(100 * got.mean, half, got.n), 1, sign=True)


def arm_heads(results: Results) -> list[Markup]:
    return [join([swatch(arm_colour(i)), arm]) for i, arm in enumerate(results.arms)]


def class_names(results: Results) -> list[str]:
    """Return what tables by hardware class have rows for."""
    return [ALL_CLASSES, *results.classes] if len(results.classes) > 1 else [ALL_CLASSES]


def class_label(results: Results, name: str) -> str:
    return f"{name} ({int(results.all_runs()[0].relays.of(name).sum())})"


def band_words(results: Results) -> str:
    if 1 < len(results.seeds) < SEEDS_FOR_BANDS:
        return "Faint lines: each seed; strong ones: their mean."
    if len(results.seeds) > 1:
        return "Bands are 95 % intervals of the mean over seeds (Student's t)."
    return "One seed: no interval can be given."
