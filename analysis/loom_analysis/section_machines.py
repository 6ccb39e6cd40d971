"""section_machines - where one more machine would lie, when each seed drew its prices from its profiles' intervals."""

from __future__ import annotations

from .cells import DASH, arm_heads, estimate_cell
from .model import Results
from .page import Markup, table
from .quantities import Quantity
from .statistics import Estimate

WORDS = """Each of the {seeds} seeds drew a machine from the intervals of its price profiles, the same for all arms.
± is half of a 95 % prediction interval (Student's t): where one more seed, and so one more such machine, would lie. It
does not shrink with more seeds, as that of a mean does; but for prices, seeds differ by the draws of clients too."""


def is_drawn(results: Results) -> bool:
    """Say whether seeds are machines, and there are enough of them to say anything."""
    return results.scenario.get("hardware", {}).get("prices") == "drawn" and len(results.seeds) > 1


def _further(got: Estimate | None) -> Estimate | None:
    return got.further if got else None


def machines(results: Results, made: list[Quantity]) -> Markup:
    first, rows = results.arms[0], []
    for one in made:
        cells = [estimate_cell(_further(one.estimate(results, arm)), one.digits) for arm in results.arms]
        for arm in results.arms[1:]:
            pair = one.paired(results, arm)
            cells.append(estimate_cell(_further(pair.difference) if pair else None, one.digits, sign=True))
        rows.append([one.label, one.unit, one.better or DASH, *cells])
    heads = ["quantity", "unit", "better", *arm_heads(results), *(f"{arm} less {first}" for arm in results.arms[1:])]
    return table(heads, rows, 3, WORDS.format(seeds=len(results.seeds)))
