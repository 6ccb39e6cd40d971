"""native_load - a load on a relay that runs here: cells, the CPU time of each of its threads and the work of each.

The relay is started anew, alone, and loom-load presses it from the other core. Of Loom everything is of one window per
thread, the one between two publications of its counters: the thread tells with them when it was, and how much CPU it
had had by then. Of tor, which tells nothing, CPU time is what the scheduler counts while loom-load measures.
"""

from __future__ import annotations

import functools
import json
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import arguments, lone_relay, metrics, ports
from .bench_sides import Pins, pins, put_first
from .errors import TestbedError
from .load_shape import EXIT, Load
from .lone_relay import LoneRelay
from .metrics import LoomCounters
from .process import stop_all

LOOM = "loom"
TOR = "tor"
BUILD_SECONDS_MAX = 300  # until all circuits are open
SETTLE_SECONDS = 0.3  # after loom-load has begun to measure: counters are published each tenth of a second
END_SECONDS_MAX = 60  # beyond what loom-load was asked to take
POLICY_SECONDS_MAX = 20
UNDISTURBED_LEAST = 8  # slices: LOAD_DELAY_SLICES_LEAST
OFFERED_LEAST = 0.95  # of the rate must have gone through
SATURATED = 0.95  # of the cores that the relay's connection threads could use

# Clients that no consensus lists, and a server on the loopback that is named by its address.
EXIT_TORRC = """\
ExitRelay 1
RefuseUnknownExits 0
ExitPolicyRejectPrivate 0
ServerDNSDetectHijacking 0
"""

DELAYS = ("p50", "p99", "p50_of_all", "p99_of_all", "mean")  # the first two: of the median slice of 10 ms

Work = dict[str, int]


@functools.cache
def _keys() -> tempfile.TemporaryDirectory[str]:
    """Return where the keys of loom-load's relays are, made once for all runs; they go when we end."""
    return tempfile.TemporaryDirectory(prefix="loom-keys-")


@dataclass(frozen=True)
class GeneratorResult:
    """What loom-load's own thread did while it measured, and the CPU time that it took."""

    cells: float
    cpu_ns: float
    work: Work


@dataclass(frozen=True)
class NativeResult:
    """What a load did to a relay. Threads are named main, conn-1, ..., worker-1, ...; of tor as tor names them."""

    load: Load
    program: str
    cells: float
    seconds: float
    cpu_ns: dict[str, int]  # by thread
    work: dict[str, Work] = field(default_factory=dict)  # by thread; empty of tor
    working_set: dict[str, Work] = field(default_factory=dict)  # by thread, at the end of the window
    generator_cores: float = 0.0
    cores_shared: bool = False  # with the generator
    cipher: str = ""
    delay_ns: dict[str, float] = field(default_factory=dict)  # DELAYS; of a load with a rate
    is_disturbed: bool = False  # with a rate: other programs had the cores so often that the delays are theirs, too
    left_out: int = 0  # cells of the rate for which there was no room
    most: tuple[float, ...] = ()  # cells a second that went as fast as they could just before and after; of a share
    generator: GeneratorResult | None = None  # of a middle's load without a rate
    report: dict[str, object] = field(default_factory=dict)  # all that loom-load says

    @property
    def cells_per_s(self) -> float:
        """Return the rate."""
        return self.cells / self.seconds

    @property
    def ns_per_cell(self) -> float:
        """Return the CPU time of all threads for a cell."""
        return sum(self.cpu_ns.values()) / self.cells

    @property
    def relay_cores(self) -> float:
        """Return how many cores the relay used."""
        return sum(self.cpu_ns.values()) / 1e9 / self.seconds

    @property
    def is_saturated(self) -> bool:
        """Say whether the relay was the bottleneck: all threads that relay were busy."""
        return self.relay_cores >= SATURATED * max(1, self.load.threads)

    @property
    def work_per_cell(self) -> dict[str, float]:
        """Return the work of all threads together, for a cell."""
        kinds = {kind for work in self.work.values() for kind in work}
        return {
            kind: sum(work.get(kind, 0) for work in self.work.values()) / self.cells for kind in sorted(kinds)
        }

    @property
    def working_set_sum(self) -> Work:
        """Return the working sets of all threads together."""
        kinds = {kind for one in self.working_set.values() for kind in one}
        return {kind: sum(one.get(kind, 0) for one in self.working_set.values()) for kind in sorted(kinds)}

    def as_dict(self) -> dict[str, object]:
        """Return what a file keeps of it."""
        return {
            "load": self.load.as_dict(),
            "program": self.program,
            "cells": round(self.cells),
            "seconds": round(self.seconds, 6),
            "cells_per_s": round(self.cells_per_s),
            "ns_per_cell": round(self.ns_per_cell, 2),
            "relay_cores": round(self.relay_cores, 4),
            "generator_cores": self.generator_cores,
            "cores_shared": self.cores_shared,
            "is_saturated": self.is_saturated,
            "cipher": self.cipher,
            "cpu_ns": self.cpu_ns,
            "work": self.work,
            "working_set": self.working_set,
            "delay_ns": self.delay_ns,
            "is_disturbed": self.is_disturbed,
            "left_out": self.left_out,
            "most": self.most,
            "generator": None if self.generator is None else vars(self.generator),
        }


@dataclass(frozen=True)
class Programs:
    """Where the programs are."""

    loom: Path = arguments.LOOM_DEFAULT
    tor: str = "tor"

    @property
    def generator(self) -> Path:
        """Return loom-load, which lies beside the relay."""
        return self.loom.parent / "loom-load"


HERE = Programs()


def run(
    load: Load,
    directory: Path,
    block: ports.PortBlock,
    program: str = LOOM,
    seconds: float = 4.0,
    warmup: int = 1,
    programs: Programs = HERE,
    torrc: str = "",
    share: int = 0,
) -> NativeResult:
    """Put the load on a relay that is started for it, for warmup and then seconds; directory must not exist yet.

    share: percent of what the relay carries just before, which is the rate of the result's load; 0: it is the load's.
    Only of Loom. Call it from the main thread.
    Raise TestbedError when the relay, the generator or a single cell is lost."""
    command = _command(program, programs)
    arguments.require_program(programs.generator)
    metrics_port = block.take()
    pinned = pins(max(1, load.threads), False)
    put_first()
    relay = lone_relay.start(program, [*pinned.relay, *command], directory, block.take(),
                             _torrc(program, load, metrics_port) + torrc, policy=_policy(load))  # fmt: skip
    put_first(relay.child.pid)
    try:
        if program == TOR:
            return _from_report(load, program, _press_tor(relay, load, programs, pinned, warmup, seconds), pinned)
        report, window = _generate(relay, load, programs, pinned, warmup, seconds, metrics_port, share)
        assert window is not None
        return _from_counters(load.at_rate(report["rate"]) if share else load, report, window, pinned)
    finally:
        stop_all([relay.child])


def _command(program: str, programs: Programs) -> list[str]:
    if program == LOOM:
        arguments.require_program(programs.loom)
        return [str(programs.loom)]
    tor = shutil.which(programs.tor)
    if tor is None:
        raise TestbedError("tor: no such program; tools/run installs it")
    return [tor]


def _torrc(program: str, load: Load, metrics_port: int) -> str:
    exits = EXIT_TORRC if load.role == EXIT else ""
    if program == TOR:
        return exits + "NumCPUs 1\n"
    return (exits + f"ConnectionThreads {load.threads}\nMetricsPort 127.0.0.1:{metrics_port}\n"
            "MetricsPortPolicy accept 127.0.0.1\n")  # fmt: skip


def _policy(load: Load) -> str:
    return "ExitPolicy accept *:*" if load.role == EXIT else lone_relay.NO_EXIT


Window = tuple[LoomCounters, LoomCounters]


def _generate(
    relay: LoneRelay,
    load: Load,
    programs: Programs,
    pinned: Pins,
    warmup: int,
    seconds: float,
    metrics_port: int | None,
    share: int = 0,
) -> tuple[dict, Window | None]:
    """Run loom-load, and read the relay's counters at both ends of a window inside its own."""
    whole = int(seconds + 2 * SETTLE_SECONDS) + 1 if metrics_port else max(1, round(seconds))
    own = ["--verified-links", "1" if load.rate or share else "0", "--keys", _keys().name]
    own += ["--share", str(share)] if share else []
    command = [*pinned.generator, str(programs.generator), *load.generator_options(), *own,
               "--warmup", str(warmup), "--seconds", str(whole), *relay.as_options()]  # fmt: skip
    generator = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    window = None
    try:
        said = await_window(generator, BUILD_SECONDS_MAX + warmup)
        if metrics_port and said is None:
            window = _window(metrics_port, seconds)
        out, rest = generator.communicate(timeout=whole + END_SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        raise TestbedError(f"{load.name}: loom-load is not done in time") from error
    finally:
        if generator.poll() is None:
            generator.kill()
            generator.wait()
    if generator.returncode != 0:
        lines = ((said or "") + rest.decode(errors="replace")).strip().splitlines() or ["loom-load ended"]
        raise TestbedError(f"{load.name}: {lines[-1]}")
    report: dict = json.loads(out)
    return report, window


def _press_tor(relay: LoneRelay, load: Load, programs: Programs, pinned: Pins, warmup: int, seconds: float) -> dict:
    """Run loom-load; a tor has no exit policy, and so no streams, for some seconds after its start."""
    deadline = time.monotonic() + (POLICY_SECONDS_MAX if load.role == EXIT else 0)
    while True:
        try:
            return _generate(relay, load, programs, pinned, warmup, seconds, None)[0]
        except TestbedError:
            if time.monotonic() > deadline:
                raise
        time.sleep(1)


def await_window(generator: subprocess.Popen[bytes], seconds_max: float) -> str | None:
    """Wait until loom-load says that it measures; None: it has. Otherwise what it said before it ended."""
    assert generator.stderr is not None
    said = b""
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        ready, _, _ = select.select([generator.stderr], [], [], 1.0)
        if not ready:
            continue
        part = generator.stderr.read1()
        said += part
        if b"\nmeasuring" in b"\n" + said:
            return None
        if not part:
            return said.decode(errors="replace")
    raise TestbedError(f"loom-load does not measure after {seconds_max:.0f} s")


def _window(metrics_port: int, seconds: float) -> Window:
    time.sleep(SETTLE_SECONDS)
    before = metrics.read(metrics_port)
    time.sleep(seconds)
    after = metrics.read(metrics_port)
    if before is None or after is None:
        raise TestbedError("the relay does not tell its work counters")
    return before, after


def _thread_of(manager: str) -> str:
    return "main" if manager == "0" else f"conn-{manager}"


def _from_counters(load: Load, report: dict, window: Window, pinned: Pins) -> NativeResult:
    before, after = window
    delta = after.since(before)
    busy = {manager for manager in delta.at if delta.at[manager] > 0 and _handled(delta.work[manager]) > 0}
    if not busy:
        raise TestbedError(f"{load.name}: no cell came while it was measured")
    cpu = {name: round(1e9 * value) for name, value in delta.thread_seconds.items()}
    cpu |= {_thread_of(manager): round(1e9 * delta.cpu[manager]) for manager in busy}
    # Each thread has a window of its own, a tenth of a second more or less: all counts are scaled to the mean one.
    mean = sum(delta.at[manager] for manager in busy) / len(busy)
    scale = {_thread_of(manager): mean / delta.at[manager] for manager in busy}
    work = {
        _thread_of(manager): {
            kind: round(count * scale.get(_thread_of(manager), 1.0)) for kind, count in kinds.items()
        }
        for manager, kinds in delta.work.items()
        if manager.isdigit()
    }
    cpu = {name: round(value * scale.get(name, 1.0)) for name, value in cpu.items()}
    return NativeResult(
        load=load,
        program=LOOM,
        cells=_cells(load, work, report),
        seconds=mean,
        cpu_ns=cpu,
        work=work,
        working_set={_thread_of(manager): one for manager, one in after.working_sets.items()},
        generator_cores=report["generator_cores"],
        cores_shared=not pinned.relay,
        cipher=report["cipher"],
        delay_ns=_delay(report),
        is_disturbed=_is_disturbed(load, report),
        left_out=report.get("left_out", 0),
        most=tuple(report[name] for name in ("most_before", "most_after") if name in report),
        generator=_generator(report),
        report=report,
    )


def _generator(report: dict) -> GeneratorResult | None:
    if "generator_work" not in report:
        return None
    return GeneratorResult(report["cells"], report["cells"] * report["generator_ns_per_cell"], report["generator_work"])


def _handled(work: Work) -> int:
    return work.get("cells_received", 0) + work.get("cells_sent", 0)


def _cells(load: Load, work: dict[str, Work], report: dict) -> float:
    """Return the cells that were relayed: at an exit those that carry data, by their part of what loom-load saw."""
    if load.role == EXIT:
        part = report["cells"] / (report["cells"] + report["sendmes"])
        return part * sum(_handled(one) for one in work.values())
    return float(sum(one.get("cells_received", 0) for one in work.values()))


def _from_report(load: Load, program: str, report: dict, pinned: Pins) -> NativeResult:
    cells = report["cells"]
    threads: Sequence[dict] = report["threads"]
    cpu: dict[str, int] = {}
    for one in threads:
        cpu[one["name"]] = cpu.get(one["name"], 0) + round(one["ns_per_cell"] * cells)
    return NativeResult(
        load=load,
        program=program,
        cells=float(cells),
        seconds=report["seconds"],
        cpu_ns=cpu,
        generator_cores=report["generator_cores"],
        cores_shared=not pinned.relay,
        cipher=report["cipher"],
        delay_ns=_delay(report),
        is_disturbed=_is_disturbed(load, report),
        report=report,
    )


def _delay(report: dict) -> dict[str, float]:
    return {name: report[f"delay_{name}_ns"] for name in DELAYS if f"delay_{name}_ns" in report}


def _is_disturbed(load: Load, report: dict) -> bool:
    if not load.rate:
        return False
    return report["slices_undisturbed"] < UNDISTURBED_LEAST or report["cells_per_s"] < OFFERED_LEAST * load.rate
