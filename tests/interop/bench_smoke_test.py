"""Each bench of lone relays runs to its end, for a moment: what it measures means nothing here."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

BENCH_SECONDS_MAX = 240


def bench(relay: Path, directory: Path, *arguments: str) -> dict:
    """Run tools/bench and return its JSON."""
    command = [str(ROOT / "tools" / "bench"), *arguments, "--loom", str(relay), "--json", "--quiet", "--dir", directory]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BENCH_SECONDS_MAX, check=False)
    if arguments[0] == "bill" and done.stderr.startswith("bench: perf"):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_relay_beside_tor_and_the_limit(relay: Path, run_directory: Path) -> None:
    if shutil.which("tor") is None:
        pytest.skip("tor is not installed")
    result = bench(relay, run_directory, "relay", "--load", "hot", "--rounds", "1", "--seconds", "1", "--cipher",
                   "TLS_AES_128_GCM_SHA256")  # fmt: skip
    assert result["cipher"] == "TLS_AES_128_GCM_SHA256"
    assert all(one["cipher"] == result["cipher"] for one in result["rounds"][0].values())
    assert result["ratio"] > 0 and result["limit_ratio"] > 0 and result["least_ratio"] > 0


def test_scale(relay: Path, run_directory: Path) -> None:
    result = bench(relay, run_directory, "scale", "--threads-max", "2", "--rounds", "1", "--seconds", "1")
    assert list(result["by_threads"]) == ["1", "2"]
    two = result["by_threads"]["2"]
    assert two["threads_seen"] == 2 and sum(two["shares"]) == pytest.approx(1, abs=0.01)
    assert two["work_per_1000_cells"]["cells_crossed"] > 0
    assert (run_directory / "scale.svg").stat().st_size > 0


def test_back_ends(relay: Path, run_directory: Path) -> None:
    result = bench(relay, run_directory, "backends", "--load", "hot", "--rounds", "1", "--window-ms", "50")
    by_name = result["loads"]["hot"]
    assert {"epoll", "libevent", "bufferevent"} <= set(by_name)
    assert "uring" in by_name or any("uring" in text for text in result["refused"])
    assert all(one["calls_per_1000_cells"] > 0 for one in by_name.values())


def test_the_bill_of_a_cell(relay: Path, run_directory: Path) -> None:
    result = bench(relay, run_directory, "bill", "--seconds", "1")
    stages = result["stages"]
    for stage in ("socket read", "record open", "cipher", "record seal", "socket write"):
        assert stages[stage]["ns_per_cell"] > 0, stages
    assert sum(one["share"] for one in stages.values()) == pytest.approx(1, abs=0.01)
    assert result["unresolved_share"] < 0.2
    assert result["work_per_cell"]["tls_records_written"] > 0
    assert (run_directory / "bill.svg").stat().st_size > 0


def test_predictions_beside_a_native_relay(relay: Path, run_directory: Path) -> None:
    profile = ROOT / "model" / "cost" / "profiles" / "loom-xeon.yaml"
    only = ["--profile", str(profile), "--only", "middle 2 links 16 circuits", "--rounds", "1", "--seconds", "1"]
    command = [str(ROOT / "tools" / "bench"), "predict", *only, "--loom", str(relay), "--json", "--quiet", "--dir",
               str(run_directory)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=BENCH_SECONDS_MAX, check=False)
    assert done.stdout, done.stderr  # prices of another machine: whether errors are as asked means nothing
    result = json.loads(done.stdout)
    assert not result["not_predicted"]
    assert result["cpu"][0]["measured"] > 0 and result["cpu"][0]["predicted"] > 0
    native, engine = result["work"][0]["native_and_engine"]["bytes_received"]
    assert native == pytest.approx(engine, rel=0.05)
    assert (run_directory / "predict.svg").stat().st_size > 0
