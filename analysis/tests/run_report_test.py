"""A run of the simulator itself: what the report says of it is what loom run says."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from loom_analysis.quantities import find, quantities
from loom_analysis.report import render
from loom_analysis.results import read_results

PROGRAM = Path(os.environ.get("LOOM_BUILD_DIR", "build/dev")) / "loom"
ROOT = Path(__file__).resolve().parents[2]
SCENARIO = f"""
name: small
warm_up_s: 5
duration_s: 10
seeds: {{first: 1, last: 2}}
network:
    inline:
        - {{country: DE, weight: 3, capacity_kbit: 100000, guard: true}}
        - {{country: FR, weight: 2, capacity_kbit: 50000}}
        - {{country: NL, weight: 2, capacity_kbit: 50000, exit: true}}
        - {{country: US, weight: 1, capacity_kbit: 20000, guard: true}}
topology: {{latencies: {ROOT}/topologies/data/countries.latency}}
hardware:
    tor_profile: {ROOT}/model/cost/profiles/tor-0.4.9-xeon.yaml
    loom_profile: {ROOT}/model/cost/profiles/loom-xeon.yaml
    classes: [{{name: virtual, cores: 1}}]
arms:
    - {{name: tor, percent: 0}}
    - {{name: loom, percent: 100}}
traffic:
    users: [{{country: DE, share: 1}}]
    servers: {{count: 1}}
    clients: [{{name: perf, measured: true, hosts: 4, pause_ms: 500, files: [{{bytes: 51200}}]}}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("run")
    (base / "small.yaml").write_text(SCENARIO)
    done = subprocess.run([PROGRAM, "run", base / "small.yaml", "--out", base / "out"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return base / "out"


def test_means_and_differences_are_those_of_the_program(folder):
    results = read_results(folder)
    made = quantities(results)
    said = json.loads((folder / "comparison.json").read_text())["quantities"]
    compared = 0
    for one in said:
        ours = find(made, one["key"])
        for arm, its in one["arms"].items():
            pairs = [(its["value"], ours.estimate(results, arm) if ours else None)]
            if arm != results.arms[0]:
                pair = ours.paired(results, arm) if ours else None
                pairs.append((its["difference"], pair.difference if pair else None))
            for theirs, got in pairs:
                assert (theirs is None) == (got is None), one["key"]
                if got is not None:
                    assert got.mean == pytest.approx(theirs["mean"], rel=1e-6, abs=1e-12), one["key"]
                    assert got.half == pytest.approx(theirs["half"], rel=1e-4, abs=1e-9), one["key"]
                    compared += 1
    assert compared > 30


def test_its_report(folder):
    page = render(read_results(folder))
    assert "Prices of CPU work: uncalibrated" in page
    assert page.count("<svg") == 8
