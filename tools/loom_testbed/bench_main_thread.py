"""bench_main_thread - `tools/bench main-thread`: what one more relayed cell costs Loom's main thread.

Two transfers of different size over one network; the difference of the main thread's CPU time is divided by the
difference in cells. What the main thread does whatever the load (start-up, handshakes) falls out.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from . import arguments
from .checks import DATA_BYTES_PER_CELL
from .errors import TestbedError
from .experiment import Outcome, run_transfer, usable_network
from .measured import Measured
from .plan import Plan, Relay
from .progress import Progress

NAME = "main-thread"
SUMMARY = "CPU of Loom's main thread for each further relayed cell"
GOAL_NS_PER_CELL = 20.0
WARM_UP_BYTES = 20_000_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--threads", type=arguments.count(1, 64), default=2, help="connection threads of Loom")
    add("--small", type=arguments.size, default=200_000_000, metavar="SIZE", help="the smaller transfer")
    add("--large", type=arguments.size, default=1_000_000_000, metavar="SIZE", help="the larger transfer")
    add("--rounds", type=arguments.count(1, 100), default=1, help="pairs of transfers; the median counts")
    add("--clients", type=arguments.count(1, 20), default=4, help="tor clients")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to measure")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    arguments.require_program(options.loom)
    if options.large <= options.small:
        raise TestbedError("--large: expected more than --small")
    plan = Plan(
        middles=(Relay("loom", options.threads),),
        loom=options.loom,
        directory=directory,
        clients=options.clients,
        conflux=False,
    )
    rounds = []
    with usable_network(plan, progress) as network:
        run_transfer(network, WARM_UP_BYTES, 0.1, progress)
        for number in range(1, options.rounds + 1):
            small, large = (
                main_thread_ns(run_transfer(network, size, 0.1, progress)) for size in (options.small, options.large)
            )
            added_cells = (options.large - options.small) // DATA_BYTES_PER_CELL
            rounds.append(
                {"small_ns": small, "large_ns": large, "ns_per_added_cell": round((large - small) / added_cells, 2)}
            )
            progress.line(f"round {number}: {rounds[-1]['ns_per_added_cell']} ns a cell")
    cost = statistics.median(one["ns_per_added_cell"] for one in rounds)
    result: dict[str, object] = {
        "main_thread_ns_per_added_cell": cost,
        "goal_ns_per_added_cell": GOAL_NS_PER_CELL,
        "ok": cost <= GOAL_NS_PER_CELL,
        "threads": options.threads,
        "small_bytes": options.small,
        "large_bytes": options.large,
        "rounds": rounds,
    }
    text = f"main thread: {cost} ns for each further relayed cell (goal: at most {GOAL_NS_PER_CELL:.0f} ns)"
    return Measured(result, text, cost <= GOAL_NS_PER_CELL)


def main_thread_ns(outcome: Outcome) -> int:
    """Return the CPU time of the main thread of the one Loom in a verified transfer."""
    if not outcome.is_verified:
        raise TestbedError("; ".join(flow.error for flow in outcome.flows if flow.error))
    loom = next(one for one in outcome.used if one.program == "loom")
    return next(thread.cpu_ns for thread in loom.cpu.threads if thread.tid == loom.cpu.pid)
