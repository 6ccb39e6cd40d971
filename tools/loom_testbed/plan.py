"""plan - what network is asked for, as values."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

TOR = "/usr/bin/tor"
NODES_MAX = 40
USERS = ("client", "service")  # roles that are no relay


@dataclass(frozen=True)
class Relay:
    """One relay: the program it runs, and how many connection threads (Loom only; None: its default)."""

    program: str  # "loom" or "tor"
    threads: int | None = None


@dataclass(frozen=True)
class Pin:
    """The programs that a client's guard, middle and exit have to run."""

    guard: str
    middle: str
    exit: str

    def as_text(self) -> str:
        """Return it as a name."""
        return f"{self.guard}-{self.middle}-{self.exit}"


EVERY_PIN = tuple(Pin(*programs) for programs in itertools.product(("loom", "tor"), repeat=3))
TWO_TORS = (Relay("tor"), Relay("tor"))


@dataclass(frozen=True)
class Plan:
    """A network. Either each relay has one role and every data circuit is guard, middle, exit, in this order; or there
    are `relays`, each in all roles, and the clients choose among them by themselves, with default settings."""

    middles: tuple[Relay, ...]
    loom: Path
    directory: Path
    authorities: int = 1
    guards: tuple[Relay, ...] = TWO_TORS
    exits: tuple[Relay, ...] = TWO_TORS
    relays: tuple[Relay, ...] = ()
    clients: int = 4
    services: int = 0  # onion services in front of the server; their circuits keep off the authorities
    pins: tuple[Pin, ...] = ()  # one for each client; none given: any relay of the right role
    has_guard_each: bool = False  # client N has the Nth guard (in turn) alone
    conflux: bool = True
    port_base: int | None = None
    ready_seconds_max: float = 120.0
    consensuses_valid: int = 20  # how many votes a consensus outlives: on a busy machine many may fail
    loom_options: tuple[str, ...] = ()
    middle_options: tuple[str, ...] = ()  # whatever program they run
    client_middles: tuple[int, ...] = ()  # indices of the middles that clients may use at first; none given: all

    @property
    def uses_loom(self) -> bool:
        """Say whether any relay is Loom."""
        return any(one.program == "loom" for one in self.guards + self.middles + self.exits + self.relays)


@dataclass
class Node:
    """One process of the network, as its configuration sees it."""

    name: str  # also its nickname
    role: str  # authority, guard, exit, middle, relay (all three at once), client or service
    program: str  # tor or loom
    directory: Path
    or_port: int = 0
    dir_port: int = 0
    socks_port: int = 0
    control_port: int = 0
    metrics_port: int = 0
    threads: int | None = None
    pin: Pin | None = None  # of a client
    fingerprint: str = ""  # forty hex digits, known once it has started

    @property
    def torrc(self) -> Path:
        """Return the path of its configuration."""
        return self.directory / "torrc"

    @property
    def is_relay(self) -> bool:
        """Say whether it stands in the consensus."""
        return self.role not in USERS
