"""A scenario of three relays in Shadow: it comes to its end, every byte is right, a seed has one result."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from loom_testbed import shadow

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 3000
SCENARIO = """\
name: three
warm_up_s: 2
duration_s: 10
seeds: {{first: 1, last: 1}}
network:
    inline:
        - {{country: DE, weight: 1000, capacity_kbit: 100000, guard: true}}
        - {{country: FR, weight: 1000, capacity_kbit: 50000}}
        - {{country: NL, weight: 1000, capacity_kbit: 50000, exit: true}}
topology: {{latencies: {root}/topologies/data/countries.latency}}
hardware:
    {profiles}
    classes: [{{name: board, cores: 2, slower_permille: 20000}}]
arms:
    - {{name: mix, percent: 50, threads: 1}}
traffic:
    congestion_control: vegas
    users: [{{country: DE, share: 1}}]
    servers: {{count: 1}}
    clients:
        - {{name: web, measured: true, pinned: true, hosts: 1, pause_ms: 2000, pause: fixed, periodic: true,
           circuit_age_s: 0, files: [{{bytes: 51200, timeout_s: 15}}]}}
"""
PROFILES = "tor_profile: {0}/tor-0.4.9-xeon.yaml\n    loom_profile: {0}/loom-xeon.yaml".format(
    ROOT / "model/cost/profiles"
)


def run(programs: Path, scenario: Path, out: Path) -> Path:
    program = shadow.find()
    assert program is not None
    words = [programs / "loom", "run", scenario, "--engine", "shadow", "--threads", "1", "--out", out]
    environment = os.environ | {shadow.VARIABLE: str(program)}
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS_MAX, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return out


def hashes(out: Path) -> bytes:
    (path,) = out.rglob("results.sha256")
    return path.read_bytes()


def check(out: Path) -> None:
    """Both programs run; what is done went over the pinned path. Users have compared each byte themselves."""
    folder = out / "shadow/seed-1/mix"
    plan, measured = (json.loads((folder / name).read_text()) for name in ("plan.json", "measured.json"))
    assert {relay["program"] for relay in plan["relays"]} == {"tor", "loom"}
    transfers = [one for client in measured["clients"] for one in client["transfers"]]
    done = [one for one in transfers if one[0] == "done"]
    assert len(done) >= 4  # of five or six
    assert all(one[1:4] == plan["clients"][0]["path"] and one[8] == 51200 for one in done)
    assert all(sum(read for read, _ in relay) > 51200 for relay in measured["relays"])


def test_tor_and_loom_carry_every_byte(programs: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "three.yaml"
    scenario.write_text(SCENARIO.format(root=ROOT, profiles="line_rate: next"))
    check(run(programs, scenario, tmp_path / "out"))


def test_with_prices_a_seed_has_one_result(programs: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "three.yaml"
    scenario.write_text(SCENARIO.format(root=ROOT, profiles=PROFILES))
    found = []
    for name in ("first", "second"):
        out = run(programs, scenario, tmp_path / "out")
        check(out)
        found.append(hashes(out))
        out.rename(tmp_path / name)  # Shadow's folder is the same, too
    assert found[0] == found[1]
