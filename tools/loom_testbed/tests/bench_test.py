"""What benches of lone relays compute from what loom-load and loom-limit say."""

import argparse
import os

import pytest
from loom_testbed import arguments, bench_load, bench_sides, bench_threads


def result(ns: float, **more: object) -> dict:
    return {"relay_ns_per_cell": ns, "relay_cores": 0.99, "cells_per_s": 1e9 / ns, **more}


def threads(*conn: tuple[float, float, float], main: float = 0.2) -> list[dict]:
    """Return threads: the main one's ns per cell; of connection threads cores, ns per cell and wakes."""
    found = [{"name": "loom-relay", "cores": 0.0, "ns_per_cell": main, "wakes_per_1000_cells": 9.0}]
    for number, (cores, ns, wakes) in enumerate(conn, 1):
        one = {"name": f"conn-{number}", "cores": cores, "ns_per_cell": ns, "wakes_per_1000_cells": wakes}
        found.insert(0, one)  # /proc gives no order
    return found


def test_ratios_are_taken_in_each_round() -> None:
    rounds = [{"loom": result(600), "tor": result(2000)}, {"loom": result(900), "tor": result(2500)},
              {"loom": result(500), "tor": result(1000)}]  # fmt: skip
    found = bench_load.compared(rounds, "tor", "relay_ns_per_cell", "ratio")
    assert found == {"ratio": 0.36, "ratio_worst": 0.5}


def test_a_relay_with_time_to_spare_is_said_and_the_limit_is_not_asked() -> None:
    idle = result(900) | {"relay_cores": 0.94}
    assert bench_load.unsaturated([{"loom": result(1), "tor": result(1), "limit": idle, "least": idle}]) == []
    assert "in 1 turns" in bench_load.unsaturated([{"loom": idle, "tor": result(1)}])[0]


def test_more_threads_are_compared_with_the_first_number() -> None:
    one = result(800, threads=threads((0.99, 799.0, 0.5)))
    two = result(880, threads=threads((0.5, 440.0, 2.0), (0.3, 439.0, 3.0), main=1.5))
    found = bench_threads.summary([1, 2], [{1: one, 2: two}])["by_threads"]
    assert found["1"]["ratio"] == 1.0
    assert found["2"]["ratio"] == found["2"]["ratio_worst"] == 1.1
    assert found["2"]["wakes_per_1000_cells"] == 5.0
    assert found["2"]["main_thread_ns_per_cell_at_most"] == 1.5
    assert bench_threads.shares(two) == pytest.approx([0.625, 0.375])


def test_each_keeps_to_its_cores_when_there_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 5})
    assert bench_sides.pins(2, False) == bench_sides.Pins(["taskset", "-c", "0,1"], ["taskset", "-c", "2,5"])
    for shared in (bench_sides.pins(4, False), bench_sides.pins(1, True), bench_sides.pins(0, False)):
        assert shared == bench_sides.Pins([], [])
    assert bench_sides.pins_together(2) == bench_sides.Pins(["taskset", "-c", "0,1"], ["taskset", "-c", "0,1"])


def test_numbers_of_threads_are_told_apart() -> None:
    assert arguments.counts(0, 64)("1,2") == [1, 2]
    for wrong in ("1,1", "1,", "65", "1 2"):
        with pytest.raises(argparse.ArgumentTypeError):
            arguments.counts(0, 64)(wrong)
