"""style - how plots look: colours that colour-blind people can tell apart, light lines, plain numbers on axes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

# Okabe and Ito's colours without the yellow, which is too light on white; the first arm is the one compared with.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
WIDTH = 10.4  # inches, of every figure: text has the same size in all of them
INK = "#1f2933"
FAINT = "#6b7785"
GRID = "#e6eaee"

_SETTINGS = {
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": "#b8c1ca",
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "svg.fonttype": "path",
    "path.simplify": True,
}


def arm_colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def arm_dashes(index: int) -> str | tuple:
    """Return a line style that, with the colour, no other of 28 arms has; the first few also differ without colour."""
    return DASHES[(index + index // len(COLOURS)) % len(DASHES)]


@contextmanager
def figure(
    rows: int = 1, columns: int = 1, height: float = 3.4, **options: object
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Give a figure of the page's width with its axes in reading order; it is closed afterwards."""
    with plt.rc_context(_SETTINGS):
        fig, axes = plt.subplots(
            rows, columns, figsize=(WIDTH, height), squeeze=False, layout="constrained", **options
        )
        try:
            yield fig, list(axes.flat)
        finally:
            plt.close(fig)


def plain_number(value: float) -> str:
    """Write a tick's number without an exponent where people would not use one."""
    if value != 0 and (abs(value) >= 1e6 or abs(value) < 1e-4):
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:.10g}"


def log_axis(axis: Axis, low: float, high: float) -> None:
    """Label a logarithmic axis that shows low to high with plain numbers, 1-2-5 where there is room."""
    subs = (1.0, 2.0, 5.0) if high / low < 300 else (1.0,)
    axis.set_major_locator(LogLocator(base=10, subs=subs, numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
    axis.set_minor_locator(NullLocator())


def legend_above(fig: Figure, axes: Axes, columns: int = 4) -> None:
    """Put one legend for all panels above them."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        fig.legend(handles, labels, loc="outside upper left", ncols=min(columns, len(handles)), handlelength=2.6)
