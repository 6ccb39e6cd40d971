"""bench_bill - `tools/bench bill --load hot|cold`: where the CPU time of a relayed cell goes, and what was done for it.

A lone Loom is saturated by loom-load. For some seconds its threads' CPU time and work counters are read before and
after; then perf samples it for as long. The samples share out the time that was measured without perf.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections import Counter
from pathlib import Path

from . import arguments, bench_load, bench_plot, bench_profile, lone_relay, machine, ports, procstat
from .bench_profile import Chain
from .bench_sides import pins, put_first
from .bench_stages import STAGES, is_resolved, stage_of
from .errors import TestbedError
from .measured import Measured
from .metrics import LoomCounters, read
from .process import stop_all
from .progress import Progress

NAME = "bill"
SUMMARY = "one cell of a saturated Loom by stage: nanoseconds by perf's samples, beside its work counters"
COUNTED = (
    *("tls_records_read", "tls_records_written", "reads", "writes", "bytes_received", "bytes_sent"),
    *("aes_bytes", "copy_bytes", "crypt_runs", "circuit_switches", "scheduler_runs", "scheduler_picks"),
    *("tcp_info_reads", "cells_crossed", "wakes", "mailbox_flushes", "controls_posted", "loop_turns"),
    "loop_sleeps",
)
START_SECONDS_MAX = 120.0
LOADED_CELLS = 200_000  # received in a second: the load has begun
AFTER_SECONDS = 5  # that the load lasts beyond what is measured


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    bench_load.add_load_options(parser)
    add = parser.add_argument
    add("--threads", type=arguments.count(1, 64), default=1, help="connection threads of Loom")
    add("--seconds", type=arguments.count(1, 600), default=5, metavar="S", help="of measuring, and again of sampling")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    generator = options.loom.parent / "loom-load"
    for program in (options.loom, generator):
        arguments.require_program(program)
    bench_profile.require_perf()
    pinned = pins(options.threads, False)
    shape = bench_load.load_lasting(options, 0, 2 * options.seconds + AFTER_SECONDS)
    with ports.PortBlock() as block:
        metrics_port = block.take()
        torrc = (f"ConnectionThreads {options.threads}\nMetricsPort 127.0.0.1:{metrics_port}\n"
                 "MetricsPortPolicy accept 127.0.0.1\n")  # fmt: skip
        put_first()
        command = [*pinned.relay, str(options.loom)]
        relay = lone_relay.start("loom", command, directory / "loom", block.take(), torrc)
        put_first(relay.child.pid)
        load = None
        try:
            with (directory / "loom-load.log").open("w") as log:
                load = subprocess.Popen([*pinned.generator, str(generator), *shape, *relay.as_options()],
                                        stdout=log, stderr=log)  # fmt: skip
            _await_load(load, metrics_port, progress)
            cost, work = _measure(relay.child.pid, metrics_port, options.seconds)
            progress.line(f"{cost:.0f} ns a cell; sampling")
            bench_profile.record(relay.child.pid, options.seconds, directory / "perf.data")
        finally:
            if load is not None:
                load.kill()
                load.wait()
            stop_all([relay.child])
    found = bench_profile.chains(directory / "perf.data", options.loom)
    result = bill(found, cost)
    result |= {"load": options.load, "threads": options.threads, "record_cells": options.record_cells}
    result |= {"work_per_cell": work, "cores_shared": not pinned.relay}
    result |= {"machine": machine.facts(), "load_average": os.getloadavg()[0]}
    picture = bench_plot.draw("bill", result, directory / "bill.svg")
    return Measured(result, _table(result) + f"\n{picture}")


def _await_load(load: subprocess.Popen, metrics_port: int, progress: Progress) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    before = 0
    while time.monotonic() < deadline:
        if load.poll() is not None:
            raise TestbedError(f"loom-load ended with status {load.returncode} before it was measured")
        cells = _cells(read(metrics_port))
        if cells - before >= LOADED_CELLS:
            progress.line("the load is on")
            return
        before = cells
        time.sleep(1)
    raise TestbedError(f"no load after {START_SECONDS_MAX:.0f} s")


def _cells(counters: LoomCounters | None) -> int:
    return (counters.total("cells_received") or 0) if counters else 0


def _measure(pid: int, metrics_port: int, seconds: float) -> tuple[float, dict[str, float]]:
    """Return nanoseconds and work per cell received."""
    before, used_before = read(metrics_port), procstat.sample(pid)
    time.sleep(seconds)
    after, used_after = read(metrics_port), procstat.sample(pid)
    if before is None or after is None or used_before is None or used_after is None:
        raise TestbedError("the relay does not tell its work counters")
    delta = after.since(before)
    cells = _cells(delta)
    if cells == 0:
        raise TestbedError("no cell came while it was measured")
    totals = {kind: delta.total(kind) for kind in COUNTED}
    work = {kind: round(total / cells, 5) for kind, total in totals.items() if total is not None}
    return procstat.difference(used_before, used_after).cpu_ns / cells, work


def bill(found: Counter[Chain], ns_per_cell: float) -> dict[str, object]:
    """Share out what a cell costs among the stages; and name the dearest functions of each."""
    total = sum(found.values())
    if total == 0:
        raise TestbedError("perf took no sample")
    by_stage: Counter[str] = Counter()
    functions: dict[str, Counter[str]] = {stage: Counter() for stage in STAGES}
    for chain, count in found.items():
        stage = stage_of(chain)
        by_stage[stage] += count
        functions[stage][name_of(chain)] += count
    unresolved = sum(count for chain, count in found.items() if not is_resolved(chain))
    stages = {}
    for stage in STAGES:
        dearest = {name: round(count / total * ns_per_cell, 1) for name, count in functions[stage].most_common(4)}
        share = by_stage[stage] / total
        stages[stage] = {"ns_per_cell": round(share * ns_per_cell, 1), "share": round(share, 4), "dearest": dearest}
    return {"ns_per_cell": round(ns_per_cell, 1), "samples": total, "unresolved_share": round(unresolved / total, 4),
            "stages": stages}  # fmt: skip


def name_of(chain: Chain) -> str:
    """Return what a sample is shown as: the innermost function, or its library and the relay's function before it."""
    first = chain[0]
    if first.unit or first.is_kernel:
        return first.name
    caller = next((frame.name for frame in chain if frame.unit), "?")
    library = first.object.split(".")[0]
    return f"{library} for {caller}"


def _table(result: dict[str, object]) -> str:
    lines = ["stage                    ns     %  dearest functions (ns)"]
    for stage, one in result["stages"].items():
        dearest = ", ".join(f"{name} {ns:.0f}" for name, ns in one["dearest"].items())
        lines.append(f"{stage:<19}  {one['ns_per_cell']:>6.0f}  {one['share']:>4.0%}  {dearest}")
    lines.append(f"{'a cell':<19}  {result['ns_per_cell']:>6.0f}  100%  {result['samples']} samples,"
                 f" {result['unresolved_share']:.1%} of them without a function that we know")  # fmt: skip
    lines += ["", "work for a cell:"]
    work = [f"{kind} {value:g}" for kind, value in result["work_per_cell"].items()]
    lines += ["  " + ", ".join(work[i : i + 6]) for i in range(0, len(work), 6)]
    lines.append(bench_load.SHAPE.format(record_cells=result["record_cells"]))
    lines.append(machine.line(result["machine"]))
    return "\n".join(lines)
