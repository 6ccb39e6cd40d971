"""BandwidthRate and BandwidthBurst of a relay with several threads.

What it sends, by its own count, is the burst at first and then the rate, and threads that have more to send than they
may share it equally.

LOOM_RATE_MBYTES is the rate; tools/test --long takes 20.
"""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import pytest
from conftest import MIDDLE, SANITIZED, one_middle_plan
from loom_testbed import metrics
from loom_testbed.experiment import usable_network
from loom_testbed.network import Network
from loom_testbed.plan import Relay
from loom_testbed.progress import Progress
from moves import data_in_motion

RATE = int(os.environ.get("LOOM_RATE_MBYTES", "4")) * 2**20
BURST = 2 * RATE
SECONDS = 15.0
SETTLED_SECONDS = 2.0  # after the burst
POLL_SECONDS = 0.1
GUARDS = 6  # enough that every thread has one
CLIENTS = 8
GREEDY = 2  # times the rate: what all take when they may, if each always wants more than its share

pytestmark = [
    pytest.mark.skipif(MIDDLE == "tor", reason="reads Loom's own counters"),
    pytest.mark.skipif(SANITIZED, reason="about time"),
]


@dataclasses.dataclass
class Reading:
    """What the managers had sent at a time."""

    at: float
    sent: dict[str, int]

    @property
    def total(self) -> int:
        """Return the sum over the managers."""
        return sum(self.sent.values())


def read(network: Network) -> Reading:
    """Ask the relay."""
    (middle,) = network.with_role("middle")
    asked = time.monotonic()
    counters = metrics.read(middle.metrics_port)
    assert counters is not None
    sent = {manager: kinds.get("bytes_sent", 0) for manager, kinds in counters.work.items()}
    return Reading((asked + time.monotonic()) / 2, sent)


def readings_under_load(network: Network) -> list[Reading]:
    """Let clients fetch as much as they can, and look on."""
    readings = [read(network)]
    with data_in_motion(network):
        while readings[-1].at - readings[0].at < SECONDS:
            time.sleep(POLL_SECONDS)
            readings.append(read(network))
    return readings


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_rate_and_burst_are_kept_and_reached(relay: Path, run_directory: Path, threads: int) -> None:
    plan = dataclasses.replace(
        one_middle_plan(relay, run_directory, clients=CLIENTS, threads=threads),
        guards=(Relay("tor"),) * GUARDS,
        loom_options=(f"BandwidthRate {RATE} bytes", f"BandwidthBurst {BURST} bytes"),
    )
    with usable_network(plan, Progress(quiet=True)) as network:
        time.sleep(2 * BURST / RATE)  # the bucket is full
        readings = readings_under_load(network)
    first, last = readings[0], readings[-1]
    beyond = [one.total - first.total - RATE * (one.at - first.at) for one in readings]
    spent = readings[beyond.index(max(beyond))].at
    assert spent + 2 * SETTLED_SECONDS < last.at, f"this machine is too slow for {RATE / 2**20:.0f} MB/s"
    start = next(one for one in readings if one.at >= spent + SETTLED_SECONDS)
    sustained = (last.total - start.total) / (last.at - start.at)
    shares = {manager: last.sent[manager] - start.sent.get(manager, 0) for manager in last.sent}
    print(f"{threads} threads: rate {sustained / RATE:.4f}, burst {max(beyond) / BURST:.4f}, each {shares}")
    assert abs(sustained / RATE - 1) <= 0.03
    assert abs(max(beyond) / BURST - 1) <= 0.10
    in_the_burst = (max(beyond) + RATE * (spent - first.at)) / (spent - first.at)
    if in_the_burst < GREEDY * RATE:
        return  # clients that can hardly take the rate do not keep every thread busy
    greedy = [share for share in shares.values() if share > sum(shares.values()) / threads / 4]  # others have no guards
    assert max(greedy) <= 1.25 * min(greedy), shares
