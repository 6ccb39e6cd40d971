"""bench_scale - `tools/bench scale`: one Loom relay with 1, 2, ... connection threads, and what more of them add up to.

The relay has as many cores as it has threads, and the generator the others. Where too few are left for it, both share
all cores, which is said: then the rate is bounded by the machine, and only CPU per cell and contention tell something.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from . import arguments, bench_load, bench_plot, machine, ports
from .bench_sides import Result, Side, load_turn, pins
from .bench_threads import connection_threads, main_thread_ns, shares, wakes
from .measured import Measured
from .metrics import LoomCounters, read
from .progress import Progress

NAME = "scale"
SUMMARY = "one Loom relay with one to many threads: rate, CPU per cell, contention; JSON to send to others"
GENERATOR_SHARE = 0.5  # of the relay's CPU: what the generator needs beside it, seen on several machines' hot loads
COUNTED = ("wakes", "mailbox_flushes", "cells_crossed", "controls_posted", "scheduler_runs", "writes", "reads")

Rounds = list[dict[int, Result]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    bench_load.add_load_options(parser)
    add = parser.add_argument
    cores = len(os.sched_getaffinity(0))
    add("--threads-max", type=arguments.count(1, 64), default=min(cores, 64), metavar="N", help="default: all cores")
    add("--rounds", type=arguments.count(1, 100), default=3, help="rounds; each measures every number of threads")
    add("--seconds", type=arguments.count(1, 600), default=5, metavar="S", help="how long to measure each")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    generator = options.loom.parent / "loom-load"
    for program in (options.loom, generator):
        arguments.require_program(program)
    load = [str(generator), *bench_load.load_options(options)]
    numbers = thread_numbers(options.threads_max)
    rounds: Rounds = []
    with ports.PortBlock() as block:
        for number in range(1, options.rounds + 1):
            one: dict[int, Result] = {}
            for threads in numbers if number % 2 else numbers[::-1]:
                one[threads] = _turn(options.loom, threads, load, directory / f"loom-{threads}-{number}", block)
                cost, rate = one[threads]["relay_ns_per_cell"], one[threads]["cells_per_s"]
                progress.line(f"round {number}: {threads} threads, {rate:.0f} cells/s, {cost:.0f} ns a cell")
            rounds.append(one)
    result = {
        "load": options.load,
        "record_cells": options.record_cells,
        "cipher": rounds[0][numbers[0]].get("cipher"),
        "by_threads": {str(threads): summary(threads, numbers[0], rounds) for threads in numbers},
        "machine": machine.facts(),
        "load_average": os.getloadavg()[0],
        "rounds": [{str(threads): turn for threads, turn in one.items()} for one in rounds],
    }
    picture = bench_plot.draw("scale", result, directory / "scale.svg")
    return Measured(result, _table(result) + f"\n{picture}")


def thread_numbers(most: int) -> list[int]:
    """Return 1, 2, 3, 4, then each half as many again or so, and the most."""
    numbers, number = [], 1
    while number < most:
        numbers.append(number)
        number += max(1, number // 2)
    return [*numbers, most]


def _turn(loom: Path, threads: int, load: Sequence[str], directory: Path, block: ports.PortBlock) -> Result:
    cores = len(os.sched_getaffinity(0))
    is_apart = cores - threads >= max(1, round(threads * GENERATOR_SHARE))
    metrics_port = block.take()
    torrc = f"ConnectionThreads {threads}\nMetricsPort 127.0.0.1:{metrics_port}\nMetricsPortPolicy accept 127.0.0.1\n"
    found: list[LoomCounters | None] = []
    result = load_turn(Side("loom", [str(loom)], torrc), load, directory, block.take(), pins(threads, not is_apart),
                       lambda: found.append(read(metrics_port)))  # fmt: skip
    return result | {"cores_shared": not is_apart, "work_per_1000_cells": per_thousand(found[0] if found else None)}


def per_thousand(counters: LoomCounters | None) -> dict[str, float]:
    """Return the work done from the relay's start, for a thousand cells received; nothing when it was not told."""
    cells = counters.total("cells_received") if counters else None
    if not counters or not cells:
        return {}
    totals = {kind: counters.total(kind) for kind in COUNTED}
    return {kind: round(1000 * total / cells, 3) for kind, total in totals.items() if total is not None}


def summary(threads: int, first: int, rounds: Rounds) -> dict[str, object]:
    """Return medians over the rounds; efficiency is the rate over that of the first number, for each of its threads."""
    mine = [one[threads] for one in rounds]
    gains = [one[threads]["cells_per_s"] / one[first]["cells_per_s"] for one in rounds]
    costs = [one[threads]["relay_ns_per_cell"] / one[first]["relay_ns_per_cell"] for one in rounds]
    return {
        "cells_per_s": statistics.median(one["cells_per_s"] for one in mine),
        "ns_per_cell": statistics.median(one["relay_ns_per_cell"] for one in mine),
        "cost_ratio": round(statistics.median(costs), 4),
        "speedup": round(statistics.median(gains), 4),
        "efficiency": round(statistics.median(gains) * first / threads, 4),
        "relay_cores": statistics.median(one["relay_cores"] for one in mine),
        "generator_cores": statistics.median(one["generator_cores"] for one in mine),
        "main_thread_ns_per_cell": statistics.median(main_thread_ns(one) for one in mine),
        "sleeps_per_1000_cells": round(statistics.median(wakes(one) for one in mine), 3),
        "shares": [round(share, 4) for share in shares(mine[-1])],
        "threads_seen": len(connection_threads(mine[-1])),
        "work_per_1000_cells": mine[-1]["work_per_1000_cells"],
        "cores_shared": mine[-1]["cores_shared"],
    }


def _table(result: dict[str, object]) -> str:
    lines = ["threads  cells/s  ns/cell  of one's  speed-up  efficiency  relay cores  main ns  sleeps/1000  shares"]
    by_threads: dict[str, dict] = result["by_threads"]
    for threads, one in by_threads.items():
        parts = " ".join(f"{share:.0%}" for share in one["shares"])
        lines.append(
            f"{threads:>7}  {one['cells_per_s']:>7.0f}  {one['ns_per_cell']:>7.0f}  {one['cost_ratio']:>8.3f}"
            f"  {one['speedup']:>8.2f}  {one['efficiency']:>10.0%}  {one['relay_cores']:>11.2f}"
            f"  {one['main_thread_ns_per_cell']:>7.2f}  {one['sleeps_per_1000_cells']:>11.2f}  {parts}"
        )
    kinds = [kind for kind in COUNTED if any(kind in one["work_per_1000_cells"] for one in by_threads.values())]
    lines += ["", "for 1000 cells: " + ", ".join(kinds)]
    for threads, one in by_threads.items():
        work = ", ".join(f"{one['work_per_1000_cells'].get(kind, 0):.1f}" for kind in kinds)
        lines.append(f"{threads:>7} threads:  {work}")
    shared = [threads for threads, one in by_threads.items() if one["cores_shared"]]
    if shared:
        names = ", ".join(shared)
        lines.append(f"with {names} threads relay and generator share the cores: the machine bounds the efficiency")
    lines.append(f"{result['load']}, {result['cipher']}; {machine.line(result['machine'])}")
    return "\n".join(lines)
