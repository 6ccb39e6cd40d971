"""bench_plot - pictures of benches and soaks, drawn by matplotlib in the environment that tools/ makes.

tools/bench itself runs anywhere; so this runs as a program of its own:
python -m loom_testbed.bench_plot KIND JSON PICTURE.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from . import soak_plot
from .rundir import REPOSITORY

DRAW_SECONDS_MAX = 300


def draw(kind: str, result: dict[str, object], path: Path) -> str:
    """Draw it in that file. Returns the line that says where it is, or why there is none."""
    data = path.with_suffix(".plot.json")
    data.write_text(json.dumps(result))
    python = REPOSITORY / "tools" / "lib" / "python"
    command = [str(python), "-m", "loom_testbed.bench_plot", kind, str(data), str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DRAW_SECONDS_MAX)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no picture: {error}"
    finally:
        data.unlink()
    if done.returncode != 0:
        return f"no picture: {(done.stderr.strip().splitlines() or ['matplotlib is missing'])[-1]}"
    return f"picture: {path}"


def _bill(result: dict, path: Path) -> None:
    from loom_analysis import style

    with style.figure(height=2.9) as (figure, (axes,)):
        left = 0.0
        for index, (stage, one) in enumerate(result["stages"].items()):
            shade = {"color": style.arm_colour(index), "hatch": "" if index < len(style.COLOURS) else "///"}
            label = f"{stage} {one['ns_per_cell']:.0f}"
            axes.barh([result["load"]], [one["ns_per_cell"]], left=left, label=label, edgecolor="white", **shade)
            left += one["ns_per_cell"]
        axes.set_xlabel("nanoseconds of CPU for a cell")
        axes.set_title(f"where {left:.0f} ns of a cell go: {result['load']}, {result['record_cells']} cells a record")
        style.legend_above(figure, axes, columns=4)
        figure.savefig(path)


def _scale(result: dict, path: Path) -> None:
    from loom_analysis import style

    by_threads = {int(threads): one for threads, one in result["by_threads"].items()}
    numbers = list(by_threads)
    with style.figure(columns=2) as (figure, (rate, cost)):
        rate.plot(numbers, [by_threads[n]["cells_per_s"] / 1e6 for n in numbers], "o-", color=style.COLOURS[0])
        first = by_threads[numbers[0]]["cells_per_s"] / numbers[0] / 1e6
        rate.plot(numbers, [first * n for n in numbers], color=style.FAINT, linestyle=style.DASHES[1])
        rate.set(xlabel="threads", ylabel="million cells a second", title="rate, and what perfect scaling would be")
        cost.plot(numbers, [by_threads[n]["ns_per_cell"] for n in numbers], "o-", color=style.COLOURS[1])
        cost.set(xlabel="threads", ylabel="nanoseconds of CPU", title="CPU of a cell")
        for axes in (rate, cost):
            axes.set_xticks(numbers)
            axes.set_ylim(bottom=0)
        figure.savefig(path)


def _circuits(result: dict, path: Path) -> None:
    from loom_analysis import style

    with style.figure() as (figure, (axes,)):
        for index, (name, one) in enumerate(result["sides"].items()):
            stages = one["stages"]
            axes.plot(range(len(stages)), [stage["memory"]["rss"] / 1e6 for stage in stages], "o-", label=name,
                      color=style.arm_colour(index))  # fmt: skip
        axes.set_xticks(range(len(stages)), [f"{stage['name']} {stage['circuits'] // 1000}k" for stage in stages],
                        rotation=60, ha="right", fontsize="x-small")  # fmt: skip
        axes.set(ylabel="resident MB", title=f"{result['circuits']} idle circuits, {result['links']} links")
        axes.set_ylim(bottom=0)
        axes.legend()
        figure.savefig(path)


def _memory(result: dict, path: Path) -> None:
    from loom_analysis import style

    allocators = list(dict.fromkeys(name.partition("-")[2] for name in result["samples"]))
    with style.figure(height=3.4) as (figure, (axes,)):
        for name, samples in result["samples"].items():
            program, _, allocator = name.partition("-")
            axes.plot(
                [one["at_s"] / 60 for one in samples],
                [one["rss_kb"] / 1024 for one in samples],
                label=name,
                color=style.arm_colour(allocators.index(allocator)),
                linestyle="-" if program == "loom" else style.DASHES[1],
            )
        axes.set(xlabel="minutes (a consensus each: hours of the real network)", ylabel="MiB resident")
        axes.set_ylim(bottom=0)
        axes.set_title(f"directory caches of {result['relays']} relays, with clients: Loom solid, tor dashed")
        style.legend_above(figure, axes, columns=4)
        figure.savefig(path)


PREDICTED = {"cpu": ("CPU of a cell", "ns", 1.0), "throughput": ("the most it carries", "million cells/s", 1e-6),
             "delay": ("time through it", "us", 1e-3)}  # fmt: skip


def _predict(result: dict, path: Path) -> None:
    from loom_analysis import style

    kinds = [kind for kind in PREDICTED if result[kind]]
    with style.figure(columns=len(kinds), height=3.0) as (figure, found):
        for axes, kind in zip(found, kinds, strict=True):
            title, unit, factor = PREDICTED[kind]
            ends = [factor * value for one in result[kind] for value in (one["measured"], one["predicted"])]
            line = [0.8 * min(ends), 1.25 * max(ends)]
            axes.fill_between(line, [0.9 * x for x in line], [1.1 * x for x in line], color=style.FAINT, alpha=0.5)
            axes.plot(line, line, color=style.FAINT)
            for index, name in enumerate(sorted({one["load"]["role"] for one in result[kind]})):
                mine = [one for one in result[kind] if one["load"]["role"] == name]
                axes.errorbar(
                    [factor * one["measured"] for one in mine],
                    [factor * one["predicted"] for one in mine],
                    xerr=[factor * one["measured"] * one["repeatability"] for one in mine],
                    fmt="o",
                    color=style.arm_colour(index),
                    label=name,
                )
            axes.set(xscale="log", yscale="log", xlabel=f"measured, {unit}", ylabel=f"predicted, {unit}", title=title)
            axes.legend()
        figure.savefig(path)


def main(kind: str, data: str, path: str) -> None:
    """Draw what is in the file data."""
    drawings = {"bill": _bill, "circuits": _circuits, "memory": _memory, "predict": _predict, "scale": _scale,
                "soak": soak_plot.draw}  # fmt: skip
    drawings[kind](json.loads(Path(data).read_text()), Path(path))


if __name__ == "__main__":
    main(*sys.argv[1:])
