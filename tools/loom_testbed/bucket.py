"""bucket - what readings of a relay under load say of the token bucket that it keeps.

With S(t) the bytes sent by its own count, and x(t) = S(t) - rate * t, a token bucket bounds by the burst how far x
rises from any moment to a later one; with a full bucket and load enough it rises so far at first, and stays.

  rate   what is sent a second once the burst is spent
  burst  the most that x rises from one reading to a later one: less, and the burst was not given; more, and in some
         interval too much was sent
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import TestbedError

SETTLED_SECONDS = 2.0  # after the burst
SPENT = 0.95  # of the burst: what comes after is how readings fall
RATE_WITHIN = 0.03
BURST_WITHIN = 0.10
JAIN_LEAST = 0.98  # two threads of which one has 1.14 and the other 0.86 of an equal share
GREEDY = 2.0  # times the rate: what all take when they may, if each thread always wants more than its share
HAS_A_WAY_OUT = 0.25  # of an equal share: a thread without one sends what goes upwards only


@dataclass(frozen=True)
class Limit:
    """What the relay is told, in bytes and bytes a second."""

    rate: int
    burst: int

    def as_lines(self) -> tuple[str, str]:
        """Return it as lines of a torrc."""
        return f"BandwidthRate {self.rate} bytes", f"BandwidthBurst {self.burst} bytes"


@dataclass(frozen=True)
class Reading:
    """What each connection thread had sent, and each transfer had brought, at a time in seconds."""

    at: float
    sent: tuple[int, ...]
    moved: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """Return the sum over the threads."""
        return sum(self.sent)


@dataclass(frozen=True)
class Kept:
    """How a limit was kept: rate and burst as parts of it; what threads sent and transfers brought after the burst."""

    rate: float
    burst: float
    burst_seconds: float
    demand: float  # times the rate, while the burst lasted
    threads: tuple[int, ...]
    transfers: tuple[int, ...]

    @property
    def greedy_threads(self) -> list[int]:
        """Return what the threads sent that had a way out for data."""
        least = sum(self.threads) / len(self.threads) * HAS_A_WAY_OUT
        return [sent for sent in self.threads if sent > least]

    @property
    def jain_threads(self) -> float:
        """Return Jain's index of the threads."""
        return jain(self.greedy_threads)

    @property
    def is_fair(self) -> bool | None:
        """Say whether threads had equal shares; None when the load could hardly take the rate: not all asked."""
        return None if self.demand < GREEDY else self.jain_threads >= JAIN_LEAST

    def failures(self) -> list[str]:
        """Say what was not kept."""
        found = [] if abs(self.rate - 1) <= RATE_WITHIN else [f"rate {self.rate:.4f}"]
        found += [] if abs(self.burst - 1) <= BURST_WITHIN else [f"burst {self.burst:.4f}"]
        return found + ([f"Jain index of threads {self.jain_threads:.4f}"] if self.is_fair is False else [])

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "rate_by_limit": round(self.rate, 4),
            "burst_by_limit": round(self.burst, 4),
            "burst_seconds": round(self.burst_seconds, 2),
            "demand_by_rate": round(self.demand, 2),
            "threads_sent": list(self.threads),
            "jain_threads": round(self.jain_threads, 4),
            "transfers": list(self.transfers),
            "jain_transfers": round(jain(self.transfers), 4) if self.transfers else None,
            "failures": self.failures(),
        }


def jain(shares: Sequence[float]) -> float:
    """Return Jain's index, (sum x)^2 / (n * sum x^2): 1 when all n are equal, 1/n when one has all."""
    squares = sum(one * one for one in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 0.0


def kept(readings: Sequence[Reading], limit: Limit) -> Kept:
    """Say how the limit was kept; raise when the burst was not spent early enough to see what follows."""
    beyond = [one.total - limit.rate * one.at for one in readings]
    lowest, begun = _lowest_before_each(beyond)
    rises = [x - low for x, low in zip(beyond, lowest, strict=True)]
    enough = SPENT * min(max(rises), limit.burst)
    spent = next(index for index, rise in enumerate(rises) if rise >= enough)
    first, last = readings[begun[spent]], readings[-1]
    later = [one for one in readings if one.at >= readings[spent].at + SETTLED_SECONDS]
    if max(rises) <= 0 or not later or last.at - later[0].at < SETTLED_SECONDS:
        raise TestbedError(f"too little load for {limit.rate / 2**20:.1f} MiB a second: the burst was not spent"
                           f" {2 * SETTLED_SECONDS:.0f} s before the end")  # fmt: skip
    start = later[0]
    seconds = readings[spent].at - first.at
    return Kept(
        rate=(last.total - start.total) / (last.at - start.at) / limit.rate,
        burst=max(rises) / limit.burst,
        burst_seconds=seconds,
        demand=(readings[spent].total - first.total) / seconds / limit.rate,
        threads=tuple(after - before for before, after in zip(start.sent, last.sent, strict=True)),
        transfers=tuple(after - before for before, after in zip(start.moved, last.moved, strict=True)),
    )


def _lowest_before_each(values: Sequence[float]) -> tuple[list[float], list[int]]:
    """Return for each value the lowest one up to it, and where that is."""
    lowest: list[float] = []
    where: list[int] = []
    for index, value in enumerate(values):
        is_new = not lowest or value < lowest[-1]
        lowest.append(value if is_new else lowest[-1])
        where.append(index if is_new else where[-1])
    return lowest, where
