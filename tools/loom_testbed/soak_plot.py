"""soak_plot - the picture of a soak: memory, circuits, open files and the work of each relay over time."""

from __future__ import annotations

from pathlib import Path

PANELS = (
    ("rss_kb", 1 / 1024, "resident memory", "MiB"),
    ("halves", 1.0, "halves of circuits", "number"),
    ("open_files", 1.0, "open files", "number"),
    ("cells_received", 1e-6, "cells received", "millions"),
)


def draw(result: dict, path: Path) -> None:
    """Draw it; dashed: the middle of the run, from which on memory must be flat."""
    from loom_analysis import style

    relays = [one for one in result["relays"] if one["samples"]]
    with style.figure(rows=2, columns=2, height=6.0, sharex=True) as (figure, panels):
        for axes, (key, scale, title, unit) in zip(panels, PANELS, strict=True):
            for index, relay in enumerate(relays):
                points = [(one["at_s"] / 60, one[key] * scale) for one in relay["samples"] if one[key] is not None]
                axes.plot(
                    [x for x, _ in points], [y for _, y in points], label=relay["name"], linewidth=1.1,
                    color=style.arm_colour(index), linestyle=style.arm_dashes(index),
                )  # fmt: skip
            axes.axvline(result["seconds"] / 120, color=style.FAINT, linestyle=style.DASHES[1], linewidth=0.8)
            axes.set_title(title)
            axes.set_ylabel(unit)
            axes.set_ylim(bottom=0)
        for axes in panels[2:]:
            axes.set_xlabel("minutes")
        style.legend_above(figure, panels[0], columns=6)
        figure.savefig(path, dpi=120)
