"""section_rollout - what a growing share of relays that run Loom does: curves of what people ask, with their intervals.

A line is a set of arms, of whichever settings of a sweep, that differ in that share alone. With no relay that runs Loom
nothing else of an arm matters, so such an arm is the beginning of all lines of its setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from . import plots
from .cells import class_names, estimate_cell
from .model import ALL_CLASSES, Results
from .page import Markup, figure, join, table, tag
from .quantities import Quantity, find, size_label
from .statistics import estimate
from .style import FAINT, arm_colour, arm_dashes, legend_above
from .style import figure as new_figure
from .svg import svg_of
from .sweeps import SWEPT

SHARES_LEAST = 3  # of fewer there is no curve to see
OF_ARM = ("percent", "name", SWEPT)
OF_SETTING = "rollout.fraction"
COLUMNS = 3
FROM_ZERO = ("busiest.", "bound.")  # shares of time; of the others differences are what is asked
WORDS = """x: relays that run Loom, % of all, {order}; in another order the points between the ends are others.
Dots: single seeds; line: their mean; bars: its 95 % interval (Student's t over {seeds} seeds). Axes of what clients see
do not begin at 0. CPU prices: {prices}."""
WORDS_AGAIN = "As above."
ORDERS = {"weight": "those with the most weight first", "capacity": "those with the most capacity first",
          "random": "drawn with the seed"}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """Arms that differ in their share alone: by percent."""

    label: str
    arms: dict[int, str]


def _rest_of(arm: dict) -> tuple[tuple[str, str], ...]:
    """Return what arms of one line share."""
    own = {key: str(value) for key, value in arm.items() if key not in OF_ARM}
    swept = {f"{key} of the setting": value for key, value in arm.get(SWEPT, {}).items()
             if key != OF_SETTING and not key.endswith(".percent")}  # fmt: skip
    return tuple(sorted((own | swept).items()))


def _setting_of(arm: dict) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in _rest_of(arm) if pair[0].endswith(" of the setting"))


def _labels(rests: Sequence[tuple[tuple[str, str], ...]]) -> list[str]:
    """Name each line by what the others do not have."""
    shared = set.intersection(*(set(rest) for rest in rests)) if rests else set()
    names = [", ".join(f"{key.removesuffix(' of the setting')} {value}" for key, value in rest
                       if (key, value) not in shared) for rest in rests]  # fmt: skip
    return [name or "Loom" for name in names]


def lines(results: Results) -> list[Line]:
    """Return the lines that have shares enough for a curve."""
    present = [arm for arm in results.scenario.get("arms", []) if arm.get("name") in results.arms and "percent" in arm]
    groups: dict[tuple[tuple[str, str], ...], dict[int, str]] = {}
    for arm in present:
        if arm["percent"] > 0:
            groups.setdefault(_rest_of(arm), {})[arm["percent"]] = arm["name"]
    for arm in (arm for arm in present if arm["percent"] == 0):
        for rest, arms in groups.items():
            if set(_setting_of(arm)) <= set(rest):
                arms.setdefault(0, arm["name"])
    long_enough = {rest: arms for rest, arms in groups.items() if len(arms) >= SHARES_LEAST}
    labels = _labels(list(long_enough))
    return [Line(label, dict(sorted(arms.items()))) for label, arms in zip(labels, long_enough.values(), strict=True)]


def is_wanted(results: Results) -> bool:
    return bool(lines(results))


def _draw(axes: Axes, results: Results, quantity: Quantity, drawn: Sequence[Line]) -> None:
    for index, line in enumerate(drawn):
        values = {percent: list(quantity.by_seed(results, arm).values()) for percent, arm in line.arms.items()}
        values = {percent: one for percent, one in values.items() if one}
        if not values:
            continue
        means = [estimate(one) for one in values.values()]
        halves = [got.half or 0.0 for got in means]
        colour = arm_colour(index)
        for percent, one in values.items():
            axes.plot([percent] * len(one), one, ".", color=colour, alpha=0.35, markersize=5)
        axes.errorbar(list(values), [got.mean for got in means], halves, fmt="o", linestyle=arm_dashes(index),
                      color=colour, capsize=3, markersize=4.5, label=line.label)  # fmt: skip
    axes.set_title(quantity.label, fontsize=9)
    axes.set_ylabel(quantity.unit)
    axes.set_xlim(-4, 104)
    if quantity.key.startswith(FROM_ZERO):
        axes.set_ylim(bottom=0.0)
    axes.set_xticks([0, 25, 50, 75, 100])


def _panels(results: Results, made: list[Quantity], keys: Sequence[str]) -> list[Quantity]:
    """Return the quantities of keys that somebody measured."""
    return [one for key in keys if (one := find(made, key)) and any(one.by_seed(results, arm) for arm in results.arms)]


def draw(name: str, title: str, results: Results, shown: Sequence[Quantity], drawn: Sequence[Line]) -> str:
    """Draw a panel for each quantity: its value against the share."""
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    with new_figure(rows, columns, height=0.5 + 2.6 * rows) as (fig, axes):
        for one, quantity in zip(axes, shown, strict=False):
            _draw(one, results, quantity, drawn)
        for unused in axes[len(shown) :]:
            unused.set_visible(False)
        for one in axes[max(0, len(shown) - columns) : len(shown)]:
            one.set_xlabel("relays that run Loom, %", color=FAINT)
        if len(drawn) > 1:
            legend_above(fig, axes[0])
        return svg_of(fig, name, title)


def _groups(results: Results) -> list[tuple[str, str, list[str]]]:
    small, large = (min(results.sizes), max(results.sizes)) if results.sizes else (0, 0)
    latency = [f"{kind}_byte.{size}.{share}" for size in dict.fromkeys((small, large)) for kind in ("first", "last")
               for share in ("0.5", "0.95")]  # fmt: skip
    classes = class_names(results)
    return [
        ("rollout-throughput", "Throughput and fairness", ["written", "goodput", "fairness"]),
        ("rollout-latency", f"Latency, files of {size_label(small)} and {size_label(large)}", latency),
        ("rollout-busiest", "Busiest thread of relays, by class", [f"busiest.{name}" for name in classes]),
        ("rollout-bound", "CPU-bound time of relays, by class", [f"bound.{name}" for name in classes]),
    ]


def _cdfs(results: Results, line: Line) -> Markup:
    """Draw distributions of times for the shares of the first line; the report has all arms further down."""
    panels = []
    for kind, attribute in (("first", "first_byte"), ("last", "last_byte")):
        for size in results.sizes:
            curves = [plots.Curve(f"{percent} %", [getattr(run, attribute).get(size, []) for run in results.of(arm)])
                      for percent, arm in line.arms.items()]  # fmt: skip
            panels.append(plots.Panel(f"{kind} byte, {size_label(size)}", curves))
    if not panels:
        return Markup("")
    svg = plots.cdf_panels("rollout-cdfs", "Distributions of latency by share", panels)
    words = "Quantiles averaged over seeds. Percentages: relays that run Loom."
    return join([tag("h3", "Distributions of latency"), figure("fig-rollout-cdfs", svg, words)])


def _table(results: Results, shown: Sequence[Quantity], drawn: Sequence[Line]) -> Markup:
    rows = [
        [line.label, f"{percent} %", *(estimate_cell(one.estimate(results, arm), one.digits) for one in shown)]
        for line in drawn
        for percent, arm in line.arms.items()
    ]
    return table(["arms", "Loom", *(f"{one.label}, {one.unit}" for one in shown)], rows, 2)


def _order(results: Results) -> str:
    orders = {arm.get("order") for arm in results.scenario["arms"] if 0 < arm.get("percent", 0) < 100}
    return ORDERS.get(orders.pop(), "in the scenario's order") if len(orders) == 1 else "in each arm's order"


def rollout(results: Results, made: list[Quantity]) -> Markup:
    drawn = lines(results)
    words = WORDS.format(order=_order(results), seeds=len(results.seeds), prices=results.prices)
    parts = []
    for name, title, keys in _groups(results):
        if shown := _panels(results, made, keys):
            svg = draw(name, title, results, shown, drawn)
            parts += [tag("h3", title), figure(f"fig-{name}", svg, WORDS_AGAIN if parts else words)]
    keys = ["written", "goodput", "fairness", f"busiest.{ALL_CLASSES}", f"bound.{ALL_CLASSES}"]
    return join([*parts, _cdfs(results, drawn[0]), _table(results, _panels(results, made, keys), drawn)])
