"""calibrate_report - one HTML file about a calibration: measured against predicted, prices, bills of a cell."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy
from loom_analysis import style
from loom_analysis.page import Markup, Page, figure, items, join, paragraph, table, tag
from loom_analysis.svg import svg_of

from .calibrate_fit import LeftOut
from .calibrate_law import CELL_COLD, CIRCUIT_COLD, EDGE_COLD, Observation

if TYPE_CHECKING:
    from .calibrate import Calibration

STAGES: Mapping[str, tuple[str, ...]] = {
    "cells": ("cells_received", "cells_sent", "copy_bytes"),
    "circuits and cipher": ("aes_bytes", "crypt_runs", "circuit_switches", "digest_bytes", "cgo_bytes", "cgo_updates"),
    "cold circuits": (CIRCUIT_COLD,),
    "cold cells": (CELL_COLD, EDGE_COLD),
    "scheduler": ("scheduler_runs", "scheduler_picks", "tcp_info_reads"),
    "records": ("tls_records_read", "tls_records_written", "tls_aes256_bytes", "tls_aes128_bytes", "tls_chacha_bytes"),
    "sockets": ("reads", "writes", "tls_bytes_read", "tls_bytes_written"),
    "exit streams": ("edge_reads", "edge_writes", "edge_bytes_in", "edge_bytes_out"),
    "threads": ("cells_crossed", "mailbox_flushes", "wakes", "controls_posted"),
    "loop": ("loop_turns", "loop_sleeps"),
}
REST = "rest"
LITTLE = 0.05  # of the largest price a cell: prices below are left out of the picture


def page(done: Calibration) -> str:
    """Return the report."""
    made = Page(f"Loom calibrated: {done.machine.name}", done.machine.text)
    made.add("summary", "In short", _summary(done))
    made.add("predicted", "Predicted against measured", *_predicted(done))
    made.add("loads", "Error by load", *_by_load(done))
    made.add("bills", "Where a cell's time goes", *_bills(done))
    made.add("prices", "Prices", *_prices(done))
    made.add("yardstick", "The yardstick", *_yardstick(done))
    made.add("primitives", "The pieces by themselves", _primitives(done))
    return made.html()


def _summary(done: Calibration) -> Markup:
    fit = done.fit
    lines = [
        f"Prices are {done.how}; {done.seconds:.0f} s.",
        f"Were nothing ever cold: median {done.error_without_cold:.1%}. Runs of one load differ from their mean by"
        f" {fit.repeatability:.1%} (median).",
        f"Hot stay the keys of {done.hot.halves} active halves (nearly as well: {_span(done.hot.halves_range)}) and the"
        f" waiting cells of {done.hot.queues} ({_span(done.hot.queues_range)}).",
    ]
    return join([items(lines), tag("h3", "Not done"), items(done.limits)])


def _span(ends: tuple[int, int]) -> str:
    return f"{ends[0]} to {ends[1]}"


def _predicted(done: Calibration) -> list[Markup]:
    shown = [("left out", done.fit.left_out), ("fitted", done.fit.residuals)]
    most = max(max(one.measured, one.predicted) for _, group in shown for one in group) * 1.05
    with style.figure(columns=2, height=4.4) as (fig, axes):
        for place, (name, group) in zip(axes, shown, strict=True):
            place.plot([0, most], [0, most], color=style.FAINT, linewidth=1)
            place.fill_between([0, most], [0, 0.9 * most], [0, 1.1 * most], color=style.FAINT, alpha=0.12, linewidth=0)
            measured, predicted = [one.measured for one in group], [one.predicted for one in group]
            place.plot(measured, predicted, "o", color=style.COLOURS[0], markersize=5, markeredgecolor="white")
            place.set(xlim=(0, most), ylim=(0, most), xlabel="measured, ns a cell", ylabel="predicted, ns a cell",
                      title=f"loads {name}")  # fmt: skip
        text = "CPU time of a cell: measured against predicted"
        drawn = svg_of(fig, "predicted", text)
    words = "A dot is a run. Left: by prices fitted without the load. Grey: 10 % off."
    return [figure("fig-predicted", drawn, words)]


def _by_load(done: Calibration) -> list[Markup]:
    groups: dict[str, list[LeftOut]] = {}
    for one in done.fit.left_out or done.fit.residuals:
        groups.setdefault(one.load, []).append(one)
    with style.figure(height=0.8 + 0.24 * len(groups)) as (fig, (axes,)):
        for row, group in enumerate(groups.values()):
            axes.plot([100 * one.error for one in group], [row] * len(group), "o", color=style.COLOURS[0], alpha=0.6)
        axes.axvline(0, color=style.INK, linewidth=1)
        axes.axvspan(-10, 10, color=style.FAINT, alpha=0.12, linewidth=0)
        axes.set_yticks(range(len(groups)), list(groups), fontsize="small")
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.set_xlabel("% that the prediction is above the measurement, the load left out")
        drawn = svg_of(fig, "residuals", "Errors of left-out loads")
    return [figure("fig-residuals", drawn, "Each dot is a run.")]


def bill(done: Calibration, one: Observation) -> dict[str, float]:
    """Return nanoseconds of a cell by stage; their sum is the prediction."""
    run = one.run(done.hot.halves, done.hot.queues)
    cost = {name: amount * done.fit.prices[name].price / run.units for name, amount in run.work.items()}
    stages = {stage: sum(cost.pop(name, 0.0) for name in names) for stage, names in STAGES.items()}
    return stages | {REST: sum(cost.values())}


def _bills(done: Calibration) -> list[Markup]:
    """Show the bill of a hot cell, of a cold one, and of the dearest."""
    seen = sorted(done.observations, key=lambda one: one.halves_active)
    chosen = {
        "fewest circuits": seen[0],
        "most circuits": seen[-1],
        "dearest cell": max(seen, key=lambda one: one.cpu_ns / one.cells),
    }
    bills = {f"{name}\n{one.cpu_ns / one.cells:.0f} measured": bill(done, one) for name, one in chosen.items()}
    stages = [*STAGES, REST]
    with style.figure(height=2.9) as (fig, (axes,)):
        left = numpy.zeros(len(bills))
        for index, stage in enumerate(stages):
            widths = numpy.array([one[stage] for one in bills.values()])
            hatch = "" if index < len(style.COLOURS) else "///"
            axes.barh(list(bills), widths, left=left, label=stage, color=style.arm_colour(index), hatch=hatch,
                      edgecolor="white")  # fmt: skip
            left += widths
        axes.invert_yaxis()
        axes.set_xlabel("predicted, ns of CPU for a cell")
        style.legend_above(fig, axes, columns=5)
        drawn = svg_of(fig, "bills", "Where a cell's time goes")
    rows = [[stage, *(f"{one[stage]:.0f}" for one in bills.values())] for stage in stages]
    rows.append(["a cell", *(f"{sum(one.values()):.0f}" for one in bills.values())])
    loads = items(
        [f"{name}: {one.load}, {one.halves_active:.0f} active halves" for name, one in chosen.items()]
    )
    return [figure("fig-bills", drawn, "Three of the measured runs."), loads, table(["stage, ns", *chosen], rows, 1)]


def _prices(done: Calibration) -> list[Markup]:
    fitted = [name for name, one in done.fit.prices.items() if one.is_fitted and one.most > 0]
    shown = [name for name in fitted if done.beliefs[name].prior.price > 0 and done.fit.prices[name].price > 0]
    with style.figure(height=0.9 + 0.24 * len(shown)) as (fig, (axes,)):
        for row, name in enumerate(shown):
            one, prior = done.fit.prices[name], done.beliefs[name].prior
            ends = max(one.least / prior.price, 1e-2), one.most / prior.price
            axes.hlines(row, *ends, color=style.COLOURS[0], linewidth=2.2)
            axes.plot([one.price / prior.price], [row], "o", color=style.COLOURS[0], markersize=6)
        axes.axvline(1, color=style.INK, linewidth=1)
        axes.set_xscale("log")
        axes.set_xlim(1e-2, None)
        style.log_axis(axes.xaxis, *axes.get_xlim())
        axes.set_yticks(range(len(shown)), shown, fontsize="small")
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlabel("fitted price by that of its piece, with its interval")
        drawn = svg_of(fig, "prices", "Prices by their pieces")
    rows = [
        [html.unescape(name), _ns(one.price), _ns(one.least), _ns(one.most), "runs" if one.is_fitted else "piece",
         _ns(done.beliefs[name].prior.price), _ns(done.beliefs[name].prior.deviation), done.beliefs[name].words]
        for name, one in done.fit.prices.items()
    ]  # fmt: skip
    heads = ["work", "ns", "least", "most", "by", "piece, ns", "+-", "from"]
    words = "Interval: the middle 90 % of fits to loads drawn anew and pieces moved within their deviation."
    return [figure("fig-prices", drawn, words), table(heads, rows)]


def _yardstick(done: Calibration) -> list[Markup]:
    slow = [done.native.slowness(run) for run in done.native.runs]
    with style.figure(columns=2, height=2.8) as (fig, (course, scatter)):
        course.plot(range(1, len(slow) + 1), slow, "o-", color=style.COLOURS[0], markersize=4)
        course.axhline(1, color=style.FAINT, linewidth=1)
        course.set(xlabel="run", ylabel="time of the yardstick, 1 is usual", title="integers and AES beside the relay")
        memory = [run.memory_ns / 1e3 for run in done.native.runs]
        scatter.plot(memory, [run.result.ns_per_cell for run in done.native.runs], "o", color=style.COLOURS[1])
        scatter.set(xlabel="the yardstick's memory, us", ylabel="ns a cell", title="its memory, and what cells cost")
        drawn = svg_of(fig, "yardstick", "The yardstick beside native runs")
    alone = done.primitives.yardstick
    words = (
        f"Between primitives: best {_us(alone, 'best_ns')}, median {_us(alone, 'median_ns')}, nine in ten below"
        f" {_us(alone, 'worst_ns')}. CPU times of native runs are divided by the left picture's value."
    )
    return [figure("fig-yardstick", drawn, words)]


def _us(found: Mapping[str, object], key: str) -> str:
    value = found.get(key)
    return f"{value / 1e3:.0f} us" if isinstance(value, int | float) else "unknown"


def _primitives(done: Calibration) -> Markup:
    rows = [
        [one.label, one.unit, *([_ns(one.ns), _ns(one.least), f"{one.spread:.0%}", _ns(one.raw_ns), str(one.batches)]
                                if not one.missing else ["", "", "", "", one.missing])]
        for one in done.primitives.all
    ]  # fmt: skip
    heads = ["piece", "unit", "ns", "least", "spread", "as measured", "batches"]
    words = "Median over batches, each divided by the yardstick around it over its best; spread: of the quartiles."
    return join([paragraph(words, class_="lead"), table(heads, rows, 2)])


def _ns(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
