"""clock - the two clocks of an experiment: Shadow's, which begins with the year 2000, and the scenario's.

The scenario's time 0 is when the network is there and users begin. Standard library alone: this runs in Shadow.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine

SHADOW_EPOCH_S = 946684800  # 2000-01-01 00:00:00 UTC
AUTHORITIES_S, RELAYS_S, OBSERVERS_S = 1, 3, 10
CONSENSUS_S = 60  # the first one becomes valid
RELOAD_S = 75  # relays ask for it now, rather than when their next attempt is due
CLIENTS_S = 85
ZERO_S = 120  # the scenario's time 0
NS = 1_000_000_000
NEVER = -1


def now_ns() -> int:
    """Return the scenario's time."""
    return time.time_ns() - (SHADOW_EPOCH_S + ZERO_S) * NS


class Loop(asyncio.SelectorEventLoop):
    """Counts from its beginning. Shadow's monotonic clock has the years since 1970 in it, so a float of it is no finer
    than 0.1 us: then a timer that is due just now is neither late nor early, and asyncio waits for it without end.
    """

    def __init__(self) -> None:
        self._began = time.monotonic_ns()
        super().__init__()

    def time(self) -> float:
        """Return seconds."""
        return (time.monotonic_ns() - self._began) / NS


def run(program: Coroutine[object, object, None]) -> None:
    """Run an asynchronous program of Shadow's to its end."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(program)
