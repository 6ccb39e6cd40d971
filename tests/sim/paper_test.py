"""Uploads through one relay in the middle, as in the published experiments: few circuits, prices of round numbers."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ["LOOM_SOURCE_DIR"])
PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom"

CELL_NS = 100_000  # of tor: 50 us for a cell in, and 50 for a cell out
LOOM_NS = 50_000
CELL_BITS = 514 * 8
FILE = 400_000

SMALL = f"""\
name: small
warm_up_s: 1
duration_s: 6
seeds: {{first: 1, last: 2}}
network:
    inline:
        - {{name: entry, count: 4, class: control, country: XC, weight: 10, capacity_kbit: 1000000, guard: true}}
        - {{name: target, class: machine, country: XT, weight: 10, capacity_kbit: 1000000}}
        - {{name: exit, count: 4, class: control, country: XC, weight: 10, capacity_kbit: 1000000, exit: true}}
topology: {{latencies: one-room.latency}}
hardware:
    tor_profile: tor.yaml
    loom_profile: loom.yaml
    classes:
        - {{name: control, cores: 1, free: true}}
        - {{name: machine, cores: 4, line_mbit: 10000}}
arms:
    - {{name: vanilla, relays: target, percent: 100, architecture: vanilla, prices: tor, behaviour: tor}}
    - {{name: full-2, relays: target, percent: 100, architecture: full, threads: 2, prices: tor, behaviour: tor}}
    - {{name: own-0, relays: target, percent: 100, architecture: full, threads: 0}}
    - {{name: sizes, relays: target, percent: 100, architecture: vanilla, prices: tor, behaviour: tor, goes_on: false}}
traffic:
    users: [{{country: XC, share: 1}}]
    servers: {{count: 1, line_mbit: 0}}
    clients:
        - name: proxies
          measured: true
          hosts: 4
          sessions: 3
          line_mbit: 0
          pause_ms: 100
          pause: fixed
          upload: true
          fetches: 1
          through: target
          streams_at_s: 1
          goes_on_s: 5
          circuit_age_s: 0
          files: [{{bytes: {FILE}}}]
outputs: {{sample_ms: 500, series_ms: 500, sustained: target, sustained_window_s: 2, sustained_skip_s: 1}}
"""


def profile(name: str, cell_ns: int) -> str:
    """Return a committed profile in which nothing but cells, in and out, has a price."""
    text = (ROOT / f"model/cost/profiles/{name}.yaml").read_text()
    text = re.sub(r"\{ps: \d+, least: \d+, most: \d+", "{ps: 0, least: 0, most: 0", text)
    for kind in ("cells_received", "cells_sent"):
        half = cell_ns * 1000 // 2
        text = text.replace(f"{kind}: {{ps: 0, least: 0, most: 0", f"{kind}: {{ps: {half}, least: {half}, most: {half}")
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the small scenario was run, to out."""
    folder = tmp_path_factory.mktemp("paper")
    (folder / "s.yaml").write_text(SMALL)
    (folder / "tor.yaml").write_text(profile("tor-0.4.9-xeon", CELL_NS))
    (folder / "loom.yaml").write_text(profile("loom-xeon", LOOM_NS))
    shutil.copy(ROOT / "scenarios/data/one-room.latency", folder)
    done = run(folder, "--out", "out")
    assert done.returncode == 0, done.stderr
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, "run", "s.yaml", *words], capture_output=True, text=True, check=False, cwd=folder)


def summary(folder: Path) -> dict:
    return json.loads((folder / "out/summary.json").read_text())


def transfers(folder: Path, arm: str) -> list[dict[str, str]]:
    with (folder / f"out/seed-1/{arm}/transfers.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_what_is_sustained_is_what_the_price_of_a_cell_allows(folder: Path) -> None:
    made = summary(folder)
    one = CELL_BITS * 1e3 / CELL_NS
    assert made["max_relayed_mbit"]["vanilla"]["mean"] == pytest.approx(one, rel=0.01)
    assert made["max_sustained_mbit"]["vanilla"]["mean"] == pytest.approx(2 * one, rel=0.01)
    own = CELL_BITS * 1e3 / LOOM_NS
    assert made["max_relayed_mbit_at_prices_of_loom"]["full"]["0"]["mean"] == pytest.approx(own, rel=0.01)
    two = made["max_relayed_mbit"]["full"]["2"]["mean"]
    assert one < two < 2.01 * one  # entries' and exits' links may be more to one thread than to the other


def test_the_keys_of_the_summary(folder: Path) -> None:
    made = summary(folder)
    for key in ("max_sustained_mbit", "max_relayed_mbit"):
        assert set(made[key]) == {"vanilla", "full"}
        assert set(made[key]["full"]) == {"2"}
        one = made[key]["vanilla"]
        assert one["min"] <= one["mean"] <= one["max"]
        assert (len(one["values"]), one["half"] >= 0) == (2, True)
    assert made["prices"] == "uncalibrated"


def test_all_streams_start_together(folder: Path) -> None:
    for arm in ("vanilla", "sizes"):
        rows = transfers(folder, arm)
        assert len(rows) == 12
        assert {row["middle"] for row in rows} == {"relay5middle"}
        assert {row["asked_ns"] for row in rows} == {"1000000000"}
        assert all(row["guard"].endswith("guard") and row["exit"].endswith("exit") for row in rows)
        assert all(row["outcome"] == "done" and int(row["bytes"]) == FILE for row in rows)


def test_an_upload_goes_on_or_ends_with_its_file(folder: Path) -> None:
    ends = {}
    for arm in ("vanilla", "sizes"):
        rows = transfers(folder, arm)
        assert all(10**9 < int(row["first_byte_ns"]) < int(row["last_byte_ns"]) for row in rows)
        ends[arm] = max(int(row["last_byte_ns"]) for row in rows) - 10**9
    # Each byte goes through the one thread: together they take as long as their cells, and what acknowledges these.
    # The last of them, alone, waits now and then for its window.
    cells = 12 * FILE / 498 * 1.03
    assert 0.99 * cells * CELL_NS < ends["sizes"] < 1.2 * cells * CELL_NS
    assert ends["vanilla"] >= ends["sizes"]  # the others do not make room


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("host.json", "resource_usage.json")
    }


def test_resumed_runs_give_the_same_bytes(folder: Path) -> None:
    before = files_of(folder / "out")
    (folder / "out/summary.json").unlink()
    shutil.rmtree(folder / "out/seed-2/full-2")
    (folder / "out/seed-1/sizes/manifest.json").write_text("{}")
    done = run(folder, "--out", "out", "--resume")
    assert done.returncode == 0
    written = re.findall(r"written to (\S+)", done.stderr)
    assert sorted(written) == ["out/seed-1/sizes", "out/seed-2/full-2"]
    assert files_of(folder / "out") == before


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("through: target", "through: entry", "expected the name of one relay, but of \"entry\" there are 4"),
    ("sustained: target,", "sustained: tarqet,",
     'outputs.sustained: expected the name of an inline relay, found "tarqet"'),
    ("class: machine", "class: engine", 'network.inline[1].class: expected a class of the hardware, found "engine"'),
    ("upload: true", "upload: false", "traffic.clients[0].goes_on_s: expected it with upload: true only"),
    ("percent: 100, architecture: vanilla, prices: tor, behaviour: tor}", "percent: 50}",
     "arms[0].percent: expected 0 or 100 of the relays that are named"),
])  # fmt: skip
def test_names_of_nobody(folder: Path, old: str, new: str, expected: str) -> None:
    assert old in SMALL
    (folder / "s.yaml").write_text(SMALL.replace(old, new, 1))
    done = run(folder, "--check")
    (folder / "s.yaml").write_text(SMALL)
    assert (done.returncode, expected in done.stderr) == (1, True), done.stderr
