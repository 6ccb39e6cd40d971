"""marks - what each process had used at one moment, and what it used between two."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

from . import metrics, procstat
from .errors import TestbedError
from .metrics import LoomCounters
from .network import Network
from .plan import Node

CELL_LENGTH = 514
DRIVER = "testbed"
SETTLE_SECONDS = 0.25  # a thread of Loom publishes its counters ten times a second, and when it begins to idle
SETTLE_READS_MAX = 20


@dataclass
class Mark:
    """One moment: time, processes by name, Loom's counters, and the bytes that each tor has read and written."""

    at: float = 0.0
    processes: dict[str, procstat.ProcessSample] = field(default_factory=dict)
    counters: dict[str, LoomCounters] = field(default_factory=dict)
    link_bytes: dict[str, tuple[int, int]] = field(default_factory=dict)


def at_start(network: Network) -> Mark:
    """Set a mark before the work: CPU is read last, so that reading the rest is not part of the work."""
    mark = Mark()
    _read_counters(network, mark)
    _read_link_bytes(network, mark)
    _read_processes(network, mark)
    return mark


def at_end(network: Network) -> Mark:
    """Set a mark after the work: CPU is read first, and counters until all that was done is published."""
    mark = Mark()
    _read_processes(network, mark)
    _read_link_bytes(network, mark)
    _read_counters(network, mark)
    for _ in range(SETTLE_READS_MAX):
        before = _work_published(mark)
        time.sleep(SETTLE_SECONDS)
        _read_counters(network, mark)
        if _work_published(mark) == before:
            break
    return mark


def _work_published(mark: Mark) -> dict[str, int | None]:
    return {name: counters.total("cells_sent") for name, counters in mark.counters.items()}


def _read_processes(network: Network, mark: Mark) -> None:
    pids = {name: child.pid for name, child in network.children.items()} | {DRIVER: os.getpid()}
    for name, pid in pids.items():
        sample = procstat.sample(pid)
        if sample is None:
            raise TestbedError(f"{name} has ended")
        mark.processes[name] = sample
    mark.at = time.monotonic()


def _read_counters(network: Network, mark: Mark) -> None:
    for node in network.nodes:
        if node.program == "loom":
            counters = metrics.read(node.metrics_port)
            if counters is not None:
                mark.counters[node.name] = counters


def _read_link_bytes(network: Network, mark: Mark) -> None:
    for node in network.nodes:
        if node.program != "loom":
            with network.control(node) as control:
                mark.link_bytes[node.name] = control.link_bytes()


@dataclass(frozen=True)
class Usage:
    """What one process used between two marks."""

    name: str
    role: str
    program: str
    cpu: procstat.ProcessUse
    counters: LoomCounters | None
    link_bytes: tuple[int, int] | None

    @property
    def cells(self) -> int | None:
        """Return the cells it received by its own count (Loom), or as its link bytes suggest (a tor relay)."""
        if self.counters is not None:
            return self.counters.total("cells_received")
        if self.link_bytes is not None and self.role in ("guard", "middle"):
            return min(self.link_bytes) // CELL_LENGTH
        return None


def usage(network: Network, start: Mark, end: Mark) -> list[Usage]:
    """Return what each process used between the marks, the testbed's own process last."""
    by_name: dict[str, Node] = {node.name: node for node in network.nodes}
    used = []
    for name, after in end.processes.items():
        node = by_name.get(name)
        used.append(
            Usage(
                name=name,
                role=node.role if node else "driver",
                program=node.program if node else "python",
                cpu=procstat.difference(start.processes[name], after),
                counters=_counters_between(start, end, name),
                link_bytes=_bytes_between(start, end, name),
            )
        )
    return used


def _counters_between(start: Mark, end: Mark, name: str) -> LoomCounters | None:
    if name not in end.counters or name not in start.counters:
        return None
    return end.counters[name].since(start.counters[name])


def _bytes_between(start: Mark, end: Mark, name: str) -> tuple[int, int] | None:
    if name not in end.link_bytes or name not in start.link_bytes:
        return None
    (read_before, written_before), (read_after, written_after) = start.link_bytes[name], end.link_bytes[name]
    return read_after - read_before, written_after - written_before
