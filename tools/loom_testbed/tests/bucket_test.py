"""What readings say of a token bucket: right ones pass, and each way to break its law shows."""

from __future__ import annotations

import pytest
from loom_testbed import bucket
from loom_testbed.bucket import Limit, Reading
from loom_testbed.errors import TestbedError

LIMIT = Limit(rate=1000, burst=2000)
STEP = 0.1
SECONDS = 15.0
DEMAND = 5000.0


def readings(limit: Limit, demand: float = DEMAND, shares: tuple[float, ...] = (0.5, 0.5), idle: float = 0.0):
    """Return what a bucket of this limit lets through."""
    found, sent, level, at = [], 0.0, float(limit.burst), 0.0
    while at < SECONDS:
        found.append(Reading(at, tuple(round(sent * share) for share in shares), (round(sent),)))
        allowed = min(level, demand * STEP) if at >= idle else 0.0
        sent += allowed
        level = min(limit.burst, level - allowed + limit.rate * STEP)
        at += STEP
    return found


def test_a_limit_that_is_kept() -> None:
    kept = bucket.kept(readings(LIMIT), LIMIT)
    assert not kept.failures()
    assert kept.rate == pytest.approx(1, abs=0.01) and kept.burst == pytest.approx(1, abs=0.05)
    assert kept.demand == pytest.approx(5, abs=0.5) and kept.is_fair is True
    assert kept.jain_threads == 1 and len(kept.transfers) == 1


def test_the_burst_counts_from_when_there_is_load() -> None:
    kept = bucket.kept(readings(LIMIT, idle=3.0), LIMIT)
    assert not kept.failures() and kept.burst_seconds < 1


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (Limit(1040, 2000), "rate"),
        (Limit(960, 2000), "rate"),
        (Limit(1000, 2600), "burst"),
        (Limit(1000, 1500), "burst"),
    ],
)
def test_another_limit_than_asked_shows(given: Limit, what: str) -> None:
    assert what in " ".join(bucket.kept(readings(given), LIMIT).failures())


def test_a_burst_given_twice_shows() -> None:
    twice = [Reading(one.at, (one.total + (2000 if one.at > 4 else 0),)) for one in readings(LIMIT, shares=(1.0,))]
    assert any("burst" in one for one in bucket.kept(twice, LIMIT).failures())


def test_an_unfair_thread_shows_when_all_are_greedy() -> None:
    assert any("Jain" in one for one in bucket.kept(readings(LIMIT, shares=(0.64, 0.36)), LIMIT).failures())
    modest = bucket.kept(readings(LIMIT, demand=1500, shares=(0.64, 0.36)), LIMIT)
    assert modest.is_fair is None and not modest.failures()


def test_a_thread_without_a_way_out_has_no_share() -> None:
    assert bucket.kept(readings(LIMIT, shares=(0.49, 0.49, 0.02)), LIMIT).is_fair is True


def test_too_little_load_is_no_result() -> None:
    for demand in (900.0, 1150.0):
        with pytest.raises(TestbedError, match="too little load"):
            bucket.kept(readings(LIMIT, demand=demand), LIMIT)


def test_jain() -> None:
    assert bucket.jain([3, 3, 3]) == 1
    assert bucket.jain([1, 0, 0, 0]) == 0.25
    assert bucket.jain([]) == 0
