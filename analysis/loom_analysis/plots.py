"""plots - each kind of plot in the report, from plain arrays to SVG. What an arm's name means is the caller's.

Arms come in the order of their colours. Curves over seeds are means with 95 % intervals of the mean, drawn as bands
when there are seeds enough; few seeds are drawn themselves, as faint lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter

from .statistics import Paired, mean_curve, quantiles
from .style import FAINT, INK, arm_colour, arm_dashes, figure, legend_above, log_axis, plain_number
from .svg import svg_of

CDF_SHARES = np.linspace(0.005, 0.995, 199)  # the ends would show single samples
LOG_RATIO = 40.0  # a wider spread of values gets a logarithmic axis
COLUMNS = 3
SEEDS_FOR_BANDS = 5  # of fewer the interval is so wide that a band would hide the curves
_DAB = 0.16  # vertical distance of arms in a row of differences


@dataclass(frozen=True)
class Curve:
    """Samples of an arm, one array a seed."""

    arm: str
    seeds: Sequence[np.ndarray]


@dataclass(frozen=True)
class Panel:
    title: str
    curves: Sequence[Curve]
    unit: str = "seconds"


def _seed_quantiles(curve: Curve) -> list[np.ndarray]:
    return [quantiles(samples, CDF_SHARES) for samples in curve.seeds if len(samples)]


def _draw_spread(axes: Axes, seeds: list[np.ndarray], colour: str, floor: float) -> None:
    """Draw how seeds differ: an interval of their mean, or each of a few."""
    if len(seeds) >= SEEDS_FOR_BANDS:
        _, low, high = mean_curve(seeds)
        axes.fill_betweenx(CDF_SHARES, np.maximum(low, floor), high, color=colour, alpha=0.16, linewidth=0)
    elif len(seeds) > 1:
        for one in seeds:
            axes.plot(one, CDF_SHARES, color=colour, linewidth=0.9, alpha=0.4)


def _draw_cdf(axes: Axes, panel: Panel) -> None:
    made = [(index, curve.arm, seeds) for index, curve in enumerate(panel.curves) if (seeds := _seed_quantiles(curve))]
    axes.set_title(panel.title)
    axes.set_xlabel(panel.unit)
    axes.set_ylim(0.0, 1.0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    if not made:
        axes.text(0.5, 0.5, "no samples", ha="center", va="center", color=FAINT, transform=axes.transAxes)
        return
    low = min(float(one[0]) for _, _, seeds in made for one in seeds)
    high = max(float(one[-1]) for _, _, seeds in made for one in seeds)
    is_log = low > 0 and high / low > LOG_RATIO
    if is_log:
        axes.set_xscale("log")
        log_axis(axes.xaxis, low, high)
    for index, arm, seeds in made:
        _draw_spread(axes, seeds, arm_colour(index), low / 10.0 if is_log else 0.0)
        mean = mean_curve(seeds)[0]
        axes.plot(mean, CDF_SHARES, color=arm_colour(index), linestyle=arm_dashes(index), label=arm)
    axes.set_xlim(low / 1.1 if is_log else 0.0, high * 1.04)


def cdf_panels(name: str, title: str, panels: Sequence[Panel]) -> str:
    """Draw cumulative distributions side by side; quantiles are averaged over seeds."""
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    with figure(rows, columns, height=0.5 + 2.9 * rows, sharey=True) as (fig, axes):
        for one, panel in zip(axes, panels, strict=False):
            _draw_cdf(one, panel)
        for unused in axes[len(panels) :]:
            unused.set_visible(False)
        for first in axes[::columns]:
            first.set_ylabel("share of samples")
        legend_above(fig, max(axes[: len(panels)], key=lambda one: len(one.get_lines())))
        return svg_of(fig, name, title)


@dataclass(frozen=True)
class Series:
    """An arm's value over time, one array a seed, all at the same times."""

    arm: str
    times: np.ndarray
    seeds: Sequence[np.ndarray]


def time_series(name: str, title: str, series: Sequence[Series], unit: str, target: float | None = None) -> str:
    """Draw means over seeds in time, and from the least to the most of all seeds as a band."""
    with figure(height=3.1) as (fig, (axes,)):
        for index, one in enumerate(series):
            stacked = np.vstack(one.seeds)
            colour = arm_colour(index)
            axes.plot(one.times, stacked.mean(axis=0), color=colour, linestyle=arm_dashes(index), label=one.arm)
            axes.fill_between(
                one.times, stacked.min(axis=0), stacked.max(axis=0), color=colour, alpha=0.14, linewidth=0
            )
        if target is not None:
            axes.axhline(target, color=FAINT, linewidth=1.1, linestyle=(0, (4, 3)), label="asked for")
        start = min(float(one.times[0]) for one in series)
        end = max(float(one.times[-1]) for one in series)
        axes.set_xlim(start, end)
        axes.set_ylim(bottom=0.0)
        axes.set_xlabel("simulated time, s")
        axes.set_ylabel(unit)
        legend_above(fig, axes)
        return svg_of(fig, name, title)


@dataclass(frozen=True)
class Spread:
    """Values of an arm in a group, of all seeds together."""

    arm: str
    values: np.ndarray


def spreads(name: str, title: str, groups: Sequence[tuple[str, Sequence[Spread]]], unit: str) -> str:
    """Draw per group and arm: median as a dot, the middle half as a thick bar, from 5 to 95 % as a thin one."""
    arms = max(len(members) for _, members in groups)
    with figure(height=3.3) as (fig, (axes,)):
        for place, (_, members) in enumerate(groups):
            for index, spread in enumerate(members):
                if not len(spread.values):
                    continue
                x = place + (index - (arms - 1) / 2) * min(0.22, 0.7 / arms)
                p5, p25, p50, p75, p95 = quantiles(spread.values, np.array([0.05, 0.25, 0.5, 0.75, 0.95]))
                colour = arm_colour(index)
                axes.vlines(x, p5, p95, color=colour, linewidth=1.6)
                axes.vlines(x, p25, p75, color=colour, linewidth=7, alpha=0.45)
                axes.plot(
                    [x],
                    [p50],
                    "o",
                    color=colour,
                    markersize=7,
                    markeredgecolor="white",
                    label=spread.arm if place == 0 else None,
                )
        axes.set_xticks(range(len(groups)), [f"{label}" for label, _ in groups])
        axes.set_xlim(-0.6, len(groups) - 0.4)
        axes.set_ylim(bottom=0.0)
        axes.grid(visible=False, axis="x")
        axes.set_ylabel(unit)
        legend_above(fig, axes)
        return svg_of(fig, name, title)


@dataclass(frozen=True)
class Histogram:
    """Counts of an arm by bins; edges has one more."""

    arm: str
    edges: np.ndarray
    counts: np.ndarray


def exceedance(
    name: str, title: str, groups: Sequence[tuple[str, Sequence[Histogram]]], unit: str, least_share: float = 1e-5
) -> str:
    """Draw per group the share of events above each value, both axes logarithmic; exact at the edges of the bins."""
    columns = min(COLUMNS, len(groups))
    rows = -(-len(groups) // columns)
    shown = [edge for _, members in groups for one in members for edge in _edges_shown(one, least_share)]
    low, high = (min(shown), max(shown)) if shown else (1.0, 10.0)
    with figure(rows, columns, height=0.5 + 2.9 * rows, sharey=True) as (fig, axes):
        for one, (label, members) in zip(axes, groups, strict=False):
            _draw_exceedance(one, members)
            one.set_title(label)
            one.set_xlabel(unit)
            one.set_xscale("log")
            one.set_yscale("log")
            one.set_ylim(least_share, 1.3)
            one.set_xlim(low, high)
            log_axis(one.xaxis, low, high)
            log_axis(one.yaxis, least_share, 1.0)
            one.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{plain_number(100 * value)} %"))
        for unused in axes[len(groups) :]:
            unused.set_visible(False)
        for first in axes[::columns]:
            first.set_ylabel("share that waited longer")
        legend_above(fig, axes[0])
        return svg_of(fig, name, title)


def _edges_shown(histogram: Histogram, least_share: float) -> list[float]:
    total = histogram.counts.sum()
    if not total:
        return []
    above = 1.0 - np.cumsum(histogram.counts) / total
    used = (above < 0.97 * above[0]) & (above >= least_share)  # from where the curve begins to fall
    return [float(edge) for edge in histogram.edges[1:][used]]


def _draw_exceedance(axes: Axes, members: Sequence[Histogram]) -> None:
    for index, one in enumerate(members):
        total = one.counts.sum()
        if total:
            above = np.clip(1.0 - np.cumsum(one.counts) / total, 1e-12, None)
            axes.plot(one.edges[1:], above, color=arm_colour(index), linestyle=arm_dashes(index), label=one.arm)


def _differences_shown(rows: Sequence[tuple[str, Sequence[tuple[int, str, Paired | None]]]]) -> tuple[float, float]:
    """Return what to show in per cent: all means, and intervals as far as they do not push the others together."""
    got = [pair.relative for _, members in rows for _, _, pair in members if pair and pair.relative]
    means = [100 * one.mean for one in got] or [0.0]
    reach = 1.5 * max(10.0, max(means) - min(min(means), 0.0))
    low = max(min(100 * one.low for one in got), min(*means, 0.0) - reach / 2) if got else -reach
    high = min(max(100 * one.high for one in got), max(*means, 0.0) + reach / 2) if got else reach
    margin = 0.04 * max(high - low, 1.0)
    return min(low, 0.0) - margin, max(high, 0.0) + margin


def differences(
    name: str, title: str, rows: Sequence[tuple[str, Sequence[tuple[int, str, Paired | None]]]], unit: str
) -> str:
    """Draw relative differences with intervals: filled where the interval leaves out zero, hollow where it does not.

    An interval that is cut at the border of the plot ends in an arrow.
    """
    most = max((len(members) for _, members in rows), default=1)
    least_shown, most_shown = _differences_shown(rows)
    with figure(height=0.9 + len(rows) * (0.24 + _DAB * most)) as (fig, (axes,)):
        axes.axvline(0.0, color=INK, linewidth=1.0)
        named: set[str] = set()
        for place, (_, members) in enumerate(rows):
            for slot, (index, arm, pair) in enumerate(members):
                if pair is None or pair.relative is None:
                    continue
                y = place + (slot - (len(members) - 1) / 2) * min(0.3, 0.7 / most)
                got, colour = pair.relative, arm_colour(index)
                axes.hlines(
                    y, max(100 * got.low, least_shown), min(100 * got.high, most_shown), color=colour, linewidth=2.2
                )
                for is_cut, edge, mark in (
                    (100 * got.low < least_shown, least_shown, "<"),
                    (100 * got.high > most_shown, most_shown, ">"),
                ):
                    if is_cut:
                        axes.plot([edge], [y], marker=mark, color=colour, markersize=6, clip_on=False)
                axes.plot(
                    [100 * got.mean],
                    [y],
                    "o",
                    markersize=7,
                    markeredgecolor=colour,
                    markeredgewidth=1.6,
                    color=colour if got.excludes_zero else "white",
                    label=None if arm in named else arm,
                )
                named.add(arm)
        axes.set_yticks(range(len(rows)), [label for label, _ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(least_shown, most_shown)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(unit)
        legend_above(fig, axes)
        return svg_of(fig, name, title)
