"""section_differences - each arm against the first, seed by seed: as plots, and as a table with units."""

from __future__ import annotations

from . import plots
from .cells import DASH, estimate_cell, percent_cell
from .model import Results
from .page import Markup, figure, fold, join, paragraph, table, tag
from .quantities import Quantity
from .statistics import Paired

PLOT_WORDS = """Mean over pairs of the same seed, with its 95 % interval (Student's t over seeds). Filled: the interval
leaves out zero. An arrow: it goes on."""
PLOT_WORDS_ONE_SEED = "The difference of the one pair: with one seed there is no interval."
TABLE_WORDS = """{seeds} seeds. Arms of a seed have the same users, places and draws, so differences are taken seed by
seed. ± is half of the 95 % interval of the mean."""
GROUPS = (("clients", "What clients see"), ("relays", "What relays see"))


def _members(results: Results, one: Quantity) -> list[tuple[int, str, Paired | None]]:
    return [(i, arm, one.paired(results, arm)) for i, arm in enumerate(results.arms) if i]


def _plot(results: Results, made: list[Quantity], group: str, title: str) -> Markup:
    rows = [(one.label, _members(results, one)) for one in made if one.group == group]
    drawn = [row for row in rows if any(pair and pair.relative for _, _, pair in row[1])]
    if not drawn:
        return Markup("")
    first = results.arms[0]
    svg = plots.differences(f"differences-{group}", title, drawn, f"difference from {first}, % of the mean of {first}")
    words = PLOT_WORDS if len(results.seeds) > 1 else PLOT_WORDS_ONE_SEED
    return join([tag("h3", title), figure(f"fig-differences-{group}", svg, words)])


def _table(results: Results, made: list[Quantity]) -> Markup:
    first, rows = results.arms[0], []
    for one in made:
        cells = [estimate_cell(one.estimate(results, first), one.digits)]
        for _, _, pair in _members(results, one):
            cells.append(estimate_cell(pair.difference if pair else None, one.digits, sign=True))
            cells.append(percent_cell(pair.relative if pair else None))
        rows.append([one.label, one.unit, one.better or DASH, *cells])
    heads = ["quantity", "unit", "better", first]
    for arm in results.arms[1:]:
        heads += [f"{arm} less {first}", "%"]
    return table(heads, rows, 3, TABLE_WORDS.format(seeds=len(results.seeds)))


def differences(results: Results, made: list[Quantity]) -> Markup:
    if len(results.arms) < 2:
        return paragraph("There is a single arm: nothing to compare.")
    drawn = [_plot(results, made, group, title) for group, title in GROUPS]
    return join([*drawn, fold("All differences as a table, by hardware class too", _table(results, made))])
