"""compare_page - comparisons as one HTML file: tables, and distribution functions of both sides over each other."""

from __future__ import annotations

from . import plots
from .compare_text import difference_text, how_text, number, percent_text, side_text, widest
from .compared import SHARES, Comparison, Spread
from .page import Markup, Page, figure, fold, items, join, paragraph, swatch, table, tag
from .sides import settings_that_differ
from .style import arm_colour

CDF_WORDS = """Quantiles from 0.5 to 99.5 %, averaged over seeds; faint lines: each seed, where they are few. KS:
Kolmogorov and Smirnov's distance, the greatest vertical gap between the two functions of all values."""


def _curves(made: Comparison, spread: Spread) -> list[plots.Curve]:
    sides = (made.pair.a, made.pair.b)
    return [plots.Curve(side.label, list(side.samples(spread.kind.of).values())) for side in sides]


def _cdfs(made: Comparison, name: str) -> Markup:
    panels = [
        plots.Panel(f"{one.kind.label}: KS {one.distance.ks:.2f}", _curves(made, one), one.kind.unit)
        for one in made.spreads
    ]
    return figure(f"fig-{name}", plots.cdf_panels(name, "Distributions of both sides", panels), CDF_WORDS)


def _heads(made: Comparison) -> list[Markup]:
    return [join([swatch(arm_colour(i)), side.label]) for i, side in enumerate((made.pair.a, made.pair.b))]


def _spreads(made: Comparison) -> Markup:
    rows = []
    for one in made.spreads:
        for share, a, b, got in zip(SHARES, one.a, one.b, one.differences, strict=True):
            words = f"{one.kind.label}, {'median' if share == 0.5 else f'{100 * share:.0f} % quantile'}"
            is_middle = share == 0.5
            rows.append([
                words, one.kind.unit, number(a), number(b), difference_text(got), percent_text(got),
                f"{one.distance.ks:.3f}" if is_middle else "", f"{one.distance.ks_by_chance:.3f}" if is_middle else "",
                number(one.distance.wasserstein) if is_middle else "",
            ])
    heads = ["quantity", "unit", *_heads(made), "difference", "%", "KS", "by chance", "Wasserstein"]
    return table(heads, rows, 2, f"Difference: the second less the first; {how_text(made)}.")


def _singles(made: Comparison) -> Markup:
    rows = [
        [one.label, one.unit, number(one.a.mean), number(one.b.mean), difference_text(one.difference),
         percent_text(one.difference)]
        for one in made.singles
    ]
    return table(["quantity", "unit", *_heads(made), "difference", "%"], rows, 2)


def _settings(made: Comparison) -> Markup:
    differing = settings_that_differ(made.pair)
    if not differing:
        return paragraph("Both are of one scenario.")
    return fold(f"Settings that differ: {len(differing)}", table(["setting", *_heads(made)], differing))


def _add(page: Page, made: Comparison, number_of: int) -> None:
    title = f"{made.pair.a.label} and {made.pair.b.label}"
    sides = items([side_text(made.pair.a), side_text(made.pair.b)])
    parts = [sides, _settings(made)]
    if made.spreads:
        parts += [tag("h3", "Where they differ most"), items(widest(made)), _cdfs(made, f"cdf-{number_of}")]
        parts += [tag("h3", "Quartiles and distances"), _spreads(made)]
    if made.singles:
        parts.append(fold("What a run has one value of", _singles(made)))
    page.add(f"comparison-{number_of}", title, *parts)


def page_of(made: list[Comparison]) -> str:
    """Return the whole document; text is escaped in page.py."""
    page = Page("Two results side by side", "loom compare")
    for i, one in enumerate(made, 1):
        _add(page, one, i)
    return page.html()
