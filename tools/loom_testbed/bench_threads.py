"""bench_threads - Loom beside itself with other numbers of connection threads, in the same contention.

Where there are cores enough, the generator keeps off the relay's. Otherwise N threads share N cores with the generator:
each has as much of it beside itself, however many there are; but one thread then finds what it reads in its own cache.
With --share-cores all numbers of threads, and the generator, run on the same cores: as many as the largest number.
What a cell costs with several threads is compared with what it costs with the first number given.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from . import bench_load, ports
from .bench_sides import Result, Side, load_turn, pins, pins_together
from .measured import Measured
from .progress import Progress

MAIN_THREAD = "loom-relay"
CONNECTION_THREAD = "conn-"


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    load = [str(options.loom.parent / "loom-load"), *bench_load.load_options(options)]
    most = max(options.threads)
    are_shared = options.share_cores or not pins(most, False).relay
    rounds: list[dict[int, Result]] = []
    with ports.PortBlock() as block:
        for number in range(1, options.rounds + 1):
            results: dict[int, Result] = {}
            for threads in options.threads if number % 2 else options.threads[::-1]:
                side = Side("loom", [str(options.loom)], f"ConnectionThreads {threads}\n")
                place = directory / f"loom-{threads}-{number}"
                cores = most if options.share_cores else threads
                pinned = pins_together(cores) if are_shared else pins(threads, False)
                results[threads] = load_turn(side, load, place, block.take(), pinned)
                cost = results[threads]["relay_ns_per_cell"]
                progress.line(f"round {number}: {threads} threads, {cost:.0f} ns a cell")
            rounds.append(results)
    result = summary(options.threads, rounds)
    result |= {"load": options.load, "record_cells": options.record_cells, "cores_shared": are_shared}
    if are_shared:
        who = f"all run on the same {most} cores" if options.share_cores else "N threads run on N cores"
        result["sharing"] = f"{who}, with the generator"
    result |= {"load_average": os.getloadavg()[0], "rounds": [_named(one) for one in rounds]}
    return Measured(result, _table(options.threads, rounds, result))


def summary(counts: Sequence[int], rounds: Sequence[dict[int, Result]]) -> dict[str, object]:
    """Return, for each number of threads, medians over the rounds and the ratio to the first number."""
    first = counts[0]
    by_count: dict[str, object] = {}
    for count in counts:
        ratios = [one[count]["relay_ns_per_cell"] / one[first]["relay_ns_per_cell"] for one in rounds]
        by_count[str(count)] = {
            "ns_per_cell": statistics.median(one[count]["relay_ns_per_cell"] for one in rounds),
            "cells_per_s": statistics.median(one[count]["cells_per_s"] for one in rounds),
            "ratio": round(statistics.median(ratios), 4),
            "ratio_worst": round(max(ratios), 4),
            "main_thread_ns_per_cell_at_most": max(main_thread_ns(one[count]) for one in rounds),
            "wakes_per_1000_cells": round(statistics.median(wakes(one[count]) for one in rounds), 2),
        }
    return {"threads": list(counts), "by_threads": by_count}


def main_thread_ns(result: Result) -> float:
    """Return all that the main thread used, for a cell: a further cell costs it no more than that."""
    return sum(one["ns_per_cell"] for one in _threads(result) if one["name"] == MAIN_THREAD)


def wakes(result: Result) -> float:
    """Return how often a connection thread slept and was woken, for a thousand cells."""
    return sum(one["wakes_per_1000_cells"] for one in connection_threads(result))


def connection_threads(result: Result) -> list[dict]:
    """Return what loom-load says of the connection threads, by name."""
    mine = [one for one in _threads(result) if one["name"].startswith(CONNECTION_THREAD)]
    return sorted(mine, key=lambda one: int(one["name"].removeprefix(CONNECTION_THREAD)))


def shares(result: Result) -> list[float]:
    """Return each connection thread's share of their CPU time."""
    used = [one["cores"] for one in connection_threads(result)]
    return [one / sum(used) if sum(used) else 0.0 for one in used]


def _threads(result: Result) -> list[dict]:
    found = result.get("threads", [])
    return found if isinstance(found, list) else []


def _named(one: dict[int, Result]) -> dict[str, Result]:
    return {str(count): result for count, result in one.items()}


def _table(counts: Sequence[int], rounds: Sequence[dict[int, Result]], result: dict[str, object]) -> str:
    lines = ["round  threads  ns/cell  relay cores  cells/s  main ns/cell  wakes/1000 cells  shares"]
    for number, one in enumerate(rounds, 1):
        for count in counts:
            turn = one[count]
            parts = " ".join(f"{share:.0%}" for share in shares(turn))
            lines.append(
                f"{number:>5}  {count:>7}  {turn['relay_ns_per_cell']:>7.0f}  {turn['relay_cores']:>11.2f}"
                f"  {turn['cells_per_s']:>7.0f}  {main_thread_ns(turn):>12.2f}  {wakes(turn):>16.2f}  {parts}"
            )
    lines.append("")
    for count, figures in result["by_threads"].items():
        lines.append(f"{count} threads: {figures['ns_per_cell']:.0f} ns a cell, {figures['ratio']} of what it is with"
                     f" {counts[0]} (worst round {figures['ratio_worst']}); main thread at most"
                     f" {figures['main_thread_ns_per_cell_at_most']:.2f} ns a cell")  # fmt: skip
    if result["cores_shared"]:
        lines.append(str(result["sharing"]))
    return "\n".join(lines)
