"""What a skewed load is summed up to."""

from __future__ import annotations

import argparse

import pytest
from loom_testbed import bench_balance


def turn(rate: float, busy: float, echo_us: float) -> dict:
    """Return what a turn with two threads says."""
    threads = [
        {"name": "loom-relay", "cores": 0.1},
        {"name": "conn-1", "cores": busy},
        {"name": "conn-2", "cores": 1 - busy},
    ]
    return {"cells_per_s": rate, "relay_cores": 1.1, "threads": threads, "echo_median_ns": echo_us * 1000,
            "echo_p99_ns": echo_us * 5000}  # fmt: skip


ROUNDS = [
    {"round-robin": turn(1000, 0.9, 200), "moving": turn(1500, 0.5, 40)},
    {"round-robin": turn(2000, 0.8, 100), "moving": turn(2400, 0.6, 50)},
    {"round-robin": turn(1000, 0.7, 100), "moving": turn(1000, 0.5, 20)},
]


def test_policies_are_compared_within_rounds() -> None:
    first, moving = (bench_balance.summary(name, "round-robin", ROUNDS) for name in ("round-robin", "moving"))
    assert (first["rate_ratio"], first["echo_ratio"], first["busiest_share"]) == (1, 1, 0.8)
    assert (moving["rate_ratio"], moving["echo_ratio"], moving["busiest_share"]) == (1.2, 0.2, 0.5)
    assert (moving["echo_median_us"], moving["echo_p99_us"]) == (40, 200)


def test_policies_are_named() -> None:
    assert bench_balance.policy_names("moving,round-robin") == ["moving", "round-robin"]
    for wrong in ("", "fair", "moving,"):
        with pytest.raises(argparse.ArgumentTypeError):
            bench_balance.policy_names(wrong)
