"""sections - the report's parts about clients and load: each takes the results and gives markup."""

from __future__ import annotations

import numpy as np

from . import plots
from .cells import arm_heads, band_words, estimate_cell, number
from .model import ALL_CLASSES, Results
from .page import Markup, figure, join, paragraph, table, tag
from .quantities import Quantity, find, size_label

FIRST_WORDS = """From asking for the stream to the first byte of the file, of transfers that were finished, as
tornettools count; numbers in tables count all that came to a first byte."""
GOODPUT_WORDS = "Goodput of files of 1 MiB and more, from first to last byte; numbers in tables are of all sizes."
LAST_WORDS = "From asking for the stream; of transfers that were finished: failures are counted below."
TIMES = (
    ("first-byte", "first_byte", "Time to first byte", FIRST_WORDS),
    ("last-byte", "last_byte", "Time to last byte", LAST_WORDS),
)
WRITTEN_WORDS = """What all relays together wrote in each measured second, links and exit streams: mean over seeds, and
from the least to the most of them. A byte is counted at each relay that it passes."""


def tiles(results: Results, made: list[Quantity]) -> Markup:
    """Show the few numbers that everybody looks for first."""
    keys = ["written", f"bound.{ALL_CLASSES}", "goodput"]
    if results.sizes:
        keys += [f"first_byte.{min(results.sizes)}.0.5", f"last_byte.{max(results.sizes)}.0.5"]
    out = []
    for one in (one for key in (*keys, "failed") if (one := find(made, key))):
        lines = [tag("div", f"{one.label}, {one.unit}", class_="what")]
        for head, arm in zip(arm_heads(results), results.arms, strict=True):
            value = estimate_cell(one.estimate(results, arm), min(one.digits, 2))
            lines.append(tag("div", tag("span", head), tag("b", value), class_="line"))
        out.append(tag("div", *lines, class_="tile"))
    return tag("div", *out, class_="tiles")


def _curves(results: Results, samples) -> list[plots.Curve]:
    return [plots.Curve(arm, [samples(run) for run in results.of(arm)]) for arm in results.arms]


def _times(results: Results, name: str, attribute: str, title: str, note: str) -> Markup:
    def of_size(size: int) -> list[plots.Curve]:
        return _curves(results, lambda run: getattr(run, attribute).get(size, np.array([])))

    svg = plots.cdf_panels(name, title, [plots.Panel(size_label(size), of_size(size)) for size in results.sizes])
    samples = sum(len(one) for run in results.all_runs() for one in getattr(run, attribute).values())
    words = f"{note} Quantiles from 0.5 to 99.5 %, averaged over seeds; {samples:,} transfers in all."
    head = tag("h3", f"{title}, by size of the file")
    return join([head, figure(f"fig-{name}", svg, f"{words} {band_words(results)}")])


def transfers(results: Results) -> Markup:
    if not results.sizes:
        return join([paragraph("No transfer was measured."), outcomes(results)])
    panels = [
        plots.Panel("Goodput", _curves(results, lambda run: run.goodput_mbit), "Mbit/s"),
        plots.Panel("Building a circuit", _curves(results, lambda run: run.build_s)),
    ]
    svg = plots.cdf_panels("goodput", "Goodput and circuit build time", panels)
    words = f"{GOODPUT_WORDS} {band_words(results)}"
    return join(
        [
            *(_times(results, *one) for one in TIMES),
            tag("h3", "Goodput and circuits"),
            figure("fig-goodput", svg, words),
            tag("h3", "How transfers ended"),
            outcomes(results),
        ]
    )


def outcomes(results: Results) -> Markup:
    names = {name for run in results.all_runs() for name in run.outcomes}
    rows = []
    for name in sorted(names, key=lambda one: (one != "done", one)):
        counts = (sum(run.outcomes.get(name, 0) for run in results.of(arm)) for arm in results.arms)
        rows.append([name, *(number(count, 0) for count in counts)])
    return table(["outcome, transfers of all seeds", *arm_heads(results)], rows, 1)


def load(results: Results) -> Markup:
    series = []
    for arm in results.arms:
        runs = [run for run in results.of(arm) if len(run.written_times)]
        shared = min((len(run.written_times) for run in runs), default=0)
        if shared:
            seeds = [run.written_gbit[:shared] for run in runs]
            series.append(plots.Series(arm, runs[0].written_times[:shared], seeds))
    if not series:
        return paragraph("No series of bytes written.")
    target = results.scenario.get("traffic", {}).get("load", {}).get("written_mbit", 0) / 1e3
    svg = plots.time_series("written", "Written by all relays together", series, "Gbit/s", target=target or None)
    return figure("fig-written", svg, WRITTEN_WORDS)
