"""metrics - Loom's own counters, read from its MetricsPort (Prometheus text).

A counter that the relay does not have is None in every result: it is never made up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from . import consensus

_SAMPLE = re.compile(r"^(?P<name>[A-Za-z_:][\w:]*)(?:\{(?P<labels>[^}]*)\})?\s+(?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

KINDS_REPORTED = (
    "cells_received",
    "cells_sent",
    "cells_crossed",
    "bytes_received",
    "bytes_sent",
    "tls_records_read",
    "tls_records_written",
    "tls_aes256_bytes",
    "tls_aes128_bytes",
    "tls_chacha_bytes",
    "reads",
    "writes",
    "wakes",
    "scheduler_picks",
    "aes_bytes",
)

NEGOTIATED = {
    "ntor_v3": "handshakes_ntor_v3",
    "congestion_control": "circuits_congestion_control",
    "conflux_legs": "conflux_legs",
    "conflux_messages": "conflux_messages",
    "cgo_hops": "circuits_cgo",
}


@dataclass
class Moves:
    """Links that were to move to another thread, by what came of it; and the seconds for which those that did were not
    read: the sum, how many, the longest."""

    outcomes: dict[str, int] = field(default_factory=dict)
    pauses_sum: float = 0.0
    pauses: int = 0
    pause_longest: float = 0.0

    def add(self, other: Moves) -> None:
        """Count other's too."""
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        self.pauses_sum += other.pauses_sum
        self.pauses += other.pauses
        self.pause_longest = max(self.pause_longest, other.pause_longest)

    @property
    def moved(self) -> int:
        """Return how many moved."""
        return self.outcomes.get("moved", 0)

    @property
    def stayed(self) -> int:
        """Return how many were to move, and did not."""
        return sum(self.outcomes.values()) - self.moved

    @property
    def pause_mean(self) -> float:
        """Return for how long a link was not read in the mean."""
        return self.pauses_sum / self.pauses if self.pauses else 0.0


@dataclass
class LoomCounters:
    """Work by manager and kind; open links by cipher; seconds by thread; objects by kind, of all managers and of each;
    links that moved; and what the directory authorities know of it."""

    work: dict[str, dict[str, int]] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)
    thread_seconds: dict[str, float] = field(default_factory=dict)
    working_set: dict[str, int] = field(default_factory=dict)
    directory: dict[str, int] = field(default_factory=dict)
    moves: Moves = field(default_factory=Moves)
    at: dict[str, float] = field(default_factory=dict)  # by manager: when its counters were as they are, in seconds
    cpu: dict[str, float] = field(default_factory=dict)  # by manager: seconds of its thread at that moment
    working_sets: dict[str, dict[str, int]] = field(default_factory=dict)  # by manager

    def total(self, kind: str) -> int | None:
        """Return the sum of one kind over the managers; None when no manager has it."""
        values = [kinds[kind] for kinds in self.work.values() if kind in kinds]
        return sum(values) if values else None

    def since(self, before: LoomCounters) -> LoomCounters:
        """Return the work done since before; all else is as of now."""
        work = {
            manager: {kind: value - before.work.get(manager, {}).get(kind, 0) for kind, value in kinds.items()}
            for manager, kinds in self.work.items()
        }
        seconds = {name: value - before.thread_seconds.get(name, 0.0) for name, value in self.thread_seconds.items()}
        at = {manager: value - before.at.get(manager, 0.0) for manager, value in self.at.items()}
        cpu = {manager: value - before.cpu.get(manager, 0.0) for manager, value in self.cpu.items()}
        return LoomCounters(work, self.links, seconds, self.working_set, self.directory, self.moves, at, cpu,
                            self.working_sets)  # fmt: skip


def parse(text: str) -> LoomCounters:
    """Parse Prometheus text; lines that are not ours are skipped."""
    work: dict[str, dict[str, int]] = defaultdict(dict)
    links: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = {}
    objects: dict[str, int] = defaultdict(int)
    directory: dict[str, int] = {}
    moves = Moves()
    at: dict[str, float] = {}
    cpu: dict[str, float] = {}
    sets: dict[str, dict[str, int]] = defaultdict(dict)
    for line in text.splitlines():
        found = _SAMPLE.match(line)
        if found is None:
            continue
        labels = dict(_LABEL.findall(found["labels"] or ""))
        try:
            value = float(found["value"])
        except ValueError:
            continue
        if found["name"] == "loom_work_total" and "kind" in labels:
            work[labels.get("manager", "0")][labels["kind"]] = int(value)
        elif found["name"] == "loom_links" and "cipher" in labels:
            links[labels["cipher"]] += int(value)
        elif found["name"] == "loom_thread_cpu_seconds_total" and "thread" in labels:
            seconds[labels["thread"]] = value
        elif found["name"] == "loom_working_set" and "kind" in labels:
            objects[labels["kind"]] += int(value)
            sets[labels.get("manager", "0")][labels["kind"]] = int(value)
        elif found["name"] == "loom_work_at_seconds" and "manager" in labels:
            at[labels["manager"]] = value
        elif found["name"] == "loom_work_cpu_seconds_total" and "manager" in labels:
            cpu[labels["manager"]] = value
        elif found["name"] == "loom_directory" and "kind" in labels:
            directory[labels["kind"]] = int(value)
        elif found["name"] == "loom_link_moves_total" and "outcome" in labels:
            moves.outcomes[labels["outcome"]] = int(value)
        elif found["name"] == "loom_link_move_pause_seconds_sum":
            moves.pauses_sum = value
        elif found["name"] == "loom_link_move_pause_seconds_count":
            moves.pauses = int(value)
        elif found["name"] == "loom_link_move_pause_longest_seconds":
            moves.pause_longest = value
    return LoomCounters(dict(work), dict(links), seconds, dict(objects), directory, moves, at, cpu, dict(sets))


def read(metrics_port: int) -> LoomCounters | None:
    """Ask a running Loom; None when it does not answer."""
    text = consensus.fetch(metrics_port, "/metrics")
    return None if text is None else parse(text)


def sum_of(counters: Iterable[LoomCounters], kind: str) -> int | None:
    """Sum one kind over several relays; None when none has it."""
    values = [value for value in (one.total(kind) for one in counters) if value is not None]
    return sum(values) if values else None


def moves_of(counters: Iterable[LoomCounters]) -> Moves:
    """Return the moves of several relays together."""
    total = Moves()
    for one in counters:
        total.add(one.moves)
    return total


def negotiated(counters: Sequence[LoomCounters]) -> dict[str, int | None]:
    """Return how often clients got each of the features that they ask for; None: the relays do not count it."""
    return {name: sum_of(counters, kind) for name, kind in NEGOTIATED.items()}
