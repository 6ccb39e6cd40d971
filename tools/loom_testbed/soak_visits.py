"""soak_visits - streams of all sizes and paces that come at random moments, and what became of each.

A visit is one stream: down or up, to the server or to the onion service, on a circuit of its own or on one that others
use too, in one go or held back by its reader, to its end or broken off. Every byte that arrives is compared.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from . import procstat, socks, wire
from .plan import Node
from .transfer import START_STEP, Flow

LENGTH_LEAST = 1_000
LENGTH_MOST = 4_000_000
PACE_LEAST = 64_000  # bytes per second
PACE_MOST = 4_000_000
SHARE_UP = 0.25
SHARE_ONION = 0.1
SHARE_ALONE = 0.5  # on a new circuit of their own
SHARE_GIVEN_UP = 0.1
SHARED_CIRCUITS = 4  # of each client, for the visits that take no new one
OPEN_SECONDS_MAX = 300.0  # others may have the machine for minutes
STALL_SECONDS_MAX = 600
AT_ONCE_MAX = 64
ERRORS_KEPT_MAX = 20


class GivenUp(wire.TransferError):
    """The visitor has had enough, which is nobody's fault."""


@dataclass
class Guest:
    """A client of the network, as visits see it; the crowd changes it, in the main thread."""

    node: Node
    life: int = 1  # counts its starts
    is_usable: bool = True


@dataclass
class Visit(Flow):
    """A stream that is held to a pace, and may be broken off."""

    pace: float = PACE_MOST
    given_up_at: int | None = None

    def _count(self, count: int) -> None:
        super()._count(count)
        if self.given_up_at is not None and self.moved >= self.given_up_at:
            raise GivenUp("given up")
        time.sleep(count / self.pace)


@dataclass
class Tally:
    """How the visits ended. Any thread may add to it; read it under its lock."""

    ends: Counter[str] = field(default_factory=Counter)
    bytes_right: int = 0
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, end: str, moved: int, error: str = "") -> None:
        """Count one visit."""
        with self.lock:
            self.ends[end] += 1
            self.bytes_right += moved
            if error and len(self.errors) < ERRORS_KEPT_MAX:
                self.errors.append(f"{time.strftime('%H:%M:%S')} {end}: {error}")

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        with self.lock:
            return {**self.ends, "bytes_right": self.bytes_right, "errors": list(self.errors)}


class Visits:
    """Begins visits at random moments, each in a thread of its own, until stop()."""

    def __init__(self, guests: list[Guest], server_port: int, onion_host: str, per_second: float, seed: int) -> None:
        self.tally = Tally()
        self._guests = guests
        self._server_port = server_port
        self._onion_host = onion_host
        self._per_second = per_second
        self._random = random.Random(seed)
        self._number = 0
        self._relays_left = 0
        self._stopping = threading.Event()
        self._running: list[threading.Thread] = []
        self._open: set[int] = set()
        self._beginner = threading.Thread(target=self._begin_forever, name="visits", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._beginner.start()

    def relay_leaves(self) -> None:
        """A relay of the network is about to end: streams that are under way may end with it."""
        self._relays_left += 1

    @property
    def at_once(self) -> int:
        """Return how many are under way."""
        return sum(thread.is_alive() for thread in list(self._running))

    def stop(self, seconds_max: float, meanwhile: Callable[[], None]) -> int:
        """Begin no more, and wait for those under way, calling meanwhile; return how many had to be left."""
        self._stopping.set()
        self._beginner.join()
        deadline = time.monotonic() + seconds_max
        while self.at_once and time.monotonic() < deadline:
            meanwhile()
            time.sleep(0.2)
        return self.at_once

    def _begin_forever(self) -> None:
        while not self._stopping.wait(self._random.expovariate(self._per_second)):
            self._running = [thread for thread in self._running if thread.is_alive()]
            usable = [guest for guest in self._guests if guest.is_usable]
            if not usable or len(self._running) >= AT_ONCE_MAX:
                continue
            guest = self._random.choice(usable)
            visit = self.draw(guest)
            thread = threading.Thread(target=self._go, args=(guest, visit), name="visit", daemon=True)
            self._running.append(thread)
            thread.start()

    def draw(self, guest: Guest) -> Visit:
        """Return a visit of this guest, by chance; call it in one thread only."""
        draw = self._random
        self._number += 1
        length = round(_between(draw, LENGTH_LEAST, LENGTH_MOST))
        is_alone = draw.random() < SHARE_ALONE
        return Visit(
            client=guest.node,
            direction=wire.UPLOAD if draw.random() < SHARE_UP else wire.DOWNLOAD,
            length=length,
            start=START_STEP * self._number,
            host=self._onion_host if draw.random() < SHARE_ONION else "",
            isolation=f"alone{self._number}" if is_alone else f"shared{draw.randrange(SHARED_CIRCUITS)}",
            stall_seconds=STALL_SECONDS_MAX,
            pace=_between(draw, PACE_LEAST, PACE_MOST),
            given_up_at=draw.randrange(length) if draw.random() < SHARE_GIVEN_UP else None,
        )

    def _go(self, guest: Guest, visit: Visit) -> None:
        life, aborts, relays_left = guest.life, procstat.tcp_aborts_for_memory(), self._relays_left
        try:
            visit.open(self._server_port, OPEN_SECONDS_MAX)
        except socks.SocksError as error:
            self.tally.add(*end_of_unopened(guest, life, visit, error))
            return
        visit.run()
        visit.close()
        end, moved, error = end_of(guest, life, visit)
        if end == "broken" and self._relays_left > relays_left:
            end = "relay_left"
        elif end == "broken" and procstat.tcp_aborts_for_memory() > aborts:
            end = "no_tcp_memory"  # others filled the kernel's buffers, and it resets whose it likes
        self.tally.add(end, moved, error)


def end_of_unopened(guest: Guest, life: int, visit: Visit, error: Exception) -> tuple[str, int, str]:
    """Return what a visit counts as that found no way: its end, no bytes, and what to say of it."""
    if guest.life != life:
        return "client_left", 0, ""
    where = "the service" if visit.host else "the server"
    return "unopened", 0, f"{visit.describe()} to {where}: {error}"


def end_of(guest: Guest, life: int, visit: Visit) -> tuple[str, int, str]:
    """Return what a visit counts as that began in this life of its guest: its end, its right bytes, and why."""
    if visit.verified:
        return "verified", visit.length, ""
    if "is wrong" in visit.error or "more than" in visit.error:
        return "wrong", 0, visit.error
    if "given up" in visit.error:
        return "given_up", visit.moved, ""
    if guest.life != life:
        return "client_left", visit.moved, ""
    where = "the service" if visit.host else "the server"
    how = (
        f"{visit.moved} of {visit.length} bytes, {visit.seconds:.1f} s, {visit.pace / 1000:.0f} kB/s, {visit.isolation}"
    )
    return "broken", visit.moved, f"{visit.error}, to {where}: {how}"


def _between(draw: random.Random, least: float, most: float) -> float:
    """Draw a number of which each order of magnitude is as likely as the next."""
    return math.exp(draw.uniform(math.log(least), math.log(most)))
