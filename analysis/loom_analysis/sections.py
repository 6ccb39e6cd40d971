"""sections - the parts of the report with plots: each takes the results and gives markup."""

from __future__ import annotations

import numpy as np

from . import plots
from .model import ALL_CLASSES, Results, Run
from .page import Markup, figure, fold, join, paragraph, swatch, table, tag
from .quantities import LATE, Quantity, find, size_label
from .statistics import Estimate, Paired
from .style import arm_colour

BAND = "Bands are 95 % intervals of the mean over seeds (Student's t)."
NO_BAND = "One seed: no interval can be given."


def number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def estimate_cell(got: Estimate | None, digits: int, sign: bool = False) -> Markup:
    """Write "1.234 ± 0.056", without the last when there is no interval."""
    if got is None:
        return Markup("\N{EN DASH}")
    plus = "+" if sign and got.mean > 0 else ""
    half = tag("span", f" ± {number(got.half, digits)}", class_="pm") if got.half is not None else Markup("")
    return join([plus + number(got.mean, digits), half])


def band_words(results: Results) -> str:
    return BAND if len(results.seeds) > 1 else NO_BAND


def arm_heads(results: Results) -> list[Markup]:
    return [join([swatch(arm_colour(i)), arm]) for i, arm in enumerate(results.arms)]


def tiles(results: Results, made: list[Quantity]) -> Markup:
    """Show the few numbers that everybody looks for first."""
    size = max(results.sizes, default=0)
    keys = ["written", f"bound.{ALL_CLASSES}", "goodput"]
    keys += [f"first_byte.{min(results.sizes)}.0.5", f"last_byte.{size}.0.5"] if results.sizes else []
    keys.append("failed")
    out = []
    for one in (find(made, key) for key in keys):
        lines = [
            tag(
                "div",
                tag("span", head),
                tag("b", estimate_cell(one.estimate(results, arm), min(one.digits, 2))),
                class_="line",
            )
            for head, arm in zip(arm_heads(results), results.arms, strict=True)
        ]
        out.append(tag("div", tag("div", f"{one.label}, {one.unit}", class_="what"), *lines, class_="tile"))
    return tag("div", *out, class_="tiles")


def _size_panels(results: Results, attribute: str) -> list[plots.Panel]:
    return [
        plots.Panel(
            size_label(size),
            [
                plots.Curve(arm, [getattr(run, attribute).get(size, np.array([])) for run in results.of(arm)])
                for arm in results.arms
            ],
        )
        for size in results.sizes
    ]


def transfers(results: Results) -> Markup:
    samples = sum(len(one) for run in results.all_runs() for one in run.first_byte.values())
    words = (
        f"Quantiles from 0.5 to 99.5 %, averaged over {len(results.seeds)} seeds; {samples:,} transfers in all. "
        f"{band_words(results)}"
    )
    parts = []
    for name, attribute, title, note in (
        (
            "first-byte",
            "first_byte",
            "Time to first byte",
            "From asking for the stream to the first byte of the file.",
        ),
        (
            "last-byte",
            "last_byte",
            "Time to last byte",
            "Of transfers that were finished: failures are counted below.",
        ),
    ):
        svg = plots.cdf_panels(name, title, _size_panels(results, attribute))
        parts += [tag("h3", f"{title}, by size of the file"), figure(f"fig-{name}", svg, f"{note} {words}")]
    panels = [
        plots.Panel(
            "Goodput",
            [plots.Curve(arm, [run.goodput_mbit for run in results.of(arm)]) for arm in results.arms],
            "Mbit/s",
        ),
        plots.Panel(
            "Building a circuit",
            [plots.Curve(arm, [run.build_s for run in results.of(arm)]) for arm in results.arms],
        ),
    ]
    svg = plots.cdf_panels("goodput", "Goodput and circuit build time", panels)
    parts += [
        tag("h3", "Goodput and circuits"),
        figure("fig-goodput", svg, f"Goodput as tornettools count it (perfclient_goodput). {band_words(results)}"),
        tag("h3", "How transfers ended"),
        outcomes(results),
    ]
    return join(parts)


def outcomes(results: Results) -> Markup:
    names = sorted(
        {name for run in results.all_runs() for name in run.outcomes}, key=lambda name: (name != "done", name)
    )
    rows = [
        [name, *(number(sum(run.outcomes.get(name, 0) for run in results.of(arm)), 0) for arm in results.arms)]
        for name in names
    ]
    return table(["outcome, transfers of all seeds", *arm_heads(results)], rows, 1)


def load(results: Results) -> Markup:
    series = []
    for arm in results.arms:
        runs = [run for run in results.of(arm) if len(run.written_times)]
        shared = min((len(run.written_times) for run in runs), default=0)
        if shared:
            series.append(
                plots.Series(arm, runs[0].written_times[:shared], [run.written_gbit[:shared] for run in runs])
            )
    if not series:
        return paragraph("No series of bytes written.")
    target = results.scenario.get("traffic", {}).get("load", {}).get("written_mbit", 0) / 1e3
    svg = plots.time_series("written", "Written by all relays together", series, "Gbit/s", target=target or None)
    return figure(
        "fig-written",
        svg,
        "What all relays together wrote in each measured second, links and exit streams: mean "
        "over seeds, and from the least to the most of them. A byte is counted at each relay that it passes.",
    )


def _classes(results: Results) -> list[str]:
    return [ALL_CLASSES, *results.classes] if len(results.classes) > 1 else [ALL_CLASSES]


def _class_label(results: Results, name: str) -> str:
    run = results.all_runs()[0]
    return f"{name} ({int(run.relays.of(name).sum())})"


def _joined(runs: list[Run], name: str, attribute: str) -> np.ndarray:
    got = [getattr(run.relays, attribute)[run.relays.of(name)] for run in runs]
    return np.concatenate(got) if got else np.array([])


def processors(results: Results, made: list[Quantity]) -> Markup:
    busy = [
        (
            _class_label(results, name),
            [plots.Spread(arm, 100 * _joined(results.of(arm), name, "busiest")) for arm in results.arms],
        )
        for name in _classes(results)
    ]
    delays = [
        (
            _class_label(results, name),
            [
                plots.Histogram(
                    arm,
                    1e3 * runs[0].relays.delay_edges_s,
                    sum(run.relays.delays[run.relays.of(name)].sum(axis=0) for run in runs),
                )
                for arm in results.arms
                if (runs := results.of(arm))
            ],
        )
        for name in _classes(results)
    ]
    rows = []
    for name in _classes(results):
        for key, label in (
            ("busiest", "busiest thread, % of time"),
            ("bound", "CPU-bound, % of time"),
            ("delay", "queue delay, mean, ms"),
            ("late", f"queue delay of {100 * LATE:.0f} % at most, ms"),
        ):
            one = find(made, f"{key}.{name}")
            rows.append(
                [name, label, *(estimate_cell(one.estimate(results, arm), one.digits) for arm in results.arms)]
            )
    bound = results.scenario.get("outputs", {}).get("cpu_bound_percent", 95)
    return join(
        [
            tag("h3", "Use of the busiest thread, by hardware class"),
            figure(
                "fig-busiest",
                plots.spreads("busiest", "Use of the busiest thread", busy, "% of measured time"),
                "One value a relay and seed: how much of the time its busiest thread worked (CPU workers apart). "
                "Dot: median; "
                "thick: the middle half; thin: 5 to 95 %. In brackets, relays of the class.",
            ),
            tag("h3", "How long inputs wait for a thread, by hardware class"),
            figure(
                "fig-delay",
                plots.exceedance("delay", "Queue delay", delays, "milliseconds"),
                "Share of inputs (batches of cells, timers, messages between threads) that waited longer than so "
                "long until a "
                "thread began with them; both axes logarithmic. Exact at powers of two of a nanosecond, all seeds "
                "together.",
            ),
            table(
                ["class", "quantity", *arm_heads(results)],
                rows,
                2,
                f"Means over {len(results.seeds)} seeds ± half of the 95 % interval. A relay is CPU-bound in a "
                f"sample when its "
                f"busiest thread was busy for at least {bound} % of it; relays count equally.",
            ),
        ]
    )


def _members(results: Results, one: Quantity) -> list[tuple[int, str, Paired | None]]:
    return [(i, arm, one.paired(results, arm)) for i, arm in enumerate(results.arms) if i]


def differences(results: Results, made: list[Quantity]) -> Markup:
    """Compare each arm with the first, seed by seed."""
    first = results.arms[0]
    if len(results.arms) < 2:
        return paragraph("There is a single arm: nothing to compare.")
    parts = []
    for group, title in (("clients", "What clients see"), ("relays", "What relays see")):
        chosen = [one for one in made if one.group == group]
        rows = [(one.label, _members(results, one)) for one in chosen]
        drawn = [row for row in rows if any(pair and pair.relative for _, _, pair in row[1])]
        if drawn:
            svg = plots.differences(
                f"differences-{group}", title, drawn, f"difference from {first}, % of the mean of {first}"
            )
            parts += [
                tag("h3", title),
                figure(
                    f"fig-differences-{group}",
                    svg,
                    "Mean over pairs of the same seed, with its "
                    "95 % interval (Student's t over seeds). Filled: the interval leaves out zero. An arrow: it "
                    "goes on.",
                ),
            ]
    return join([*parts, fold("All differences as a table, by hardware class too", _difference_table(results, made))])


def _difference_table(results: Results, made: list[Quantity]) -> Markup:
    first, rows = results.arms[0], []
    for one in made:
        cells: list[object] = [estimate_cell(one.estimate(results, first), one.digits)]
        for _, _, pair in _members(results, one):
            cells.append(estimate_cell(pair.difference if pair else None, one.digits, sign=True))
            relative = pair.relative if pair else None
            scaled = (
                Estimate(100 * relative.mean, None if relative.half is None else 100 * relative.half, relative.n)
                if relative
                else None
            )
            cells.append(estimate_cell(scaled, 1, sign=True))
        rows.append([one.label, one.unit, one.better or "\N{EN DASH}", *cells])
    heads: list[object] = ["quantity", "unit", "better", first]
    for arm in results.arms[1:]:
        heads += [f"{arm} less {first}", "%"]
    return table(
        heads,
        rows,
        3,
        f"{len(results.seeds)} seeds. Arms of a seed have the same users, places and draws, so "
        "differences are taken seed by seed. ± is half of the 95 % interval of the mean.",
    )
