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
class LoomCounters:
    """Work by manager and kind; open links by cipher; seconds by thread; objects by kind, of all managers; and what the
    directory authorities know of it."""

    work: dict[str, dict[str, int]] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)
    thread_seconds: dict[str, float] = field(default_factory=dict)
    working_set: dict[str, int] = field(default_factory=dict)
    directory: dict[str, int] = field(default_factory=dict)

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
        return LoomCounters(work, self.links, seconds, self.working_set, self.directory)


def parse(text: str) -> LoomCounters:
    """Parse Prometheus text; lines that are not ours are skipped."""
    work: dict[str, dict[str, int]] = defaultdict(dict)
    links: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = {}
    objects: dict[str, int] = defaultdict(int)
    directory: dict[str, int] = {}
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
        elif found["name"] == "loom_directory" and "kind" in labels:
            directory[labels["kind"]] = int(value)
    return LoomCounters(dict(work), dict(links), seconds, dict(objects), directory)


def read(metrics_port: int) -> LoomCounters | None:
    """Ask a running Loom; None when it does not answer."""
    text = consensus.fetch(metrics_port, "/metrics")
    return None if text is None else parse(text)


def sum_of(counters: Iterable[LoomCounters], kind: str) -> int | None:
    """Sum one kind over several relays; None when none has it."""
    values = [value for value in (one.total(kind) for one in counters) if value is not None]
    return sum(values) if values else None


def negotiated(counters: Sequence[LoomCounters]) -> dict[str, int | None]:
    """Return how often clients got each of the features that they ask for; None: the relays do not count it."""
    return {name: sum_of(counters, kind) for name, kind in NEGOTIATED.items()}
