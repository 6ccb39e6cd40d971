"""What is told of a load on a relay of this machine: each thread's own window, scaled to one."""

import pytest
from loom_testbed import native_load
from loom_testbed.bench_sides import Pins
from loom_testbed.load_shape import EXIT, Load
from loom_testbed.metrics import LoomCounters

REPORT = {"generator_cores": 0.5, "cipher": "C", "cells": 970, "sendmes": 30, "seconds": 2.0}


def counters(at: float, cells: int, cpu: float, other: float) -> LoomCounters:
    return LoomCounters(
        work={
            "0": {"cells_received": 0, "cells_sent": 0, "loop_turns": 5},
            "1": {"cells_received": cells, "cells_sent": cells, "reads": cells // 10},
            "2": {"cells_received": 2 * cells, "cells_sent": 2 * cells, "reads": cells // 10},
            "workers": {"cells_received": 7},
        },
        thread_seconds={"main": other, "conn-1": 99.0 * at, "conn-2": 99.0 * at, "worker-1": 0.0},
        at={"0": 1.0, "1": at, "2": 2 * at},
        cpu={"0": 0.1, "1": cpu, "2": 2 * cpu},
        working_sets={"1": {"links": 2}, "2": {"links": 4}},
    )


def test_each_thread_has_its_own_window_scaled_to_the_mean_one() -> None:
    window = (counters(10.0, 1000, 5.0, 0.5), counters(12.0, 21000, 6.0, 0.6))
    found = native_load._from_counters(Load(threads=2), REPORT, window, Pins([], []))
    assert found.seconds == pytest.approx(3.0)  # of 2 and 4
    # 20000 cells in 2 s and 40000 in 4 s are 10000 a second each
    assert found.cells == pytest.approx(60000)
    assert found.cells_per_s == pytest.approx(20000)
    assert found.cpu_ns["conn-1"] == found.cpu_ns["conn-2"] == round(1.5e9)
    assert found.cpu_ns["main"] == round(0.1e9)  # nothing to publish: what its clock says
    assert found.ns_per_cell == pytest.approx(3.1e9 / 60000)
    assert found.work_per_cell["reads"] == pytest.approx((3000 + 1500) / 60000)
    assert "workers" not in found.work
    assert found.working_set_sum == {"links": 6}
    assert not found.is_saturated
    assert found.cores_shared


def test_at_an_exit_cells_that_carry_data_count() -> None:
    window = (counters(10.0, 1000, 5.0, 0.5), counters(12.0, 21000, 6.0, 0.6))
    found = native_load._from_counters(Load(role=EXIT, threads=2), REPORT, window, Pins([], []))
    assert found.cells == pytest.approx(0.97 * 120000)


@pytest.mark.parametrize(("undisturbed", "rate", "is_disturbed"), [(8, 990, False), (7, 990, True), (8, 940, True)])
def test_delays_among_other_programs_are_said(undisturbed: int, rate: int, is_disturbed: bool) -> None:
    report = REPORT | {"slices_undisturbed": undisturbed, "cells_per_s": rate, "threads": []}
    found = native_load._from_report(Load(rate=1000), "tor", report | {"seconds": 1.0}, Pins([], []))
    assert found.is_disturbed == is_disturbed


def test_tor_is_measured_by_the_scheduler() -> None:
    threads = [{"name": "tor", "ns_per_cell": 3000.0}, {"name": "tor", "ns_per_cell": 10.0}]
    found = native_load._from_report(Load(), "tor", REPORT | {"threads": threads, "delay_p50_ns": 5}, Pins(["x"], []))
    assert found.ns_per_cell == pytest.approx(3010.0)
    assert found.cells_per_s == pytest.approx(485.0)
    assert found.delay_ns == {"p50": 5}
    assert found.work == {}
