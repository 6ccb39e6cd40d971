"""bench_moves - `tools/bench moves`: what it costs to move a link from thread to thread, by the circuits on it.

loom-load makes circuits through a lone Loom, over one link into it and one out of it, and is then held still; the relay
goes on moving the two links all the time, so all the CPU that it uses is theirs.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from pathlib import Path

from . import arguments, lone_relay, metrics, ports
from .bench_sides import put_first
from .errors import TestbedError
from .measured import Measured
from .process import Child, stop_all
from .progress import Progress

NAME = "moves"
SUMMARY = "CPU of moving a link from thread to thread, and for how long it is not read, by the circuits on it"
TORRC = """\
ConnectionThreads 2
TestingMoveLinksInterval {interval_ms} msec
MetricsPort 127.0.0.1:{port}
MetricsPortPolicy accept 127.0.0.1
"""
BUILT_SECONDS_MAX = 120.0
ECHOES = "1000000"  # more than it is given time for


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--circuits", type=arguments.counts(1, 20000), default=[1, 100, 1000, 5000], metavar="N,N,...",
        help="circuits on each link (default: 1,100,1000,5000)")  # fmt: skip
    add("--seconds", type=arguments.count(1, 600), default=6, metavar="S", help="how long to measure each")
    # A link whose circuits were moved very often while they were made stays for a while.
    add("--interval", type=arguments.count(1, 1000), default=200, metavar="MS", help="milliseconds between two moves")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to measure")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    arguments.require_program(options.loom)
    arguments.require_program(options.loom.parent / "loom-load")
    put_first()
    rows = []
    with ports.PortBlock() as block:
        for circuits in options.circuits:
            rows.append(_measure(options, directory / f"circuits-{circuits}", block, circuits))
            progress.line(_row(rows[-1]))
    lines = ["circuits  moves  CPU us a move  ns a circuit  not read ms  at most"]
    return Measured({"rows": rows}, "\n".join(lines + [_row(row) for row in rows]))


def _measure(options: argparse.Namespace, directory: Path, block: ports.PortBlock, circuits: int) -> dict[str, float]:
    metrics_port = block.take()
    extra = TORRC.format(interval_ms=options.interval, port=metrics_port)
    relay = lone_relay.start("loom", [str(options.loom)], directory, block.take(), extra)
    put_first(relay.child.pid)
    folder = directory / "load"
    folder.mkdir()
    command = [str(options.loom.parent / "loom-load"), *relay.as_options(), "--links", "2", "--circuits", str(circuits)]
    load = Child("load", [*command, "--echoes", ECHOES], folder)
    try:
        _await_circuits(load, metrics_port, 2 * circuits)
        os.kill(load.pid, signal.SIGSTOP)
        time.sleep(0.5)
        before = _read(metrics_port)
        time.sleep(options.seconds)
        return {"circuits": circuits} | _between(before, _read(metrics_port))
    finally:
        load.kill()
        stop_all([relay.child])


def _await_circuits(load: Child, metrics_port: int, halves: int) -> None:
    deadline = time.monotonic() + BUILT_SECONDS_MAX
    while (seen := metrics.read(metrics_port)) is None or seen.working_set.get("halves", 0) < halves:
        if not load.is_alive():
            raise TestbedError(f"loom-load ended:\n{load.log_tail()}")
        if time.monotonic() > deadline:
            raise TestbedError(f"not {halves} halves of circuits after {BUILT_SECONDS_MAX:.0f} s")
        time.sleep(0.1)


def _read(metrics_port: int) -> metrics.LoomCounters:
    counters = metrics.read(metrics_port)
    if counters is None:
        raise TestbedError("the relay does not answer at its MetricsPort")
    return counters


def _between(before: metrics.LoomCounters, after: metrics.LoomCounters) -> dict[str, float]:
    seconds = sum(after.since(before).thread_seconds.values())
    moved = after.moves.moved - before.moves.moved
    pauses = after.moves.pauses - before.moves.pauses
    if moved == 0 or pauses == 0:
        raise TestbedError(f"no link has moved; {after.moves.outcomes}")
    return {
        "moves": moved,
        "stayed": after.moves.stayed - before.moves.stayed,
        "cpu_us": round(seconds / moved * 1e6, 1),
        "pause_mean_ms": round((after.moves.pauses_sum - before.moves.pauses_sum) / pauses * 1e3, 3),
        "pause_longest_ms": round(after.moves.pause_longest * 1e3, 3),
    }


def _row(row: dict[str, float]) -> str:
    of_circuit = row["cpu_us"] * 1e3 / row["circuits"]
    return (f"{row['circuits']:>8}  {row['moves']:>5}  {row['cpu_us']:>13.1f}  {of_circuit:>12.0f}"
            f"  {row['pause_mean_ms']:>11.2f}  {row['pause_longest_ms']:>7.2f}")  # fmt: skip
