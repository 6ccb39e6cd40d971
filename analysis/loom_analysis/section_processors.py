"""section_processors - how busy relays' threads were and how long work waited for them, by hardware class and arm."""

from __future__ import annotations

import numpy as np

from . import plots
from .cells import arm_heads, class_label, class_names, estimate_cell
from .model import Results, Run
from .page import Markup, figure, join, table, tag
from .quantities import Quantity, find

ROWS = (
    ("busiest", "busiest thread, % of time"),
    ("cores", "all cores, % of time"),
    ("bound", "CPU-bound, % of time"),
    ("delay", "queue delay, mean, ms"),
    ("late", "queue delay, 99 %, ms"),
)
BUSIEST_WORDS = """One value a relay and seed: how much of the time its busiest thread worked (CPU workers apart).
Dot: median; thick: the middle half; thin: 5 to 95 %. In brackets, relays of the class."""
DELAY_WORDS = """Share of inputs (batches of cells, timers, messages between threads) that waited longer than so long
until a thread began with them; both axes logarithmic. Exact at powers of two of a nanosecond, all seeds together."""
TABLE_WORDS = """Means over {seeds} seeds ± half of the 95 % interval. A relay is CPU-bound in a sample when its busiest
thread was busy for at least {bound} % of it; relays count equally."""


def _busiest(runs: list[Run], name: str) -> np.ndarray:
    return np.concatenate([100 * run.relays.busiest[run.relays.of(name)] for run in runs] or [np.array([])])


def _delays(arm: str, runs: list[Run], name: str) -> plots.Histogram:
    counts = np.sum([run.relays.delays[run.relays.of(name)].sum(axis=0) for run in runs], axis=0)
    return plots.Histogram(arm, 1e3 * runs[0].relays.delay_edges_s, counts)


def _table(results: Results, made: list[Quantity]) -> Markup:
    rows = []
    for name in class_names(results):
        for key, label in ROWS:
            one = find(made, f"{key}.{name}")
            if one is None:
                continue
            cells = (estimate_cell(one.estimate(results, arm), one.digits) for arm in results.arms)
            rows.append([name if key == ROWS[0][0] else "", label, *cells])
    bound = results.scenario.get("outputs", {}).get("cpu_bound_percent", 95)
    words = TABLE_WORDS.format(seeds=len(results.seeds), bound=bound)
    return table(["class", "quantity", *arm_heads(results)], rows, 2, words)


def processors(results: Results, made: list[Quantity]) -> Markup:
    names = class_names(results)
    runs = {arm: results.of(arm) for arm in results.arms if results.of(arm)}
    busy = [
        (class_label(results, name), [plots.Spread(arm, _busiest(results.of(arm), name)) for arm in results.arms])
        for name in names
    ]
    delays = [(class_label(results, name), [_delays(arm, runs[arm], name) for arm in runs]) for name in names]
    spread = plots.spreads("busiest", "Use of the busiest thread", busy, "% of measured time")
    waiting = plots.exceedance("delay", "Queue delay", delays, "milliseconds")
    return join(
        [
            tag("h3", "Use of the busiest thread, by hardware class"),
            figure("fig-busiest", spread, BUSIEST_WORDS),
            tag("h3", "How long inputs wait for a thread, by hardware class"),
            figure("fig-delay", waiting, DELAY_WORDS),
            _table(results, made),
        ]
    )
