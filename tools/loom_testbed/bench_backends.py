"""bench_backends - `tools/bench backends`: what moving the bytes costs, by the way in which they are moved.

loom-limit relays the same load through each of its back ends in turn: whatever differs is the back end's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import arguments, machine
from .bench_sides import LOADS, Result, limit_turn
from .errors import TestbedError
from .measured import Measured
from .progress import Progress

NAME = "backends"
SUMMARY = "CPU and system calls per cell of libevent, bufferevents and io_uring, without any Tor"
SOLD_AS = {
    "epoll": "epoll, recv and send",
    "libevent": "libevent, recv and send",
    "bufferevent": "libevent's bufferevents",
    "uring": "io_uring",
}
LISTED_SECONDS_MAX = 10

Rounds = list[dict[str, Result]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--load", choices=("hot", "cold"), action="append", help="one of the loads (default: both)")
    add("--rounds", type=arguments.count(1, 1000), default=5, help="rounds; each measures every back end")
    add("--window-ms", type=arguments.count(10, 60000), default=500, metavar="MS", help="of a measurement; two a round")
    add("--record-cells", type=arguments.count(1, 31), default=31, metavar="N", help="cells in a record that comes")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH",
        help="the relay beside which loom-limit lies")  # fmt: skip


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    limit = options.loom.parent / "loom-limit"
    arguments.require_program(limit)
    names, refused = listed(limit)
    by_load: dict[str, Rounds] = {}
    for load in options.load or ("hot", "cold"):
        shape = [*LOADS[load], "--record-cells", str(options.record_cells), "--window-ms", str(options.window_ms),
                 "--warmup-ms", str(options.window_ms), "--repeats", "2"]  # fmt: skip
        by_load[load] = []
        for number in range(1, options.rounds + 1):
            order = names if number % 2 else names[::-1]
            one = {name: limit_turn([str(limit), *shape, "--backend", name], False) for name in order}
            by_load[load].append(one)
            costs = ", ".join(f"{name} {one[name]['relay_ns_per_cell']:.0f}" for name in names)
            progress.line(f"{load}, round {number}: {costs} ns a cell")
    result: dict[str, object] = {
        "loads": {load: summary(names, rounds) for load, rounds in by_load.items()},
        "refused": refused,
        "record_cells": options.record_cells,
        "machine": machine.facts(),
        "load_average": os.getloadavg()[0],
        "rounds": by_load,
    }
    return Measured(result, _table(result))


def listed(limit: Path) -> tuple[list[str], list[str]]:
    """Return the back ends that can run here, and for each other what is in its way."""
    done = subprocess.run([str(limit), "--list-backends"], capture_output=True, text=True, check=False,
                          timeout=LISTED_SECONDS_MAX)  # fmt: skip
    if done.returncode != 0 or not done.stdout:
        raise TestbedError(f"{limit} --list-backends: {done.stderr.strip() or done.returncode}")
    names = done.stdout.split()
    refused = [line.removeprefix("loom-limit: ") for line in done.stderr.splitlines()]
    if not any("uring" in text for text in [*names, *refused]):
        refused.append("no uring: not in this build, which found no liburing")
    return names, refused


def summary(names: Sequence[str], rounds: Rounds) -> dict[str, dict[str, float]]:
    """Return medians by back end; ratio is to what Loom does, libevent with direct calls."""
    found = {}
    for name in names:
        ratios = [one[name]["relay_ns_per_cell"] / one["libevent"]["relay_ns_per_cell"] for one in rounds]
        found[name] = {
            "ns_per_cell": statistics.median(one[name]["relay_ns_per_cell"] for one in rounds),
            "ratio": round(statistics.median(ratios), 4),
            "ratio_worst": round(max(ratios), 4),
            "calls_per_1000_cells": statistics.median(one[name]["calls_per_1000_cells"] for one in rounds),
            "cells_per_record_out": statistics.median(one[name]["cells_per_record_out"] for one in rounds),
        }
    return found


def _table(result: dict[str, object]) -> str:
    lines = ["load  back end                    ns/cell  of libevent  worst  calls/1000 cells  cells/record out"]
    for load, by_name in result["loads"].items():
        for name, one in by_name.items():
            lines.append(
                f"{load:<4}  {SOLD_AS.get(name, name):<26}  {one['ns_per_cell']:>7.0f}  {one['ratio']:>11.3f}"
                f"  {one['ratio_worst']:>5.3f}  {one['calls_per_1000_cells']:>16.1f}"
                f"  {one['cells_per_record_out']:>16.1f}"
            )
    lines.append("")
    for load, by_name in result["loads"].items():
        best = min(by_name, key=lambda name: by_name[name]["ns_per_cell"])
        gain = 1 - by_name[best]["ratio"]
        lines.append(f"{load}: {SOLD_AS.get(best, best)} is the cheapest, {gain:.1%} below libevent with direct calls")
    lines += result["refused"]
    lines.append(machine.line(result["machine"]))
    return "\n".join(lines)
