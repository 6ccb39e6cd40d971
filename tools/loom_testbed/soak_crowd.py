"""soak_crowd - clients and relays of the real tor that come and go: they are ended or killed, and started again.

Thread: the main thread, which alone may start children (process.py); a client that starts is tried by a thread.
"""

from __future__ import annotations

import math
import random
import threading
import time

from . import transfer
from .network import Network
from .plan import Node
from .soak_visits import Guest, Visits

PROBE_SECONDS_MAX = 60.0
LEAVES_SECONDS_MAX = 120.0
PEER_LEAVES_SECONDS_MAX = 10.0  # some hang at their end, with all their connections open
SHARE_KILLED = 0.3
SHARE_NEW_GUARDS = 0.5


class Crowd:
    """The clients, one of which leaves every so many seconds."""

    def __init__(self, network: Network, every_seconds: float, seed: int) -> None:
        self.guests = [Guest(node) for node in network.with_role("client")]
        self.left = 0
        self._network = network
        self._every = every_seconds
        self._random = random.Random(seed)
        self._next_at = time.monotonic() + every_seconds
        self._leaving: Guest | None = None
        self._leaves_until = 0.0

    def tick(self) -> None:
        """Do what is due; call it every second or so."""
        now = time.monotonic()
        if self._leaving is not None:
            self._restart_when_gone(self._leaving, now)
        elif now >= self._next_at:
            self._next_at = now + self._every
            self._let_one_leave(now)

    def away(self) -> list[str]:
        """Return the names of the clients that are not usable now."""
        return [guest.node.name for guest in self.guests if not guest.is_usable]

    def settle(self, seconds_max: float) -> None:
        """Let nobody leave any more, and return when all are back, or it takes too long."""
        deadline = time.monotonic() + seconds_max
        self._next_at = math.inf
        while self.away() and time.monotonic() < deadline:
            self.tick()
            time.sleep(0.2)

    def _let_one_leave(self, now: float) -> None:
        usable = [guest for guest in self.guests if guest.is_usable]
        if len(usable) < 2:
            return
        guest = self._random.choice(usable)
        guest.is_usable = False
        guest.life += 1
        self.left += 1
        child = self._network.child(guest.node)
        child.kill() if self._random.random() < SHARE_KILLED else child.ask_to_stop()
        self._leaving, self._leaves_until = guest, now + LEAVES_SECONDS_MAX

    def _restart_when_gone(self, guest: Guest, now: float) -> None:
        child = self._network.child(guest.node)
        if child.is_alive():
            if now > self._leaves_until:
                child.kill()
            return
        self._leaving = None
        if self._random.random() < SHARE_NEW_GUARDS:
            (guest.node.directory / "data" / "state").unlink(missing_ok=True)
        self._network.start_node(guest.node)
        threading.Thread(target=self._until_usable, args=(guest,), name="returns", daemon=True).start()

    def _until_usable(self, guest: Guest) -> None:
        while not transfer.probe(guest.node, self._network.server_port, PROBE_SECONDS_MAX):
            time.sleep(transfer.RETRY_SECONDS)
        guest.is_usable = True


class Peers:
    """The relays that run tor, one of which starts anew every so many seconds, each in its turn."""

    def __init__(self, network: Network, every_seconds: float, visits: Visits) -> None:
        self.left = 0
        self._network = network
        self._nodes = [node for node in network.with_role("relay") if node.program == "tor"]
        self._every = every_seconds
        self._visits = visits
        self._next_at = time.monotonic() + every_seconds
        self._leaving: Node | None = None
        self._leaves_until = 0.0

    def tick(self) -> None:
        """Do what is due; call it every second or so."""
        now = time.monotonic()
        if self._leaving is not None:
            self._restart_when_gone(self._leaving, now)
        elif self._nodes and now >= self._next_at:
            self._next_at = now + self._every
            self._leaving = self._nodes[self.left % len(self._nodes)]
            self.left += 1
            self._visits.relay_leaves()
            self._leaves_until = now + PEER_LEAVES_SECONDS_MAX
            self._network.child(self._leaving).ask_to_stop()

    def settle(self) -> None:
        """Let none leave any more, and return when all run."""
        self._next_at = math.inf
        while self._leaving is not None:
            self.tick()
            time.sleep(0.2)

    def _restart_when_gone(self, node: Node, now: float) -> None:
        child = self._network.child(node)
        if child.is_alive():
            if now > self._leaves_until:
                child.kill()
            return
        self._network.start_node(node)
        self._leaving = None
