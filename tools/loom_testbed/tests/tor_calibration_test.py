"""Prices of tor from outside: on runs that are made up, and what is done with them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from loom_testbed import (
    bench_predict_tor,
    calibrate_law,
    scale_profile,
    tor_behaviour,
    tor_beliefs,
    tor_calibration,
    tor_loads,
    tor_work,
)
from loom_testbed.calibrate_native import NativeRun, NativeRuns
from loom_testbed.calibrate_primitives import Primitives
from loom_testbed.errors import TestbedError
from loom_testbed.load_shape import Load
from loom_testbed.native_load import TOR, NativeResult
from loom_testbed.tor_work import Predicted

PROFILES = Path(__file__).resolve().parents[3] / "model" / "cost" / "profiles"
CELLS = 1_000_000.0
NS_A_CELL, NS_A_READ = 1900.0, 1100.0  # of the tor that is made up


def _predicted(reads: float, ns_per_cell: float = 2000.0) -> Predicted:
    work = {"cells_received": 1.0, "cells_sent": 1.0, "scheduler_picks": 0.2, "reads": reads, "writes": 0.2}
    return Predicted(ns_per_cell, 400_000.0, 0.8, work, {"halves_active": 40})


def _run(load: Load, ns_per_cell: float, clock_ns: float = 0.0) -> NativeRun:
    cpu = {"tor": round(ns_per_cell * CELLS)}
    return NativeRun(NativeResult(load, TOR, CELLS, ns_per_cell * CELLS / 1e9, cpu), clock_ns)


def test_no_load_is_fitted_and_checked():
    assert not set(tor_loads.FITTED) & set(tor_loads.HELD_OUT)
    assert len([load for load in tor_loads.HELD_OUT if load.role == "middle"]) >= 6
    assert {load.threads for load in tor_loads.FITTED + tor_loads.HELD_OUT} == {0}


def test_the_engine_is_asked_for_a_tor():
    words = tor_work.command(Path("loom"), "p.yaml", tor_loads.FITTED[0])
    assert words[words.index("--behaviour") + 1] == "tor"
    assert words[words.index("--mapping") + 1] == "vanilla"
    row = {"cpu_ns_per_cell": 2000.0, "cells_per_s": 300.0, "utilisation": {"main": 0.5},
           "work_per_cell": {"reads": 0.1}, "working_set": {"halves_active": 3}}  # fmt: skip
    said = tor_work.parse(json.dumps({"rows": [row]}))
    assert said.cells_per_s_most == 600.0
    assert said.working_set["halves_active"] == 3


def test_a_run_has_the_engines_work_and_its_own_cpu_time():
    here, gone = tor_loads.FITTED[0], tor_loads.FITTED[1]
    native = NativeRuns([_run(here, 2400.0, 120.0), _run(here, 2000.0, 100.0), _run(gone, 1.0, 100.0)], {})
    seen = tor_calibration.observations(native, {here: _predicted(0.1)})
    assert [one.load for one in seen] == [here.name, here.name]
    slower_core, usual_core = (one.cpu_ns for one in seen)
    assert slower_core == pytest.approx(usual_core, rel=0.03)
    assert seen[0].parts[0].work["scheduler_picks"] == CELLS  # one for each cell
    assert seen[0].parts[0].work["reads"] == pytest.approx(0.1 * CELLS)
    assert seen[0].halves_active == 40


def test_what_loads_tell_apart_is_found():
    native, predicted = [], {}
    for load, reads in zip(tor_loads.FITTED, (0.06, 0.25, 2.0, 0.1, 0.5, 1.0), strict=False):
        predicted[load] = _predicted(reads)
        native.append(_run(load, NS_A_CELL + reads * NS_A_READ))
    seen = tor_calibration.observations(NativeRuns(native, {}), predicted)
    priors = {name: belief.prior for name, belief in tor_beliefs.beliefs(Primitives(())).items()}
    fit, _ = calibrate_law.fit_law(seen, priors, draws=20)
    assert fit.prices["reads"].price == pytest.approx(NS_A_READ, rel=0.05)
    assert fit.prices["scheduler_picks"].price == pytest.approx(0.0, abs=0.01)
    cell = fit.prices["cells_received"].price + fit.prices["cells_sent"].price + 0.2 * fit.prices["writes"].price
    assert cell == pytest.approx(NS_A_CELL, rel=0.05)
    assert fit.prices["reads"].least <= fit.prices["reads"].price <= fit.prices["reads"].most
    assert not fit.prices["handshakes_ntor"].is_fitted


@pytest.mark.parametrize(("ns_per_cell", "is_ok"), [(2200.0, True), (2500.0, False), (1800.0, True), (1600.0, False)])
def test_a_median_error_beyond_what_is_asked_is_a_failure(ns_per_cell: float, is_ok: bool):
    loads = tor_loads.HELD_OUT[:3]
    native = NativeRuns([_run(load, ns_per_cell) for load in loads], {})
    predicted = {load: dataclasses.replace(_predicted(0.1), cells_per_s=0.8e9 / 2000.0) for load in loads}
    found = bench_predict_tor.compared(native, predicted, 0.0)
    result = bench_predict_tor.summary(found)
    assert result["ok"] is is_ok
    assert result["cpu_error_median"] == pytest.approx(abs(2000.0 / ns_per_cell - 1.0))
    assert tor_loads.HELD_OUT[0].name in bench_predict_tor.text(found, result | {"not_predicted": {}, "not_run": {}})


def test_without_a_load_nothing_is_as_asked():
    assert bench_predict_tor.summary([])["ok"] is False


def test_calls_are_those_that_the_kernel_counts():
    assert tor_behaviour.calls_of("rchar: 9\nwchar: 8\nsyscr: 70\nsyscw: 60\n") == (70, 60)
    with pytest.raises(TestbedError):
        tor_behaviour.calls_of("rchar: 9\n")
    load = tor_behaviour.LOADS[0]
    near = tor_behaviour.row(load, tor_behaviour.Calls(1.0, 1.0), tor_behaviour.Calls(1.05, 0.95))
    far = tor_behaviour.row(load, tor_behaviour.Calls(1.0, 1.0), tor_behaviour.Calls(1.2, 1.0))
    assert near["ok"] and not far["ok"]


def test_prices_are_scaled_by_the_class_of_their_code():
    here = scale_profile.Number(100.0, 90.0, 120.0)
    number, words = scale_profile.scaled("cells_received", here, "m")
    factor = scale_profile.INSTRUCTIONS
    assert number.value == 100.0 * factor.value
    assert number.least < 90.0 * factor.value and number.most > 120.0 * factor.value
    assert factor.words in words
    cipher, _ = scale_profile.scaled("tls_aes256_bytes", here, "m")
    assert cipher.value == scale_profile.FIGURES["tls_aes256_bytes"].ns
    nothing, _ = scale_profile.scaled("bytes_sent", scale_profile.Number(0.0, 0.0, 0.0), "m")
    assert nothing == scale_profile.Number(0.0, 0.0, 0.0)


@pytest.mark.parametrize("name", ["tor-0.4.9-xeon", "loom-xeon"])
def test_committed_profiles_of_the_xeon_are_made_here(name: str):
    text = (PROFILES / f"{name}.yaml").read_text()
    read, numbers = scale_profile.read(text)
    assert read == name
    assert "calibrated: false" in text
    assert numbers["tls_aes256_bytes"].value == pytest.approx(scale_profile.FIGURES["tls_aes256_bytes"].ns)
    again = scale_profile.profile(text, "twice")
    assert scale_profile.read(again)[0] == "twice"
    with pytest.raises(TestbedError):
        scale_profile.read(text.replace("cells_sent:", "cells_lost:"))
