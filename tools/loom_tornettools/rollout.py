"""rollout - which relays run Loom: the first percent of them in an order.

Paired: in each order, a relay that runs Loom at some percent does so at any higher one, for the same seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from .errors import SwapError
from .network import Relay

Key = Callable[[Relay], tuple]
_KEYS: dict[str, Key] = {  # the smaller, the earlier
    "weight": lambda relay: (-relay.weight,),
    "capacity": lambda relay: (-relay.capacity,),
    "lowest": lambda relay: (relay.weight,),
    "guards": lambda relay: (not relay.is_guard, -relay.weight),
    "exits": lambda relay: (not relay.is_exit, -relay.weight),
}
ORDERS = {
    "weight": "those that most clients choose, first",
    "capacity": "those with most bandwidth first",
    "random": "drawn by --seed",
    "lowest": "those that fewest clients choose, first",
    "guards": "guards before all others, each by weight",
    "exits": "exits before all others, each by weight",
}


def in_order(relays: Sequence[Relay], order: str, seed: int) -> list[Relay]:
    """Return all relays, those that run Loom first of all, first. It is the same whatever order they come in."""
    named = sorted(relays, key=lambda relay: relay.fingerprint)
    if order == "random":
        random.Random(f"rollout {seed}").shuffle(named)
        return named
    if order == "capacity" and not all(relay.capacity for relay in named):
        silent = next(relay.name for relay in named if not relay.capacity)
        raise SwapError(f"--order capacity: hosts: {silent}: expected bandwidth_up and bandwidth_down")
    return sorted(named, key=_KEYS[order])


def choose(relays: Sequence[Relay], percent: int, order: str, seed: int = 1) -> list[Relay]:
    """Return those that run Loom: so many percent, rounded to whole relays."""
    return in_order(relays, order, seed)[: (len(relays) * percent + 50) // 100]
