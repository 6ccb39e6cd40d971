"""plan - what network is asked for, as values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TOR = "/usr/bin/tor"
NODES_MAX = 40


@dataclass(frozen=True)
class Middle:
    """One middle relay: the program it runs, and how many connection threads (Loom only; None: its default)."""

    program: str  # "loom" or "tor"
    threads: int | None = None


@dataclass(frozen=True)
class Plan:
    """A network. Every data circuit is guard, middle, exit, in this order."""

    middles: tuple[Middle, ...]
    loom: Path
    directory: Path
    authorities: int = 1
    guards: int = 2
    exits: int = 2
    clients: int = 4
    conflux: bool = True
    port_base: int | None = None
    ready_seconds_max: float = 120.0
    loom_options: tuple[str, ...] = ()
    client_middles: tuple[int, ...] = ()  # indices of the middles that clients may use at first; none given: all

    @property
    def uses_loom(self) -> bool:
        """Say whether any middle is Loom."""
        return any(middle.program == "loom" for middle in self.middles)


@dataclass
class Node:
    """One process of the network, as its configuration sees it."""

    name: str  # also its nickname
    role: str  # authority, guard, exit, middle or client
    program: str  # tor or loom
    directory: Path
    or_port: int = 0
    dir_port: int = 0
    socks_port: int = 0
    control_port: int = 0
    metrics_port: int = 0
    threads: int | None = None
    fingerprint: str = ""  # forty hex digits, known once it has started

    @property
    def torrc(self) -> Path:
        """Return the path of its configuration."""
        return self.directory / "torrc"

    @property
    def is_relay(self) -> bool:
        """Say whether it stands in the consensus."""
        return self.role != "client"
