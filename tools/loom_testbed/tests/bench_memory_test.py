"""What `tools/bench memory` makes of its samples: who has not worked, and what memory is asked for."""

from __future__ import annotations

import argparse

import pytest
from loom_testbed.bench_memory import GROWTH_MAX, Side, judge_memory, judge_work, side
from loom_testbed.directory_questions import KINDS


def work(**changes: object) -> dict:
    """Return what a relay has done that has done all."""
    done = {
        "answers": {f"{kind} 200": 30 for kind in KINDS},
        "documents": dict.fromkeys(KINDS, 30),
        "failures": {},
    }
    return {"done": {**done, **changes}}


def memory(tor_kb: int, best_kb: int, loom_kb: int, growth: float = 0.0) -> dict[str, dict]:
    """Return three sides."""
    values = {"tor-system": tor_kb, "tor-jemalloc": best_kb, "loom-jemalloc": loom_kb}
    return {name: {"rss_kb_mean": kb, "growth": growth} for name, kb in values.items()}


def test_who_has_worked_is_not_blamed() -> None:
    assert judge_work({"tor-system": work(), "loom-jemalloc": work()}) == {"work_faults": []}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"documents": {kind: 1 for kind in KINDS if kind != "servers"}}, "tor-system: no servers came"),
        ({"answers": {"servers 200": 90, "servers 404": 10}}, "tor-system: 90 of 100 answers were good"),
        ({"failures": {"TimeoutError: ": 40}}, "tor-system: 40 failures, as TimeoutError: "),
    ],
)
def test_who_has_not_worked_is_named(changes: dict, fault: str) -> None:
    assert judge_work({"tor-system": work(**changes)}) == {"work_faults": [fault]}


@pytest.mark.parametrize(
    ("sides", "faults"),
    [
        (memory(100, 80, 50), 0),
        (memory(100, 80, 51), 1),
        (memory(200, 80, 80), 1),
        (memory(100, 80, 90), 2),
        (memory(100, 80, 50, GROWTH_MAX + 0.01), 1),
        (memory(100, 80, 50, -0.3), 0),
    ],
)
def test_what_is_asked_of_loom(sides: dict[str, dict], faults: int) -> None:
    assert len(judge_memory(sides, is_long=True)["memory_faults"]) == faults
    assert judge_memory(sides, is_long=False)["memory_faults"] == []


def test_sides_have_names() -> None:
    assert side("tor-mimalloc") == Side("tor", "mimalloc")
    assert side("tor-mimalloc").name == "tor-mimalloc"
    for wrong in ("tor", "tor-", "arti-system", "tor-hoard"):
        with pytest.raises(argparse.ArgumentTypeError):
            side(wrong)
