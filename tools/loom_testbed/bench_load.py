"""bench_load - `tools/bench relay --load hot|cold|echo`: CPU per cell of a saturated relay, Loom and tor in turn.

loom-load is before and behind the relay, on the other core, and presses more than the relay can carry. In each round
both relays are started anew, one after the other, with the same generator, cipher and record shape; which is first
alternates. loom-limit does for the same load the least that any relay must, in the same round: `limit` with OpenSSL's
AEAD, as any relay has it, and `least` with the relay's own, where this CPU has one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

from . import arguments, bench_threads, ports
from .bench_sides import LOADS, Pins, Result, Side, limit_turn, load_turn, pins
from .errors import TestbedError
from .measured import Measured
from .progress import Progress

SATURATED = 0.95  # of the relay's core
WARMUP_SECONDS = 2
OTHERS = ("tor", "limit", "least")
LIMITS = OTHERS[1:]
CIPHER_DEFAULT = "TLS_AES_256_GCM_SHA384"  # what a relay and a client of tor agree on
SHAPE = "records that come have {record_cells} cells; those written are the relay's own: loom and the limits 31, tor 8"

Round = dict[str, Result]


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    folder = options.loom.parent
    generator, limit = folder / "loom-load", folder / "loom-limit"
    for program in (options.loom, generator) if options.load == "echo" else (options.loom, generator, limit):
        arguments.require_program(program)
    if len(options.threads) > 1:
        return bench_threads.run(options, directory, progress)
    tor = shutil.which("tor")
    if tor is None:
        raise TestbedError("tor: no such program; tools/run installs it")
    threads = options.threads[0]
    sides = (
        Side("loom", [str(options.loom)], f"ConnectionThreads {threads}\n"),
        Side("tor", [tor], "NumCPUs 1\n"),
    )
    load = [str(generator), *load_options(options)]
    pinned = pins(threads, options.share_cores)
    rounds: list[Round] = []
    with ports.PortBlock() as block:
        for number in range(1, options.rounds + 1):
            results: Round = {}
            for side in sides if number % 2 else sides[::-1]:
                place = directory / f"{side.name}-{number}"
                results[side.name] = load_turn(side, load, place, block.take(), pinned)
            if options.load != "echo":
                command = _limit_command(limit, options)
                results["limit"] = limit_turn(command, options.share_cores)
                results["least"] = limit_turn([*command, "--own-aead"], options.share_cores)
            rounds.append(results)
            progress.line(f"round {number}: " + _round_text(results, _figure(options.load)))
    result = _summary(options, rounds, pinned)
    return Measured(result, _table(options, rounds, result))


def add_load_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a bench that is nothing without a load."""
    add = parser.add_argument
    add("--load", choices=("hot", "cold"), default="hot", help="which load (default: hot)")
    add("--record-cells", type=arguments.count(1, 31), default=31, metavar="N", help="cells in a record that comes")
    add("--cipher", metavar="NAME", help="the one TLS 1.3 suite offered (default: those that tor offers)")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to measure")


def load_options(options: argparse.Namespace) -> list[str]:
    """Return what loom-load is told of the load."""
    return load_lasting(options, min(options.seconds, WARMUP_SECONDS), options.seconds)


def load_lasting(options: argparse.Namespace, warmup: int, seconds: int) -> list[str]:
    """Return the same, of a load that lasts so long."""
    cipher = ["--cipher", options.cipher] if options.cipher else []
    lasts = ["--warmup", str(warmup), "--seconds", str(seconds)]
    return [*LOADS[options.load], *cipher, "--record-cells", str(options.record_cells), *lasts]


def _limit_command(limit: Path, options: argparse.Namespace) -> list[str]:
    shape = ["--record-cells", str(options.record_cells), "--cipher", options.cipher or CIPHER_DEFAULT]
    window = str(min(1000, 200 * options.seconds))
    return [str(limit), *LOADS[options.load], *shape, "--warmup-ms", window, "--window-ms", window, "--repeats", "3"]


def _figure(load: str) -> str:
    return "echo_median_ns" if load == "echo" else "relay_ns_per_cell"


def _round_text(results: Round, figure: str) -> str:
    costs = ", ".join(f"{name} {one[figure]:.0f}" for name, one in sorted(results.items()))
    loom = results["loom"][figure]
    ratios = [f"loom/{name} {loom / results[name][figure]:.3f}" for name in OTHERS if name in results]
    return f"{costs} ns, {', '.join(ratios)}"


def _summary(options: argparse.Namespace, rounds: Sequence[Round], pinned: Pins) -> dict[str, object]:
    figure = _figure(options.load)
    result: dict[str, object] = {
        "load": options.load,
        "threads": options.threads[0],
        "record_cells": options.record_cells,
        "cipher": rounds[0]["loom"].get("cipher"),
        "cores_shared": not pinned.relay,
        "load_average": os.getloadavg()[0],
        "rounds": rounds,
    }
    for name in rounds[0]:
        result[f"{name}_ns"] = statistics.median(one[name][figure] for one in rounds)
    result |= compared(rounds, "tor", figure, "ratio")
    for name in LIMITS:
        if name in rounds[0]:
            result |= compared(rounds, name, figure, f"{name}_ratio")
    return result


def compared(rounds: Sequence[Round], other: str, figure: str, name: str) -> dict[str, object]:
    """Return the median and the worst of loom's figure over the other's."""
    ratios = [one["loom"][figure] / one[other][figure] for one in rounds]
    return {name: round(statistics.median(ratios), 4), f"{name}_worst": round(max(ratios), 4)}


def _table(options: argparse.Namespace, rounds: Sequence[Round], result: dict[str, object]) -> str:
    lines = [_header(options.load)]
    lines += [_row(number, name, one[name]) for number, one in enumerate(rounds, 1) for name in sorted(one)]
    lines.append("")
    lines.append("median: " + ", ".join(f"{name} {result[f'{name}_ns']:.0f}" for name in sorted(rounds[0])) + " ns")
    lines.append(f"loom/tor:   median {result['ratio']}, worst round {result['ratio_worst']}")
    if options.load == "echo":
        return "\n".join(lines)
    for name in LIMITS:
        lines.append(f"loom/{name}: median {result[f'{name}_ratio']}, worst round {result[f'{name}_ratio_worst']}")
    lines.append(f"{result['cipher']}; " + SHAPE.format(record_cells=options.record_cells))
    if result["cores_shared"]:
        lines.append("relay and generator share the cores")
    lines += unsaturated(rounds)
    return "\n".join(lines)


def unsaturated(rounds: Sequence[Round]) -> list[str]:
    """Say of which the generator was the bottleneck; the limit is too quick for that to be asked of it."""
    turns = [one[name] for one in rounds for name in one if name not in LIMITS]
    idle = [one for one in turns if one["relay_cores"] < SATURATED]
    return [f"not saturated: in {len(idle)} turns the relay had less than {SATURATED:.0%} of a core"] if idle else []


def _header(load: str) -> str:
    if load == "echo":
        return "round  relay  median us    p99 us"
    return "round  relay  ns/cell  relay cores  generator cores  cells/s"


def _row(number: int, name: str, one: Result) -> str:
    if "echoes" in one:
        return f"{number:>5}  {name:<5}  {one['echo_median_ns'] / 1e3:>9.1f} {one['echo_p99_ns'] / 1e3:>9.1f}"
    return (f"{number:>5}  {name:<5}  {one['relay_ns_per_cell']:>7.0f}  {one['relay_cores']:>11.2f}"
            f"  {one['generator_cores']:>15.2f}  {one['cells_per_s']:>7.0f}")  # fmt: skip
