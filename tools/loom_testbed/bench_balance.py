"""bench_balance - `tools/bench balance`: ways of spreading links over threads, beside each other, under a skewed load.

A relay with two threads has links of which each second one is pressed as hard as goes: in turn, these all come to one
thread. Once they are, a few light links come, and cells go there and back on one of them, one at a time. What the
heavy ones carry, and what the light one waits, is told for each way of LoadBalancing, in turn, round by round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from . import arguments, lone_relay, ports
from .bench_sides import Result, put_first
from .bench_threads import shares
from .errors import TestbedError
from .measured import Measured
from .process import stop_all
from .progress import Progress

NAME = "balance"
SUMMARY = "links in turn, to the least busy thread, or moved to it, under a skewed load: rate, shares of threads, delay"
POLICIES = ("round-robin", "least-busy", "moving")
LINKS, CIRCUITS = 16, 64  # heavy and idle ones; circuits over them
LIGHT = ["--links", "2", "--circuits", "1", "--verified-links", "1"]
WARMUP_SECONDS = 8  # in which links move
LIGHT_AFTER_SECONDS = 4  # the heavy ones are known by then
SECONDS_MAX = 300

Round = dict[str, Result]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add(
        "--policies", type=policy_names, default=list(POLICIES), metavar="NAME[,NAME]", help="of " + ", ".join(POLICIES)
    )
    add("--threads", type=arguments.count(2, 64), default=2, metavar="N", help="connection threads (default: 2)")
    add("--rounds", type=arguments.count(1, 100), default=5, help="rounds; each measures every policy")
    add("--seconds", type=arguments.count(1, 600), default=6, metavar="S", help="how long to measure each")
    add("--echoes", type=arguments.count(1, 1_000_000), default=1000, metavar="N", help="cells on the light link")
    add("--record-cells", type=arguments.count(1, 31), default=31, metavar="N", help="cells in a record that comes")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to measure")


def policy_names(text: str) -> list[str]:
    """Return the names in a text that has commas between them."""
    names = text.split(",")
    if not names or not set(names) <= set(POLICIES):
        raise argparse.ArgumentTypeError(f"expected some of {', '.join(POLICIES)}, got {text!r}")
    return names


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    for program in (options.loom, options.loom.parent / "loom-load"):
        arguments.require_program(program)
    rounds: list[Round] = []
    with ports.PortBlock() as block:
        for number in range(1, options.rounds + 1):
            one: Round = {}
            for policy in options.policies if number % 2 else options.policies[::-1]:
                one[policy] = _turn(options, policy, directory / f"{policy}-{number}", block.take())
                progress.line(f"round {number}: {policy}: {_said(one[policy])}")
            rounds.append(one)
    result: dict[str, object] = {
        "threads": options.threads,
        "by_policy": {policy: summary(policy, options.policies[0], rounds) for policy in options.policies},
        "load_average": os.getloadavg()[0],
        "rounds": rounds,
    }
    return Measured(result, _table(options.policies, rounds, result))


def _turn(options: argparse.Namespace, policy: str, directory: Path, port: int) -> Result:
    """Measure one policy with a relay of its own."""
    put_first()
    torrc = f"ConnectionThreads {options.threads}\nLoadBalancing {policy}\n"
    relay = lone_relay.start("loom", [str(options.loom)], directory, port, torrc)
    put_first(relay.child.pid)
    try:
        generator = [str(options.loom.parent / "loom-load"), *relay.as_options(), "--record-cells",
                     str(options.record_cells)]  # fmt: skip
        heavy = ["--links", str(LINKS), "--circuits", str(CIRCUITS), "--loaded-every", str(options.threads),
                 "--warmup", str(WARMUP_SECONDS), "--seconds", str(options.seconds)]  # fmt: skip
        with subprocess.Popen(
            [*generator, *heavy], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as pressing:
            time.sleep(LIGHT_AFTER_SECONDS)
            light = _result(subprocess.Popen([*generator, *LIGHT, "--echoes", str(options.echoes)],
                                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))  # fmt: skip
            result = _result(pressing)
    finally:
        stop_all([relay.child])
    return result | {"echo_median_ns": light["echo_median_ns"], "echo_p99_ns": light["echo_p99_ns"]}


def _result(program: subprocess.Popen[str]) -> Result:
    try:
        out, err = program.communicate(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        program.kill()
        raise TestbedError(f"loom-load: not done after {SECONDS_MAX} s") from error
    if program.returncode != 0:
        raise TestbedError(f"loom-load: {(err.strip().splitlines() or ['failed'])[-1]}")
    found: Result = json.loads(out)
    return found


def summary(policy: str, first: str, rounds: Sequence[Round]) -> dict[str, object]:
    """Return medians over the rounds, and ratios to the first policy within rounds."""
    mine = [one[policy] for one in rounds]
    return {
        "cells_per_s": statistics.median(one["cells_per_s"] for one in mine),
        "rate_ratio": round(
            statistics.median(one[policy]["cells_per_s"] / one[first]["cells_per_s"] for one in rounds), 3
        ),
        "busiest_share": round(statistics.median(max(shares(one)) for one in mine), 3),
        "echo_median_us": round(statistics.median(one["echo_median_ns"] for one in mine) / 1000, 1),
        "echo_p99_us": round(statistics.median(one["echo_p99_ns"] for one in mine) / 1000, 1),
        "echo_ratio": round(
            statistics.median(one[policy]["echo_median_ns"] / one[first]["echo_median_ns"] for one in rounds), 3
        ),
    }


def _said(one: Result) -> str:
    parts = "/".join(f"{share:.0%}" for share in shares(one))
    return f"{one['cells_per_s']:.0f} cells/s, {parts}, echo {one['echo_median_ns'] / 1000:.0f} us"


def _table(policies: Sequence[str], rounds: Sequence[Round], result: dict[str, object]) -> str:
    lines = ["round  links        cells/s  relay cores  shares     echo median us   p99 us"]
    for number, one in enumerate(rounds, 1):
        for policy in policies:
            turn = one[policy]
            parts = " ".join(f"{share:.0%}" for share in shares(turn))
            lines.append(
                f"{number:>5}  {policy:<11}  {turn['cells_per_s']:>7.0f}  {turn['relay_cores']:>11.2f}  {parts:<9}"
                f"  {turn['echo_median_ns'] / 1000:>14.0f}  {turn['echo_p99_ns'] / 1000:>7.0f}"
            )
    lines.append("")
    by_policy: dict[str, dict] = result["by_policy"]
    for policy, one in by_policy.items():
        lines.append(
            f"{policy}: {one['cells_per_s']:.0f} cells/s ({one['rate_ratio']:.2f} of {policies[0]}), busiest thread"
            f" {one['busiest_share']:.0%}, echo {one['echo_median_us']:.0f} us ({one['echo_ratio']:.2f}),"
            f" p99 {one['echo_p99_us']:.0f}"
        )
    return "\n".join(lines)
