"""BandwidthRate and BandwidthBurst of a relay with several threads.

What it sends, by its own count, is the burst at first and then the rate, and threads that have more to send than they
may share it equally: `tools/bench limits`, which tools/bench prints as a table.

LOOM_RATE_MBYTES is the rate; tools/test --long takes 20.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import MIDDLE, SANITIZED
from loom_testbed import bench_limits, bucket
from loom_testbed.bucket import Limit
from loom_testbed.experiment import usable_network
from loom_testbed.progress import Progress

RATE = int(os.environ.get("LOOM_RATE_MBYTES", "4")) * 2**20
RATE_OF_TOR_MAX = 8 * 2**20  # two cores do not take 20 MB/s through clients, guards and exits in every case
SECONDS = 15
CLIENTS = 8

pytestmark = [
    pytest.mark.skipif(MIDDLE == "tor", reason="reads Loom's own counters"),
    pytest.mark.skipif(SANITIZED, reason="about time"),
]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_rate_and_burst_are_kept_under_any_load(relay: Path, run_directory: Path, threads: int) -> None:
    limit = Limit(RATE, 2 * RATE)
    kept = bucket.kept(bench_limits.under_generator(relay, run_directory, threads, limit, SECONDS), limit)
    print(kept)
    assert kept.demand >= bucket.GREEDY
    assert not kept.failures()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_rate_and_burst_are_kept_and_reached_by_clients(relay: Path, run_directory: Path, threads: int) -> None:
    rate = min(RATE, RATE_OF_TOR_MAX)
    limit = Limit(rate, 2 * rate)
    plan = bench_limits.network_plan(relay, run_directory, threads, limit, CLIENTS, CLIENTS)
    with usable_network(plan, Progress(quiet=True)) as network:
        kept = bucket.kept(bench_limits.under_clients(network, limit, SECONDS), limit)
    print(kept)
    assert not kept.failures()
