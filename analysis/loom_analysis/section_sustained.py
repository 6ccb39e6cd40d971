"""section_sustained - one relay in the middle: what it sustains by architecture and threads; how long files took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import plots
from .model import Results
from .page import Markup, figure, join, paragraph, table, tag
from .quantities import size_label
from .style import arm_colour, arm_dashes, legend_above
from .style import figure as new_figure
from .svg import svg_of

KEY = "sustained"
SHOWN_THREADS = (1, 2, 4)  # with vanilla, of two architectures: as many curves as there are colours
COUNTED = """Bytes of cells that the relay received and sent on its links, added; the greatest mean over {window} s
that begins {skip} s or more after the streams. Dots: means over {seeds} seeds; bars: from their least to their most,
as in the publication. CPU prices: {prices}."""
DEPARTURE = """A departure from the published experiment: in the arms of this figure streams go on after their file
until {goes_on} s have passed, so that something lasts when {skip} s are left out and {window} s averaged."""
SIZES = """Uploads of {size} that end with their file, as published; all streams begin together. Times are those of the
server."""


@dataclass(frozen=True)
class Line:
    """Values of seeds by the number of connection threads."""

    label: str
    values: dict[int, list[float]]


def is_wanted(results: Results) -> bool:
    return bool(results.scenario.get("outputs", {}).get("sustained"))


def _label(arm: dict) -> str:
    prices = "tor's" if arm["prices"] == "tor" else "Loom's"
    return f"{arm['architecture']}, {prices} prices"


def _lines(results: Results) -> list[Line]:
    lines: dict[str, Line] = {}
    for arm in results.scenario["arms"]:
        values = [run.values[KEY] for run in results.of(arm["name"]) if KEY in run.values]
        if not arm.get("relays") or not arm.get("goes_on", True) or not values:
            continue
        line = lines.setdefault(_label(arm), Line(_label(arm), {}))
        line.values[0 if arm["architecture"] == "vanilla" else arm["threads"]] = values
    return list(lines.values())


def draw_by_threads(name: str, title: str, lines: Sequence[Line], unit: str) -> str:
    """Draw means by threads, joined, with bars from the least to the most; one with a single value goes all across."""
    with new_figure(height=3.8) as (fig, (axes,)):
        for index, line in enumerate(lines):
            threads = sorted(line.values)
            means = [float(np.mean(line.values[n])) for n in threads]
            below = [mean - min(line.values[n]) for mean, n in zip(means, threads, strict=True)]
            above = [max(line.values[n]) - mean for mean, n in zip(means, threads, strict=True)]
            colour, dashes = arm_colour(index), arm_dashes(index)
            if len(threads) == 1:
                axes.axhline(means[0], color=colour, linestyle=dashes, linewidth=1.1)
            axes.errorbar(
                threads, means, [below, above], fmt="o", linestyle=dashes, color=colour, capsize=3, label=line.label
            )
        axes.set_ylim(bottom=0.0)
        axes.set_xlabel("connection threads")
        axes.set_ylabel(unit)
        axes.xaxis.get_major_locator().set_params(integer=True)
        legend_above(fig, axes)
        return svg_of(fig, name, title)


def _rows(lines: Sequence[Line]) -> list[list[str]]:
    def cell(values: list[float] | None) -> str:
        if not values:
            return ""
        mean = f"{np.mean(values):.1f}"
        return mean if len(values) == 1 else f"{mean} ({min(values):.1f} to {max(values):.1f})"

    threads = sorted({n for line in lines for n in line.values})
    return [[line.label, *(cell(line.values.get(n)) for n in threads)] for line in lines]


def _goes_on_s(results: Results) -> int:
    return max(one.get("goes_on_s", 0) for one in results.scenario["traffic"]["clients"])


def _ends_with_file(results: Results) -> list[str]:
    """Return the arms whose times are shown: those that say so or, when all are so, few enough to tell apart."""
    arms = results.scenario["arms"]
    if _goes_on_s(results):
        return [arm["name"] for arm in arms if not arm.get("goes_on", True)]
    published = [arm for arm in arms if arm["prices"] == "tor" and results.of(arm["name"])]
    return [arm["name"] for arm in published if arm["architecture"] == "vanilla" or arm["threads"] in SHOWN_THREADS]


def _times(results: Results, name: str, attribute: str, title: str) -> Markup:
    arms = _ends_with_file(results)
    panels = [
        plots.Panel(size_label(size), [
            plots.Curve(arm, [getattr(run, attribute).get(size, np.array([])) for run in results.of(arm)])
            for arm in arms if results.of(arm)
        ])
        for size in results.sizes
    ]  # fmt: skip
    if not any(len(seed) for panel in panels for curve in panel.curves for seed in curve.seeds):
        return paragraph(f"{title}: no upload that ends with its file is in these results.")
    words = SIZES.format(size=", ".join(size_label(size) for size in results.sizes))
    return join([tag("h3", title), figure(f"fig-{name}", plots.cdf_panels(name, title, panels), words)])


def sustained(results: Results) -> Markup:
    lines = _lines(results)
    if not lines:
        return paragraph("No arm of these results has a sustained throughput.")
    outputs = results.scenario["outputs"]
    words = COUNTED.format(
        window=outputs["sustained_window_s"], skip=outputs["sustained_skip_s"], seeds=len(results.seeds),
        prices=results.prices)  # fmt: skip
    departure = "" if not _goes_on_s(results) else DEPARTURE.format(
        goes_on=_goes_on_s(results), skip=outputs["sustained_skip_s"],
        window=outputs["sustained_window_s"])  # fmt: skip
    title = f"Maximum sustained throughput of the {outputs['sustained']}, Mbit/s"
    threads = sorted({n for line in lines for n in line.values})
    heads = ["Mbit/s by connection threads", *(str(n) for n in threads)]
    return join(
        [
            tag("h3", title),
            figure("fig-sustained", draw_by_threads("sustained", title, lines, "Mbit/s"), f"{words} {departure}"),
            table(heads, _rows(lines), 1),
            _times(results, "sizes-first-byte", "first_byte", "Time to first byte at the published sizes"),
            _times(results, "sizes-last-byte", "last_byte", "Time to last byte at the published sizes"),
        ]
    )
