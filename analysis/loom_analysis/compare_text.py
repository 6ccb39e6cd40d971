"""compare_text - a comparison as plain text and as JSON."""

from __future__ import annotations

from .compared import NO_INTERVAL, SHARES, WITHIN, Comparison, Difference, Single, Spread
from .sides import Side, settings_that_differ
from .statistics import Estimate

FORMAT = 1
SETTINGS_SHOWN = 12
WIDEST_SHOWN = 5


def number(value: float) -> str:
    """Write four digits that mean something."""
    return "0" if value == 0 else f"{value:.4g}" if 1e-4 <= abs(value) < 1e6 else f"{value:.3e}"


def difference_text(got: Difference) -> str:
    """Write "+0.123 [-0.1, +0.3] s" without its unit, "~" before an interval from within one run."""
    value = got.value
    if value.half is None:
        return f"{value.mean:+.4g}"
    mark = "~" if got.how == WITHIN else ""
    return f"{value.mean:+.4g} {mark}[{value.low:+.4g}, {value.high:+.4g}]"


def percent_text(got: Difference) -> str:
    return "" if got.relative is None else f"{100 * got.relative.mean:+.1f} %"


def side_text(side: Side) -> str:
    seeds = [run.seed for run in side.runs]
    shown = ", ".join(map(str, seeds[:6])) + (", ..." if len(seeds) > 6 else "")
    results = side.results
    return (
        f"{side.label}: {results.scenario.get('name', '?')} of {results.folder}, arm {side.arm}, engine {side.engine}, "
        f"seeds {shown}; CPU prices: {results.prices}"
    )


def settings_lines(made: Comparison) -> list[str]:
    differing = settings_that_differ(made.pair)
    lines = [f"  {key}: {a} | {b}" for key, a, b in differing[:SETTINGS_SHOWN]]
    more = len(differing) - SETTINGS_SHOWN
    return (["settings that differ:", *lines] if lines else []) + ([f"  and {more} more"] if more > 0 else [])


def widest(made: Comparison) -> list[str]:
    """Say where the sides differ most, in words."""
    a, b = made.pair.a.label, made.pair.b.label
    lines = []
    for one in made.by_distance[:WIDEST_SHOWN]:
        got, unit = one.distance, one.kind.unit
        verdict = "" if got.ks > got.ks_by_chance else ", no more than chance"
        lines.append(
            f"{one.kind.label}: KS {got.ks:.3f}{verdict}: {100 * got.shares_at[0]:.0f} % of {a} and "
            f"{100 * got.shares_at[1]:.0f} % of {b} are at most {number(got.ks_at)} {unit}; widest at the "
            f"{100 * got.gap_share:.0f} % quantile, {got.gap:+.4g} {unit}"
        )
    return lines


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]

    def line(row: list[str]) -> str:
        cells = zip(row, widths, strict=True)
        return "  ".join(f"{cell:>{width}}" if i else f"{cell:<{width}}" for i, (cell, width) in enumerate(cells))

    return [line(row).rstrip() for row in [heads, *rows]]


def _quartiles(values: list[float]) -> str:
    return f"{number(values[1])} ({number(values[0])} - {number(values[2])})"


def _spread_row(one: Spread) -> list[str]:
    middle = one.differences[SHARES.index(0.5)]
    got = one.distance
    return [
        f"{one.kind.label}, {one.kind.unit}",
        f"{one.counts[0]}/{one.counts[1]}",
        _quartiles(one.a),
        _quartiles(one.b),
        difference_text(middle),
        percent_text(middle),
        f"{got.ks:.3f}",
        f"{got.ks_by_chance:.3f}",
        number(got.wasserstein),
    ]


def _single_row(one: Single) -> list[str]:
    return [
        f"{one.label}, {one.unit}",
        number(one.a.mean),
        number(one.b.mean),
        difference_text(one.difference),
        percent_text(one.difference),
    ]


def how_text(made: Comparison) -> str:
    hows = {one.how for spread in made.spreads for one in spread.differences}
    hows |= {one.difference.how for one in made.singles}
    words = "[95 %] from differences between seeds" if hows - {WITHIN, NO_INTERVAL} else "too few seeds for intervals"
    if WITHIN in hows:
        words += "; ~[95 %] is a bootstrap within runs, which takes values as independent: too narrow"
    return words


def text_of(made: Comparison) -> str:
    """Write the whole comparison."""
    a, b = made.pair.a.label, made.pair.b.label
    lines = [side_text(made.pair.a), side_text(made.pair.b), *settings_lines(made), ""]
    if made.spreads:
        heads = ["median (quartiles)", "values", a, b, "difference of medians", "", "KS", "chance", "Wasserstein"]
        lines += [*_table(heads, [_spread_row(one) for one in made.spreads]), ""]
        lines += ["where they differ most:", *(f"  {line}" for line in widest(made)), ""]
    if made.singles:
        heads = ["one value a run", a, b, "difference", ""]
        lines += [*_table(heads, [_single_row(one) for one in made.singles]), ""]
    lines.append(f"difference: {b} less {a}; {how_text(made)}. chance: 95 % of samples of one distribution stay below")
    return "\n".join(lines) + "\n"


def _estimate_json(got: Estimate | None) -> dict | None:
    return None if got is None else {"mean": got.mean, "half": got.half, "n": got.n}


def _difference_json(got: Difference) -> dict:
    return {"value": _estimate_json(got.value), "relative": _estimate_json(got.relative), "interval_from": got.how}


def _side_json(side: Side) -> dict:
    return {
        "label": side.label, "folder": side.results.folder, "arm": side.arm, "engine": side.engine,
        "prices": side.results.prices, "seeds": [run.seed for run in side.runs],
        "results_sha256": {str(run.seed): run.results_sha256 for run in side.runs},
    }


def _spread_json(one: Spread) -> dict:
    got = one.distance
    return {
        "key": one.kind.key, "label": one.kind.label, "unit": one.kind.unit,
        "values": {"a": one.counts[0], "b": one.counts[1]},
        "quantiles": [
            {"share": share, "a": a, "b": b, "difference": _difference_json(diff)}
            for share, a, b, diff in zip(SHARES, one.a, one.b, one.differences, strict=True)
        ],
        "ks": {
            "distance": got.ks, "at": got.ks_at, "share_a": got.shares_at[0], "share_b": got.shares_at[1],
            "by_chance": got.ks_by_chance, "between_seeds_a": one.ks_between_seeds[0],
            "between_seeds_b": one.ks_between_seeds[1],
        },
        "wasserstein": got.wasserstein,
        "widest": {"share": got.gap_share, "difference": got.gap},
    }


def _single_json(one: Single) -> dict:
    return {
        "key": one.key, "label": one.label, "unit": one.unit, "a": _estimate_json(one.a), "b": _estimate_json(one.b),
        "difference": _difference_json(one.difference),
    }


def json_of(made: list[Comparison]) -> dict:
    return {
        "format": FORMAT,
        "comparisons": [
            {
                "a": _side_json(one.pair.a),
                "b": _side_json(one.pair.b),
                "settings_that_differ": [
                    {"key": key, "a": a, "b": b} for key, a, b in settings_that_differ(one.pair)
                ],
                "distributions": [_spread_json(spread) for spread in one.spreads],
                "by_distance": [spread.kind.key for spread in one.by_distance],
                "quantities": [_single_json(single) for single in one.singles],
            }
            for one in made
        ],
    }
