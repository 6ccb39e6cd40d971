"""bill - where the time of a relayed cell goes, as bars of stages side by side: one for each profile.

`python -m loom_analysis.bill PICTURE` reads what `loom predict --bill --json` says, and writes PICTURE (.svg or .png).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

ENDINGS = (".svg", ".png")
LABEL_LEAST = 0.04  # of the longest bar: a shorter piece has no room for its number


def figure_of(results: Sequence[Mapping]) -> Figure:
    """Return a picture of the first row of each result: the dearest profile has the longest bar."""
    names = [f"{one['profile']}\n{'' if one['calibrated'] else 'uncalibrated'}" for one in results]
    bills: list[Mapping[str, float]] = [one["rows"][0]["bill"] for one in results]
    stages = list(bills[0])
    totals = [sum(bill.values()) for bill in bills]
    figure = Figure(figsize=(13, 1.8 + 0.7 * len(bills)), layout="constrained")
    absolute, shares = figure.subplots(1, 2, sharey=True)
    _draw(absolute, bills, stages, max(totals))
    for row, total in enumerate(totals):
        absolute.text(total, row, f" {total:.0f}", va="center", fontsize=9)
    absolute.set_yticks(range(len(bills)), names)
    absolute.invert_yaxis()
    absolute.set_xlim(0, max(totals) * 1.12)
    absolute.set_xlabel("CPU time of a relayed cell (ns)")
    _draw(shares, [_shares_of(bill) for bill in bills], stages, 100)
    shares.set_xlim(0, 100)
    shares.set_xlabel("share of it (%)")
    figure.suptitle("Where a cell's time goes, as simulated")
    handles, labels = absolute.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    return figure


def _shares_of(bill: Mapping[str, float]) -> dict[str, float]:
    total = sum(bill.values())
    return {stage: 100 * ns / total for stage, ns in bill.items()}


def _draw(axes: Axes, bills: Sequence[Mapping[str, float]], stages: Sequence[str], longest: float) -> None:
    colours = matplotlib.colormaps["tab20"].colors
    left = [0.0] * len(bills)
    for number, stage in enumerate(stages):
        widths = [bill[stage] for bill in bills]
        axes.barh(range(len(bills)), widths, left=left, label=stage, color=colours[number % len(colours)])
        for row, width in enumerate(widths):
            if width >= LABEL_LEAST * longest:
                axes.text(left[row] + width / 2, row, f"{width:.0f}", ha="center", va="center", fontsize=8)
        left = [so_far + width for so_far, width in zip(left, widths, strict=True)]


def main(arguments: Sequence[str]) -> int:
    """Draw, and return the exit status."""
    if len(arguments) != 1 or Path(arguments[0]).suffix not in ENDINGS:
        print(f"loom_analysis.bill: expected one PICTURE that ends in {' or '.join(ENDINGS)}", file=sys.stderr)
        return 2
    read = json.load(sys.stdin)
    results = read if isinstance(read, list) else [read]
    picture = Path(arguments[0])
    unfinished = picture.with_name(f".{picture.name}.new{picture.suffix}")
    with matplotlib.rc_context({"svg.hashsalt": "bill"}):
        metadata = {"Date": None} if picture.suffix == ".svg" else {}
        figure_of(results).savefig(unfinished, metadata=metadata)
    os.replace(unfinished, picture)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
