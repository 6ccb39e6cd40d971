"""Calibration without a machine: pieces that are read, what is believed of them, the law of what is cold, the files."""

import dataclasses
import json
import re
from pathlib import Path

import numpy
import pytest
from loom_testbed import (
    calibrate_generator,
    calibrate_law,
    calibrate_native,
    calibrate_priors,
    calibrate_profile,
    load_designs,
)
from loom_testbed.calibrate import Calibration
from loom_testbed.calibrate_law import (
    CELL_COLD,
    CIRCUIT_COLD,
    EDGE_COLD,
    Observation,
    Part,
    believed,
    cold_share,
    fit_law,
    observe,
)
from loom_testbed.calibrate_native import NativeRun, NativeRuns
from loom_testbed.calibrate_primitives import Primitives, clock_of, parse, parse_readings
from loom_testbed.load_shape import Load
from loom_testbed.native_load import GeneratorResult, NativeResult
from loom_testbed.rundir import REPOSITORY

FIGURE = {"least": 9.0, "lower": 9.5, "median": 10.0, "upper": 11.0, "spread": 0.15}


def _piece(name: str, variant: str = "", size: int = 0, ns: float = 10.0) -> dict:
    return {"name": name, "variant": variant, "size_of": "bytes" if size else "", "size": size, "unit": "call",
            "batches": 3, "units_a_batch": 8, "ns": FIGURE | {"median": ns}, "raw_ns": FIGURE}  # fmt: skip


def _pieces() -> Primitives:
    said = [_piece("send", "", size, 1000.0 + 0.05 * size) for size in (536, 4096, 16384, 131072)]
    said += [_piece("receive", "", size, 300.0 + 0.04 * size) for size in (536, 4096, 16384, 131072)]
    said.append(_piece("crossing", "", 31) | {"missing": "it takes two cores"})
    return parse({"yardstick": {"best_ns": 1e6, "median_ns": 1.1e6, "worst_ns": 1.3e6}, "primitives": said})


def test_pieces_are_found_by_name_and_missing_ones_say_why() -> None:
    pieces = _pieces()
    found = pieces.find("send", size=4096)
    assert found is not None
    assert found.ns == pytest.approx(1204.8)
    assert pieces.find("crossing", size=31) is None
    assert pieces.missing == {"crossing, 31 bytes": "it takes two cores"}


def test_every_kind_of_work_has_a_belief() -> None:
    header = (REPOSITORY / "plugin/base/work.h").read_text().split("struct work {")[0]
    kinds = re.findall(r"\bX\((\w+)\)", header)
    assert len(kinds) > 40
    assert set(kinds) == set(calibrate_priors.WORK)
    assert set(calibrate_priors.beliefs(Primitives(()))) == {*kinds, CIRCUIT_COLD, CELL_COLD, EDGE_COLD}


def test_bytes_in_calls_are_priced_by_the_slope() -> None:
    beliefs = calibrate_priors.beliefs(_pieces())
    assert beliefs["tls_bytes_written"].prior.price == pytest.approx(0.05)
    assert beliefs["tls_bytes_read"].prior.price == pytest.approx(0.04)
    assert beliefs["cells_crossed"].source == "assumed"
    assert beliefs["bytes_sent"].prior.price == 0.0


def test_readings_of_the_yardstick() -> None:
    readings = parse_readings("100 30 20 50\n200 32 20 90\n300 34 20 10\n400 3")
    assert [one.at_ns for one in readings] == [100, 200, 300]
    assert clock_of(readings) == 52.0
    assert clock_of([]) == 0.0


@pytest.mark.parametrize(("active", "hot", "share"), [(0, 0, 0), (100, 100, 0), (200, 100, 0.5), (1000, 100, 0.9)])
def test_the_law_of_what_is_cold(active: float, hot: float, share: float) -> None:
    assert cold_share(active, hot) == pytest.approx(share)


def _result(load: Load, conn: dict, halves: int, cpu_ns: int) -> NativeResult:
    work = {"main": {"cells_received": 3}, "conn-1": conn}
    return NativeResult(load=load, program="loom", cells=conn["cells_received"], seconds=2.0,
                        cpu_ns={"main": 5, "conn-1": cpu_ns}, work=work,
                        working_set={"conn-1": {"halves_active": halves, "cells_waiting": halves // 2}})  # fmt: skip


def test_threads_that_relay_are_observed_corrected_by_the_yardstick() -> None:
    result = _result(Load(), {"cells_received": 1000, "cells_sent": 1000, "circuit_switches": 500}, 400, 600_000)
    one = observe(result, slowness=1.2)
    assert (len(one.parts), one.cells, one.cpu_ns, one.halves_active) == (1, 1000, 500_000, 400)
    run = one.run(halves_hot=200, queues_hot=50)
    assert (run.work[CIRCUIT_COLD], run.work[CELL_COLD]) == (250.0, 750.0)


def test_what_streams_bring_is_as_cold_as_cells_that_wait() -> None:
    work = {"cells_received": 100.0, "edge_bytes_in": 30.0, "edge_bytes_out": 70.0}
    run = Observation("exit", (Part(work, 100, 800),), 1.0, 100.0).run(halves_hot=200, queues_hot=400)
    assert (run.work[CELL_COLD], run.work[EDGE_COLD]) == (50.0, 50.0)


def test_a_cell_passes_one_link_of_an_exit() -> None:
    work = {"cells_received": 400, "cells_sent": 600}
    assert observe(_result(Load(role="exit"), work, 4, 1)).cells == 1000
    assert observe(_result(Load(), work, 4, 1)).cells == 500


def test_what_is_cold_is_so_on_its_thread() -> None:
    work = {"cells_received": 100.0, "cells_crossed": 50.0, "circuit_switches": 10.0}
    parts = (Part(work, 100, 150), Part(work, 400, 400))
    run = Observation("two", parts, 1.0, 200.0).run(halves_hot=200, queues_hot=200)
    assert (run.work[CIRCUIT_COLD], run.work[CELL_COLD]) == (5.0, 75.0)
    assert run.work["cells_received"] == 200.0


TRUE = {"cells_received": 90.0, "cells_sent": 90.0, "reads": 2000.0, "tls_records_read": 400.0,
        CIRCUIT_COLD: 60.0, CELL_COLD: 120.0}  # fmt: skip


def _observed(halves_hot: int, queues_hot: int) -> list[Observation]:
    rng = numpy.random.default_rng(3)
    seen = []
    for index in range(24):
        cells = 1e6
        work = {"cells_received": cells, "cells_sent": cells, "reads": 0.2 * rng.random() * cells,
                "tls_records_read": rng.random() * cells, "circuit_switches": 2 * rng.random() * cells}  # fmt: skip
        parts = (Part(work, *(float(rng.choice([20, 300, 2000, 16000])) for _ in range(2))),)
        one = Observation(f"load {index}", parts, 1.0, cells)
        run = one.run(halves_hot, queues_hot)
        cost = sum(TRUE.get(name, 0.0) * amount for name, amount in run.work.items()) * rng.normal(1.0, 0.02)
        seen.append(Observation(one.load, parts, cost, cells))
    return seen


def test_what_stays_hot_is_found_with_the_prices() -> None:
    priors = calibrate_priors.priors(calibrate_priors.beliefs(Primitives(())))
    fit, hot = fit_law(_observed(1000, 250), priors, draws=20)
    assert hot.halves_range[0] <= 1000 <= hot.halves_range[1]
    assert hot.queues == pytest.approx(250, rel=0.3)
    price = fit.prices[CELL_COLD]
    assert price.least <= TRUE[CELL_COLD] * 1.1
    assert price.most >= TRUE[CELL_COLD] * 0.9
    assert fit.error_median < 0.05


def test_counts_that_do_equally_well_are_believed_alike() -> None:
    hot = believed({(250, 500): 10.0, (250, 2000): 10.0, (4000, 500): 90.0})
    assert (hot.halves, hot.queues) == (250, 1000)
    assert (hot.halves_range, hot.queues_range) == ((250, 250), (500, 2000))
    assert believed({(250, 500): 10.0, (250, 2000): 30.0}).queues == 500


def test_a_run_that_cost_far_more_than_the_same_at_another_time_was_held_up() -> None:
    def run(load: Load, ns: int, clock: float = 600.0) -> NativeRun:
        work = {"cells_received": 1000, "cells_sent": 1000}
        return NativeRun(_result(load, work, 5, 1000 * ns), clock)

    one, other = Load(links=2), Load(links=4)
    native = NativeRuns([run(one, 500), run(other, 700), run(one, 2200), run(other, 800)], {})
    assert [run.result.cpu_ns["conn-1"] for run in native.held_up] == [2_200_000]
    assert len(native.sound) == 3
    assert native.cost(native.runs[1]) == pytest.approx(700, rel=0.01)


def _counted(load: Load, prices: dict[str, float]) -> NativeRun:
    cells = 1_000_000
    record = load.record_cells
    work = {"tls_records_written": cells // record, "tls_bytes_written": 514 * cells + 22 * cells // record,
            "writes": cells // (4 * record), "tls_bytes_read": 515 * cells, "reads": cells // 10,
            "loop_turns": cells // 300, "loop_sleeps": 0}  # fmt: skip
    cost = sum(prices.get(name, 0.0) * count for name, count in work.items()) + prices["cells_sent"] * cells
    cost += prices["tls_aes256_bytes"] * work["tls_bytes_written"]
    relay = _result(load, {"cells_received": cells, "cells_sent": cells}, 5, 500 * cells)
    return NativeRun(dataclasses.replace(relay, generator=GeneratorResult(cells, cost, work)), 600.0)


def test_the_generators_prices_are_fitted_to_its_own_time() -> None:
    true = {"cells_sent": 120.0, "tls_records_written": 90.0, "writes": 2400.0, "reads": 500.0, "tls_aes256_bytes": 0.1}
    loads = [Load(record_cells=record, links=links) for record in (1, 2, 4, 8, 16, 31) for links in (2, 8)]
    native = NativeRuns([_counted(load, true) for load in loads], {})
    found = calibrate_generator.fit(native, _pieces(), draws=0)
    assert found is not None
    assert found.fit.error_worst < 0.02
    assert found.fit.prices["cells_received"].price == 0.0
    machine = _calibration().machine
    text = found.profile_text(machine, _pieces())
    assert "profile: loom-load-intel-xeon-6-207" in text
    for name in calibrate_priors.WORK:
        assert len(re.findall(rf"^ *{name}: \{{", text, re.MULTILINE)) == 1, name
    assert calibrate_generator.fit(NativeRuns([], {}), _pieces(), draws=0) is None


def test_without_time_no_load_is_begun(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no time left"):
        calibrate_native.gather(load_designs.FITTED, 0.0, tmp_path, None, None)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def _calibration() -> Calibration:
    seen = _observed(1000, 250)
    beliefs = calibrate_priors.beliefs(_pieces())
    fit, hot = fit_law(seen, calibrate_priors.priors(beliefs), draws=3)
    run = NativeRun(_result(Load(), dict.fromkeys(("cells_received", "cells_sent"), 10), 5, 4000), 5e5, 7e5)
    machine = calibrate_profile.machine_of(
        {"cpu": "Intel(R) Xeon(R) Processor", "cores": 2, "threads_per_core": 1, "kernel": "6", "openssl": "OpenSSL 3"},
        "cpu family\t: 6\nmodel\t\t: 207\n",
    )
    return Calibration(machine, _pieces(), NativeRuns([run], {}), seen, beliefs, fit, hot, 0.2, 1.0, ["nothing"])


def test_a_profile_has_every_number_once_with_its_provenance() -> None:
    done = _calibration()
    assert done.machine.name == "loom-intel-xeon-6-207"
    text = done.profile_text()
    for name in (*calibrate_priors.WORK, "circuit_cold", "cell_cold", "edge_cold", "halves_hot", "queues_hot", "smt"):
        assert len(re.findall(rf"^ *{name}: \{{", text, re.MULTILINE)) == 1, name
    for value, least, most in re.findall(r"(?:ps|count): (\d+), least: (\d+), most: (\d+)", text):
        assert int(least) <= int(value) <= int(most)
    assert "left out: median error" in text
    assert max(map(len, text.splitlines())) < 140


def test_a_wake_takes_what_the_cpu_of_a_sleep_leaves() -> None:
    def found(wake_ns: float, *others: dict) -> calibrate_profile.WakeDelay | None:
        said = [_piece(*calibrate_profile.WAKE_LATENCY, ns=wake_ns), *others]
        yardstick = {"best_ns": 1e6, "median_ns": 1e6, "worst_ns": 1e6}
        return calibrate_profile.wake_delay_of(parse({"yardstick": yardstick, "primitives": said}))

    def ends(wake: calibrate_profile.WakeDelay | None) -> tuple[float, float, float]:
        assert wake is not None
        return wake.ns, wake.least, wake.most

    sleep = _piece(calibrate_profile.SLEEP, ns=20_000.0)
    assert ends(found(30_000.0, sleep)) == pytest.approx((10_000.0, 7_750.0, 12_250.0))
    assert ends(found(30_000.0)) == pytest.approx((30_000.0, 27_750.0, 32_250.0))
    assert ends(found(10_000.0, sleep)) == (0.0, 0.0, 0.0)
    assert calibrate_profile.wake_delay_of(_pieces()) is None
    done = _calibration()
    wake = found(30_000.0, sleep)
    text = calibrate_profile.text_of(done.machine, done.fit.prices, done.beliefs, done.hot, "", [], wake)
    assert "wake_delay: {ns: 10000, least: 7750, most: 12250, source: derived," in text
    assert "wake_delay" not in done.profile_text()


def test_report_and_json_say_the_same() -> None:
    from loom_testbed import calibrate_report

    done = _calibration()
    page = calibrate_report.page(done)
    assert page.startswith("<!doctype html>")
    for name in ("predicted", "residuals", "bills", "prices", "yardstick"):
        assert f'id="fig-{name}"' in page
    assert f"{done.fit.error_median:.1%}".replace("%", "") in page
    kept = json.loads(json.dumps(done.as_dict()))
    assert kept["cross_validation"]["median"] == done.fit.error_median
    one = done.observations[0]
    bill = calibrate_report.bill(done, one)
    run = one.run(done.hot.halves, done.hot.queues)
    assert sum(bill.values()) == pytest.approx(done.fit.predict(run.work) / run.units)


def test_profiles_of_other_cpus_are_named_after_them() -> None:
    facts = {"cpu": "AMD EPYC 7763 64-Core Processor", "cores": 8, "threads_per_core": 2, "kernel": "6", "openssl": "x"}
    machine = calibrate_profile.machine_of(facts, "flags\t\t: fpu sse\n")
    assert not machine.has_aes
    assert (machine.name, machine.cores, machine.threads_per_core) == ("loom-amd-epyc-7763-64-core", 4, 2)


def test_what_is_written_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("old")
    calibrate_profile.write(path, "new")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("p.yaml", "new")]


def test_laws_counts_are_in_order() -> None:
    assert list(calibrate_law.HALVES_HOT) == sorted(calibrate_law.HALVES_HOT)
    assert list(calibrate_law.QUEUES_HOT) == sorted(calibrate_law.QUEUES_HOT)
