"""section - the report's part about an adversary: what was expected, what became of it, what follows from neither."""

from __future__ import annotations

from .. import plots
from ..cells import DASH, estimate_cell, number
from ..page import Markup, figure, items, join, paragraph, swatch, table, tag
from ..style import arm_colour
from .hypotheses import Verdict
from .outcome import MEASURES, Outcome

MAY_NOT = (
    "Anything about Tor itself: this is a small network that was made up, and attacks as they were published.",
    "That what was not found is not there: undecided says that more networks, or another attack, would be needed.",
    "A risk for anybody from an area or a percentile: at the base rates of a large network most of what such an attack "
    "calls a match is none.",
    "Success from a small candidate set: only a set that has the truth in it says anything (coverage).",
)


def _digits(value: float | None) -> str:
    return DASH if value is None else number(value, 3)


def _row(one: Verdict) -> list[object]:
    interval = DASH if one.low is None else f"{number(one.low, 3)} to {number(one.high, 3)}"
    claim = join([tag("strong", one.name), ": ", one.claim, tag("br"), tag("span", one.compared, class_="pm")])
    return [tag("strong", one.verdict), claim, f"{one.expected}, margin {one.margin:g}", _digits(one.effect), interval,
            _digits(one.p), _digits(one.equivalence), _digits(one.power), str(one.networks)]


def _hypotheses(outcome: Outcome) -> Markup:
    if not outcome.verdicts:
        return paragraph("The scenario has no hypotheses.")
    heads = ["verdict", "hypothesis", "expected", "effect", "95 % interval", "p", "p of the same", "power", "networks"]
    words = """Written in the scenario before the runs. Networks are the unit: effects are paired by seed; p is of sign
    flips, that of the same of two one-sided tests, both corrected over all rows (Holm). Power is the chance to tell the
    margin."""
    return join([paragraph(words, class_="lead"), table(heads, [_row(one) for one in outcome.verdicts], 3)])


def _measures(outcome: Outcome) -> Markup:
    heads = ["measure, mean over networks", *(join([swatch(arm_colour(i)), arm]) for i, arm in enumerate(outcome.arms))]
    rows = [[f"{MEASURES[name]} ({name})", *(estimate_cell(outcome.estimate(arm, name), 3) for arm in outcome.arms)]
            for name in outcome.measures]
    return table(heads, rows, 1)


def _percentiles(outcome: Outcome) -> Markup:
    curves = [plots.Curve(arm, [one.percentiles for one in outcome.of(arm) if one.percentiles.size])
              for arm in outcome.arms]
    if not any(curve.seeds for curve in curves):
        return Markup("")
    panel = plots.Panel("Guards", curves, "percentile of the guard")
    svg = plots.cdf_panels("guards", "Where the guard stands", [panel])
    words = """Of all flows: which share of the other probed relays scores lower than the guard. Chance is the diagonal;
    a curve below it means that guards are found."""
    return figure("fig-guards", svg, words)


def fingerprint(outcome: Outcome) -> Markup:
    """Return what goes into the section."""
    counts: dict[str, int] = {}
    for one in outcome.networks:
        for name, count in one.counts.items():
            counts[name] = counts.get(name, 0) + count
    made_of = "; ".join(f"{name}: {number(count, 0)}" for name, count in counts.items())
    return join([
        tag("h3", "What was expected"),
        _hypotheses(outcome),
        tag("h3", "What the adversary learnt"),
        paragraph(f"Of {len(outcome.networks)} networks in all. {made_of}.", class_="lead"),
        _measures(outcome),
        _percentiles(outcome),
        tag("h3", "What may not be concluded"),
        items(MAY_NOT),
    ])
