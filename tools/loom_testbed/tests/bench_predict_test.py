"""What the bench of predictions computes from native runs and from the engine's rows, and how it says it."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from loom_testbed import (
    bench_predict,
    calibrate_native,
    predict_compare,
    predict_delays,
    predict_engine,
    predict_table,
    rated_runs,
)
from loom_testbed.calibrate_native import NativeRun
from loom_testbed.errors import TestbedError
from loom_testbed.load_designs import DELAYED, FITTED, HELD_OUT, HELD_OUT_QUICK
from loom_testbed.load_shape import Load
from loom_testbed.native_load import NativeResult, Programs
from loom_testbed.predict_compare import Compared, Run
from loom_testbed.predict_native import Native
from loom_testbed.progress import Progress
from loom_testbed.rated_runs import Rated, RatedRun
from loom_testbed.rundir import REPOSITORY

LOAD = Load(links=2, circuits=16)


def result(ns: float, cores: float = 1.0, load: Load = LOAD, **more: object) -> NativeResult:
    """Return a run of a second in which conn-1 used so many cores."""
    cells = cores * 1e9 / ns
    return NativeResult(load, "loom", cells, 1.0, {"conn-1": round(cores * 1e9)}, **more)


def prediction(ns: float, busy: float = 1.0, load: Load = LOAD, **more: object) -> predict_engine.Prediction:
    found = {"work_per_cell": {}, "delay_ns": {}} | more
    return predict_engine.Prediction(load, ns, busy * 1e9 / ns, busy, **found)


def test_a_run_is_corrected_by_how_slow_its_core_was() -> None:
    found = predict_compare.cpu_of(LOAD, [Run(result(600), 1.2), Run(result(550), 1.0)], prediction(500))
    assert found.measured == pytest.approx(525)
    assert found.error == pytest.approx(500 / 525 - 1)
    assert found.repeatability == pytest.approx(25 / 525)


def test_the_most_of_a_relay_that_was_not_saturated_is_its_busiest_threads() -> None:
    found = predict_compare.throughput_of(LOAD, [Run(result(500, 0.5)), Run(result(500, 0.99))], prediction(500, 0.8))
    assert found.runs == [pytest.approx(2e6), pytest.approx(1.98e6)]
    assert found.predicted == pytest.approx(2e6)
    assert not found.is_saturated


def test_what_the_yardstick_takes_of_a_core_a_relay_alone_would_have() -> None:
    run = NativeRun(result(500, 0.96), clock_ns=600_000.0, memory_ns=1_400_000.0)
    assert run.yardstick_share == pytest.approx(2 / 62)
    native = Native()
    native.runs[LOAD] = [run]
    found = predict_compare.throughput_of(LOAD, native.corrected(LOAD), prediction(500))
    assert found.measured == pytest.approx(0.96 * 2e6 * 62 / 60)
    assert NativeRun(result(500), 0.0).yardstick_share == 0.0


def rated_run(p50: float, most: tuple[float, ...] = (1000.0, 1000.0), busy: float = 0.5, **more: object) -> RatedRun:
    """Return a run at three tenths of the first most."""
    at_rate = LOAD.at_rate(round(0.3 * most[0]))
    delay = {"p50": p50, "p99": 4 * p50}
    cells = at_rate.rate
    return RatedRun(NativeResult(at_rate, "loom", cells, 1.0, {"main": 1, "conn-1": round(busy * 1e9)}, delay_ns=delay,
                                 most=most, **more), 30)  # fmt: skip


def test_times_are_compared_where_both_are_as_busy() -> None:
    rated = Rated(LOAD, 30, [rated_run(50_000.0)])
    fast = prediction(500, busy=0.9)
    (asked,) = predict_delays.asked([rated], lambda load: 2000.0, {LOAD: fast})
    assert asked.same_share.rate == round(0.3 * fast.cells_per_s)
    assert asked.same_rate.rate == 600
    assert asked.row[0].rate == round(0.15 * fast.cells_per_s)
    row = {load: prediction(1, busy, load, delay_ns={"p50": p50, "p99": 6 * p50})
           for load, busy, p50 in zip(asked.row[:3], (0.3, 0.4, 0.6), (10_000.0, 20_000.0, 80_000.0), strict=True)}
    times = predict_delays.as_busy(asked, row)
    assert times["p50"] == pytest.approx(40_000.0)  # halfway between 0.4 and 0.6, by factors
    found = predict_delays.delays_of(asked, times)
    assert [one.label for one in found] == ["p50 at 30%", "p99 at 30%"]
    assert found[0].runs == [50_000]
    assert [one.error for one in found] == [pytest.approx(-0.2), pytest.approx(0.2)]
    assert predict_delays.asked([rated], lambda load: 2000.0, {}) == []


@pytest.mark.parametrize(("busy", "p50"), [(0.1, 10_000.0), (0.95, 20_000.0)])
def test_beyond_the_row_its_end_counts(busy: float, p50: float) -> None:
    rated = Rated(LOAD, 30, [rated_run(50_000.0, busy=busy)])
    (asked,) = predict_delays.asked([rated], lambda load: 2000.0, {LOAD: prediction(500)})
    row = {load: prediction(1, at, load, delay_ns={"p50": time, "p99": time})
           for load, at, time in zip(asked.row[:2], (0.3, 0.4), (10_000.0, 20_000.0), strict=True)}  # fmt: skip
    assert predict_delays.as_busy(asked, row)["p50"] == p50


def test_a_run_whose_most_changes_by_more_than_the_queue_bears_is_none_at_its_share() -> None:
    assert rated_run(5e4, (1000.0, 850.0)).fault == ""
    assert rated_run(5e4, (1000.0, 1250.0)).fault == "drifted"
    assert rated_run(5e4, (1000.0, 500.0)).fault == "drifted"
    near = [RatedRun(dataclasses.replace(rated_run(5e4, (1000.0, after)).result, load=LOAD.at_rate(900), cells=900), 90)
            for after in (1050.0, 970.0, 960.0, 1070.0, 890.0)]  # fmt: skip
    assert [run.fault for run in near] == ["", "", "drifted", "drifted", "drifted"]
    assert near[0].share_around == pytest.approx(900 / 1025)


def test_a_relay_that_was_full_all_the_same_is_none_at_its_share() -> None:
    assert rated_run(5e4, busy=0.98).fault == "full"
    few = dataclasses.replace(rated_run(5e4).result, cells=280)
    assert RatedRun(few, 30).fault == "full"
    assert rated_run(5e4, is_disturbed=True).fault == "disturbed"


def test_runs_with_a_fault_count_when_there_are_no_others() -> None:
    good, bad = rated_run(50_000.0), rated_run(90_000.0, busy=1.0)
    rated = Rated(LOAD, 30, [bad, good, bad])
    assert rated.sound == [good]
    assert rated.faults == {"full": 2}
    (asked,) = predict_delays.asked([rated], lambda load: 1000.0, {LOAD: prediction(500)})
    at_share = prediction(1, load=asked.same_share, delay_ns={"p50": 5e4, "p99": 2e5}, work_per_cell={})
    assert not predict_delays.delays_of(asked, at_share.delay_ns)[0].is_disturbed
    told = predict_delays.beside(asked, {asked.same_share: at_share})
    assert (told["counted"], told["not_counted"]) == (1, {"full": 2})
    assert told["errors_at_the_same_share"] == [0.0, 0.0]
    assert told["errors_at_the_usual_rate"] == []
    (asked,) = predict_delays.asked([Rated(LOAD, 30, [bad, bad])], lambda load: 1000.0, {LOAD: prediction(500)})
    found = predict_delays.delays_of(asked, at_share.delay_ns)[0]
    assert (found.runs, found.is_disturbed) == ([90_000, 90_000], True)
    assert predict_delays.beside(asked, {asked.same_share: at_share})["not_counted"] == {}


GOOD, FULL = (NativeRun(rated_run(5e4, busy=busy).result, 0.0) for busy in (0.5, 1.0))


@pytest.mark.parametrize(("rounds", "answers", "counts", "not_counted"), [
    (3, [None, GOOD, GOOD, GOOD], 3, {"failed": 1}),
    (2, [FULL, GOOD, FULL], 1, {"full": 2}),  # at most 0.4 of all runs are repeated
    (5, [FULL, FULL, FULL, GOOD, GOOD, GOOD, GOOD], 4, {"full": 3}),  # and one run twice
    (1, [FULL], 1, {}),  # then there is no other
])  # fmt: skip
def test_runs_with_a_fault_are_repeated_so_often_and_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rounds: int, answers: list[NativeRun | None], counts: int,
    not_counted: dict[str, int],
) -> None:  # fmt: skip
    left = list(answers)

    def one(*_given: object, **_named: object) -> NativeRun:
        answer = left.pop(0)
        if answer is None:
            raise TestbedError("lost")
        return answer

    monkeypatch.setattr(calibrate_native, "one", one)
    (found,) = rated_runs.gather([LOAD], [30], rounds, tmp_path, Programs(), 1.0, Progress(quiet=True))
    assert not left
    assert (len(found.sound), found.not_counted) == (counts, not_counted)


def test_no_run_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def one(*_given: object, **_named: object) -> NativeRun:
        raise TestbedError("lost")

    monkeypatch.setattr(calibrate_native, "one", one)
    with pytest.raises(TestbedError, match="at 30%: none of 3 runs succeeded"):
        rated_runs.gather([LOAD], [30], 2, tmp_path, Programs(), 1.0, Progress(quiet=True))


def figures(*errors: float, spread: float = 0.0) -> list[Compared]:
    return [Compared("cpu", LOAD, [100 * (1 - spread), 100 * (1 + spread)], 100 * (1 + error)) for error in errors]


def test_as_asked_is_a_tenth_in_the_middle_and_a_quarter_at_worst() -> None:
    good = predict_compare.verdict("cpu", figures(0.05, -0.09, 0.25))
    assert good.median_error == pytest.approx(0.09)
    assert good.worst_error == pytest.approx(0.25)
    assert good.is_ok
    assert not predict_compare.verdict("cpu", figures(0.05, -0.09, -0.26)).is_ok
    assert not predict_compare.verdict("cpu", figures(0.11, -0.11, 0.11)).is_ok


def test_nobody_can_predict_better_than_twice_what_runs_repeat() -> None:
    assert predict_compare.verdict("cpu", figures(0.11, 0.11, spread=0.06)).is_ok
    assert not predict_compare.verdict("cpu", figures(0.13, 0.13, spread=0.06)).is_ok


def test_delays_have_no_worst() -> None:
    delays = [Compared("delay", LOAD, [100.0], predicted) for predicted in (110.0, 115.0, 300.0)]
    assert predict_compare.verdict("delay", delays).is_ok


def test_delays_that_do_not_repeat_allow_no_more() -> None:
    delays = [Compared("delay", LOAD, [50.0, 150.0], predicted) for predicted in (125.0, 130.0, 100.0)]
    found = predict_compare.verdict("delay", delays)
    assert found.allowed_median == 0.2
    assert not found.is_ok


def test_work_is_compared_for_a_cell() -> None:
    native = result(500, work={"main": {"reads": 0}, "conn-1": {"reads": 20_000, "wakes": 0, "odd": 5}})
    found = predict_compare.work_of(LOAD, [Run(native)], prediction(500, work_per_cell={"reads": 0.02, "wakes": 0.0}))
    assert found.kinds == {"reads": (pytest.approx(0.01), 0.02)}


def test_costs_are_corrected_by_a_power_that_more_runs_tell() -> None:
    native = Native()
    native.learn({"yardstick": {"native_usual_ns": 100.0, "stress": {"value": 2.0, "deviation": 0.2}}})
    native.runs[LOAD] = [NativeRun(result(ns), clock) for ns, clock in ((500.0, 100.0), (720.0, 120.0))]
    native.settle()
    assert native.stress.value == pytest.approx(2.0, abs=0.05)
    assert native.stress.deviation < 0.2
    assert [run.ns_per_cell for run in native.corrected(LOAD)] == pytest.approx([500.0, 500.0], rel=0.02)


def test_a_generator_that_shares_the_relays_cores_has_no_prices() -> None:
    native = Native()
    two = Load(threads=2)
    native.runs[LOAD] = [NativeRun(result(500.0), 0.0)]
    native.runs[two] = [NativeRun(result(500.0, load=two, cores_shared=True), 0.0)]
    assert not native.shares_cores(LOAD)
    assert native.shares_cores(two)


def test_the_bench_needs_no_package_that_the_system_has_not() -> None:
    without = "import sys; sys.modules |= dict.fromkeys(('numpy', 'scipy')); import loom_testbed.bench_cli"
    done = subprocess.run([sys.executable, "-c", without], cwd=REPOSITORY / "tools", capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_engine_is_asked_and_understood() -> None:
    words = predict_engine.command(Path("loom"), Path("p.yaml"), LOAD)
    assert words[:5] == ["loom", "predict", "--profile", "p.yaml", "--json"]
    assert words[5:] == LOAD.predict_options()
    generator = predict_engine.generator_beside(Path("p.yaml"))
    assert predict_engine.command(Path("loom"), Path("p.yaml"), LOAD, generator)[-2:] == ["--generator", "p.load.yaml"]
    free = Load(role="exit")
    assert "--generator" not in predict_engine.command(Path("loom"), Path("p.yaml"), free, generator)
    row = {"cpu_ns_per_cell": 500.0, "cells_per_s": 1e6, "work_per_cell": {"reads": 0.5},
           "utilisation": {"main": 0.1, "connection": [0.5, 0.4]}, "delay_us": {"p50": 20.0, "p99": 99.0}}  # fmt: skip
    found = predict_engine.parse(LOAD, json.dumps({"rows": [row]}))
    assert found.cells_per_busy_s == pytest.approx(2e6)
    assert found.delay_ns == {"p50": 20_000.0, "p99": 99_000.0}


def test_the_table_shows_the_work_of_loads_that_are_off() -> None:
    off, near = Load(links=2, circuits=9), LOAD
    runs = {
        off: [Run(result(500, load=off, work={"conn-1": {"reads": 40_000, "writes": 20_000}}))],
        near: [Run(result(500))],
    }
    engine = {off: prediction(700, load=off, work_per_cell={"reads": 0.01, "writes": 0.0101}), near: prediction(505)}
    cpu = [predict_compare.cpu_of(load, runs[load], engine[load]) for load in (off, near)]
    rated = [{"load": LOAD.as_dict(), "percent": 90, "share_around": 0.91, "utilisation": [0.8, 0.9, 0.95],
              "utilisation_predicted": 0.87, "counted": 3, "not_counted": {"drifted": 2},
              "errors_at_the_same_share": [0.1, -0.3], "errors_at_the_usual_rate": [0.4, 0.5]}]  # fmt: skip
    text = predict_table.text({
        "summary": {"cpu": predict_compare.verdict("cpu", cpu).as_dict()},
        "cpu": [one.as_dict() for one in cpu], "throughput": [], "delay": [], "rated": rated,
        "work": [predict_compare.work_of(load, runs[load], engine[load]).as_dict() for load in (off, near)],
        "not_predicted": {"odd": "no such load"},
        "profile": "p", "machine": {"cpu": "c", "cores": 2, "is_virtual": False, "kernel": "k", "openssl": "o"},
    })  # fmt: skip
    assert "reads 0.02/0.01" in text
    assert "writes" not in text
    assert "91%   90% (80% to 95%)   87%   3 runs, not 2 drifted   +10%, -30%; +40%, +50%" in text
    assert "+40%" in text and "+1%" in text
    assert "not predicted: odd: no such load" in text
    assert "NOT as asked" in text


def test_loads_whose_windows_are_narrow_do_not_show_the_most() -> None:
    assert not bench_predict.carries_most(Load(links=2, circuits=1))
    assert not bench_predict.carries_most(Load(links=8, circuits=64, threads=2))
    assert bench_predict.carries_most(Load(links=8, circuits=64, threads=0))


def test_delays_and_the_quick_ones_are_held_out_too() -> None:
    assert not set(DELAYED) & (set(FITTED) | set(HELD_OUT))
    assert set(HELD_OUT_QUICK) < set(HELD_OUT)
    assert all(load.rate == 0 for load in (*DELAYED, *HELD_OUT))
    assert any(bench_predict.carries_most(load) and load.threads == 0 for load in HELD_OUT_QUICK)
