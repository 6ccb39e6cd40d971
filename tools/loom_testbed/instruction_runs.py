"""instruction_runs - a relay of another machine under qemu, under a load of loom-load: what it ran and what it did.

Of Loom everything from before the first link to after the last is counted, handshakes too: its counters say how many of
each there were, and at both ends the relay idles, so that no count is cut in two. Tor tells nothing: of it, what it ran
for some seconds of the load is counted; how many cells that were, its ciphers tell (instruction_fit).
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import cross_root, instruction_counts, lone_relay, metrics, ports
from .cross_root import Arch
from .errors import TestbedError
from .instruction_counts import Counts
from .load_shape import EXIT, Load
from .lone_relay import LoneRelay
from .native_load import EXIT_TORRC
from .process import stop_all
from .rundir import REPOSITORY

LOOM, TOR = "loom", "tor"
PROGRAMS = (LOOM, TOR)
RELEASE = REPOSITORY / "build" / "release"
PLUGIN = RELEASE / "libloom-count-blocks.so"
GENERATOR = RELEASE / "loom-load"
SETTLE_SECONDS = 1.0  # counters are published each tenth of a second
START_SECONDS_MAX = 120.0
BUILD_SECONDS_MAX = 600.0  # qemu takes a hundred times as long as a CPU would
IDLE_SECONDS = 2.0

HANDSHAKES = {"ntor": "handshakes_ntor", "ntor-v3": "handshakes_ntor_v3"}


@dataclass(frozen=True)
class Stimulus:
    """What is done to the relay: a load, or circuit handshakes alone."""

    name: str
    options: list[str]
    threads: int = 1
    is_exit: bool = False
    link_ciphers: str = "chacha"  # what the relay prefers: loom-load's peers have no other than the load's

    @staticmethod
    def of_load(load: Load) -> Stimulus:
        """Return the load as a stimulus."""
        return Stimulus(load.name, [*load.generator_options(), "--verified-links", "0"], load.threads,
                        load.role == EXIT, "chacha" if load.cipher == "chacha" else "aes")  # fmt: skip

    @staticmethod
    def of_handshakes(kind: str) -> Stimulus:
        """Return handshakes of a kind, as many as the relay takes."""
        return Stimulus(f"handshakes {kind}", ["--handshakes", kind, "--links", "4", "--circuits", "16"])


@dataclass(frozen=True)
class Observation:
    """What one relay ran for what it did."""

    name: str
    cells: int
    counts: Counts
    work: dict[str, int] = field(default_factory=dict)  # all threads together; empty of tor

    def as_dict(self) -> dict[str, object]:
        """Return what a file keeps of it."""
        counts = {f"{library} {kind}": count for (library, kind), count in sorted(self.counts.items())}
        return {"name": self.name, "cells": self.cells, "work": self.work, "instructions": counts}


def program_of(arch: Arch, program: str) -> Path:
    """Return where the relay is: ours as it was built, tor as Debian has it."""
    return REPOSITORY / "build" / arch.name / "loom-relay" if program == LOOM else arch.root / "usr" / "bin" / "tor"


def qemu_command(arch: Arch, counts: Path) -> list[str]:
    """Return what runs a program of the other machine, without instructions for ciphers, and counts to a file."""
    return [arch.qemu, "-cpu", arch.cpu, "-L", str(arch.root), "-E", "OPENSSL_armcap=1",
            "-plugin", f"{PLUGIN},counts={counts}"]  # fmt: skip


def observe(
    arch: Arch, program: str, stimulus: Stimulus, directory: Path, block: ports.PortBlock, seconds: int
) -> Observation:
    """Start the relay and put the stimulus on it for so long; call it from the main thread."""
    counts = directory.with_suffix(".counts")
    metrics_port = block.take()
    command = [*qemu_command(arch, counts), str(program_of(arch, program))]
    policy = "ExitPolicy accept *:*" if stimulus.is_exit else lone_relay.NO_EXIT
    torrc = _torrc(program, stimulus, metrics_port)
    relay = lone_relay.start(program, command, directory, block.take(), torrc, policy=policy)
    try:
        read = _reader(relay, counts)
        if program == LOOM:
            return _observe_loom(relay, stimulus, seconds, read, metrics_port)
        return _observe_tor(relay, stimulus, seconds, read)
    finally:
        stop_all([relay.child])
        counts.unlink(missing_ok=True)
        Path(f"{counts}.maps").unlink(missing_ok=True)


def _torrc(program: str, stimulus: Stimulus, metrics_port: int) -> str:
    exits = EXIT_TORRC if stimulus.is_exit else ""
    if program == TOR:
        # qemu does not tell tor how full the kernel's buffers are: KIST would send nothing.
        return exits + "NumCPUs 1\nSchedulers KISTLite\n"
    return (exits + f"ConnectionThreads {stimulus.threads}\nLinkCiphers {stimulus.link_ciphers}\n"
            f"MetricsPort 127.0.0.1:{metrics_port}\nMetricsPortPolicy accept 127.0.0.1\n")  # fmt: skip


def _reader(relay: LoneRelay, counts: Path) -> Callable[[], Counts]:
    def read() -> Counts:
        return instruction_counts.read(counts, Path(f"/proc/{relay.child.pid}/maps").read_text())

    return read


def _observe_loom(
    relay: LoneRelay, stimulus: Stimulus, seconds: int, read: Callable[[], Counts], metrics_port: int
) -> Observation:
    _await_work(metrics_port)
    time.sleep(SETTLE_SECONDS)
    idle_from, idle_since = read(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    before, since, work_before = read(), time.monotonic(), _await_work(metrics_port)
    with _generator(relay, stimulus, seconds) as generator:
        _finish(generator, stimulus, seconds)
    time.sleep(SETTLE_SECONDS)
    after, until, work_after = read(), time.monotonic(), _await_work(metrics_port)
    work = {kind: work_after[kind] - work_before.get(kind, 0) for kind in work_after}
    idle = instruction_counts.difference(before, idle_from)
    idled = (until - since) / (since - idle_since)
    counts = instruction_counts.difference(after, before)
    for key, count in idle.items():  # what time alone costs
        counts[key] = max(0, counts[key] - round(count * idled))
    return Observation(stimulus.name, work["cells_received"], counts, {k: v for k, v in work.items() if v > 0})


def _observe_tor(relay: LoneRelay, stimulus: Stimulus, seconds: int, read: Callable[[], Counts]) -> Observation:
    with _generator(relay, stimulus, seconds) as generator:
        _await_measuring(generator, stimulus)
        before = read()
        time.sleep(seconds)
        after = read()
        generator.kill()  # what it would say comes from another window
    return Observation(stimulus.name, 0, instruction_counts.difference(after, before))


def _await_work(metrics_port: int) -> dict[str, int]:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        counters = metrics.read(metrics_port)
        if counters is not None:
            kinds = {kind for work in counters.work.values() for kind in work}
            return {kind: counters.total(kind) or 0 for kind in sorted(kinds)}
        time.sleep(0.2)
    raise TestbedError("the relay does not tell its work counters")


def _generator(relay: LoneRelay, stimulus: Stimulus, seconds: int) -> subprocess.Popen:
    command = [str(GENERATOR), *stimulus.options, "--warmup", "1", "--seconds", str(seconds), *relay.as_options()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _await_measuring(generator: subprocess.Popen, stimulus: Stimulus) -> None:
    assert generator.stderr is not None
    lines = []
    for line in generator.stderr:
        if line.startswith("measuring"):
            return
        lines.append(line.strip())
    raise TestbedError(f"{stimulus.name}: {lines[-1] if lines else 'loom-load ended'}")


def _finish(generator: subprocess.Popen, stimulus: Stimulus, seconds: int) -> dict:
    try:
        out, complaints = generator.communicate(timeout=BUILD_SECONDS_MAX + seconds)
    except subprocess.TimeoutExpired as error:
        generator.kill()
        raise TestbedError(f"{stimulus.name}: loom-load is not done in time") from error
    if generator.returncode != 0:
        lines: Sequence[str] = complaints.strip().splitlines() or ["loom-load ended"]
        raise TestbedError(f"{stimulus.name}: {lines[-1]}")
    report: dict = json.loads(out)
    return report


def require_built(arch: Arch) -> None:
    """Build what runs here and what runs there."""
    build = REPOSITORY / "tools" / "lib" / "build"
    here, there = ["loom-load", "loom-count-blocks"], ["loom-relay", "loom-primitives"]
    for preset, targets in (("release", here), (arch.name, there)):
        if subprocess.run([str(build), preset, *targets], check=False).returncode != 0:
            raise TestbedError(f"preset {preset} does not build; see build/{preset}.log")
    cross_root.require_tools(arch)
