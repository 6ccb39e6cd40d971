"""What is asked of an attacked relay, and what is not."""

from __future__ import annotations

from dataclasses import replace

from loom_testbed.bench_attacks import ALL_WELL, Turn, failures_of, table

GOOD = Turn(
    attack="sniper",
    relay="loom",
    round=1,
    defended=False,
    alive=True,
    rss_idle_mb=12.0,
    rss_max_mb=280.0,
    rss_after_mb=100.0,
    cap_mb=320.0,
    relay_cores=1.0,
    before=8000.0,
    during=8000.0,
    delay_ms=10.0,
    lost=0,
    recovery_s=0.0,
    attacker={},
)
TOR = replace(GOOD, relay="tor")


def test_a_relay_that_does_what_is_asked_has_no_failures() -> None:
    assert failures_of([GOOD, TOR]) == []
    assert ALL_WELL in table([GOOD, TOR], [])


def test_death_and_memory_are_judged_of_loom_alone() -> None:
    fat = {"rss_max_mb": 12.0 + 320.5}
    assert failures_of([replace(GOOD, **fat)]) == ["sniper, loom, round 1: memory grew by 320 MB, more than 320"]
    assert failures_of([replace(GOOD, alive=False)]) == ["sniper, loom, round 1: the relay died"]
    assert failures_of([replace(TOR, alive=False, **fat)]) == []


def test_the_innocent_keeps_what_it_keeps_with_tor() -> None:
    slow = replace(GOOD, during=4000.0)
    assert failures_of([slow]) == []
    assert failures_of([slow, replace(TOR, during=4100.0)]) == []  # within what rounds differ by
    assert failures_of([slow, TOR]) == ["sniper: the innocent kept 50%, with tor 100%"]
    assert failures_of([slow, GOOD, GOOD, TOR]) == []  # the median
    assert failures_of([slow, replace(TOR, defended=True)]) == []  # another attack
    assert "FAILED  x" in table([slow, TOR], ["x"])
