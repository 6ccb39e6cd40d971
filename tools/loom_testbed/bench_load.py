"""bench_load - `tools/bench relay --load hot|cold|echo`: CPU per cell of a saturated relay, Loom and tor in turn.

loom-load is before and behind the relay, on the other core, and presses more than the relay can carry. In each round
both relays are started anew, one after the other, with the same generator and record shape; which is first alternates.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import arguments, lone_relay, ports
from .errors import TestbedError
from .measured import Measured
from .process import stop_all
from .progress import Progress

LOADS = {
    "hot": ["--links", "8", "--circuits", "64", "--verified-links", "1"],
    "cold": ["--links", "400", "--circuits", "16000", "--verified-links", "10"],
    "echo": ["--links", "2", "--circuits", "1", "--verified-links", "1", "--echoes", "10000"],
}
GENERATOR_SECONDS_MAX = 600
RELAY_CORES_LEAST = 0.95

Result = dict[str, float]


@dataclass(frozen=True)
class Side:
    """One of the two that are compared."""

    name: str
    command: list[str]
    torrc: str = ""


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    generator = options.loom.parent / "loom-load"
    arguments.require_program(options.loom)
    arguments.require_program(generator)
    tor = shutil.which("tor")
    if tor is None:
        raise TestbedError("tor: no such program; tools/run installs it")
    threads = f"ConnectionThreads {options.threads}\n"
    sides = (Side("loom", [str(options.loom)], threads), Side("tor", [tor], "NumCPUs 1\n"))
    load = [*LOADS[options.load], "--record-cells", str(options.record_cells), "--seconds", str(options.seconds)]
    rounds: list[dict[str, Result]] = []
    with ports.PortBlock() as block:
        for number in range(1, options.rounds + 1):
            results: dict[str, Result] = {}
            for side in sides if number % 2 else sides[::-1]:
                place = directory / f"{side.name}-{number}"
                results[side.name] = turn(side, [str(generator), *load], place, block.take(), options.share_cores)
            rounds.append(results)
            progress.line(f"round {number}: " + _round_text(results, _figure(options.load)))
    return _measured(options, rounds)


def turn(side: Side, generator: Sequence[str], directory: Path, port: int, share_cores: bool) -> Result:
    """Start the side's relay, run the generator on it, and return what that has measured."""
    cores = sorted(os.sched_getaffinity(0))
    apart = len(cores) > 1 and not share_cores
    relay_pin = ["taskset", "-c", str(cores[0])] if apart else []
    generator_pin = ["taskset", "-c", ",".join(map(str, cores[1:]))] if apart else []
    relay = lone_relay.start(side.name, [*relay_pin, *side.command], directory, port, side.torrc)
    try:
        done = subprocess.run([*generator_pin, *generator, *relay.as_options()], capture_output=True, text=True,
                              timeout=GENERATOR_SECONDS_MAX, check=False)  # fmt: skip
    finally:
        stop_all([relay.child])
    if done.returncode != 0:
        raise TestbedError(f"loom-load on {side.name}: {done.stderr.strip().splitlines()[-1]}")
    result: Result = json.loads(done.stdout)
    return result


def _figure(load: str) -> str:
    return "echo_median_ns" if load == "echo" else "relay_ns_per_cell"


def _round_text(results: dict[str, Result], figure: str) -> str:
    loom, tor = results["loom"][figure], results["tor"][figure]
    return f"loom {loom:.0f}, tor {tor:.0f} ns, ratio {loom / tor:.3f}"


def _measured(options: argparse.Namespace, rounds: Sequence[dict[str, Result]]) -> Measured:
    figure = _figure(options.load)
    ratios = [one["loom"][figure] / one["tor"][figure] for one in rounds]
    result: dict[str, object] = {
        "load": options.load,
        "threads": options.threads,
        "record_cells": options.record_cells,
        "loom_ns": statistics.median(one["loom"][figure] for one in rounds),
        "tor_ns": statistics.median(one["tor"][figure] for one in rounds),
        "ratio": round(statistics.median(ratios), 4),
        "ratio_worst": round(max(ratios), 4),
        "load_average": os.getloadavg()[0],
        "rounds": rounds,
    }
    return Measured(result, _table(options, rounds, result))


def _table(options: argparse.Namespace, rounds: Sequence[dict[str, Result]], result: dict[str, object]) -> str:
    lines = [_header(options.load)]
    lines += [_row(number, name, one[name]) for number, one in enumerate(rounds, 1) for name in ("loom", "tor")]
    lines.append("")
    lines.append(f"median: loom {result['loom_ns']:.0f}, tor {result['tor_ns']:.0f} ns")
    lines.append(f"ratio:  median {result['ratio']}, worst round {result['ratio_worst']}")
    if options.load != "echo":
        idle = [one[name] for one in rounds for name in one if one[name]["relay_cores"] < RELAY_CORES_LEAST]
        if idle:
            least = f"{RELAY_CORES_LEAST:.0%} of a core"
            lines.append(f"not saturated: in {len(idle)} turns the relay had less than {least}")
    return "\n".join(lines)


def _header(load: str) -> str:
    if load == "echo":
        return "round  relay  median us    p99 us"
    return "round  relay  ns/cell  relay cores  generator cores  cells/s"


def _row(number: int, name: str, one: Result) -> str:
    if "echoes" in one:
        return f"{number:>5}  {name:<5}  {one['echo_median_ns'] / 1e3:>9.1f} {one['echo_p99_ns'] / 1e3:>9.1f}"
    return (f"{number:>5}  {name:<5}  {one['relay_ns_per_cell']:>7.0f}  {one['relay_cores']:>11.2f}"
            f"  {one['generator_cores']:>15.2f}  {one['cells_per_s']:>7.0f}")  # fmt: skip
