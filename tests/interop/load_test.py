"""loom-load presses cells through a relay that stands alone, and verifies every byte of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from conftest import SANITIZED
from loom_testbed import lone_relay, ports
from loom_testbed.process import stop_all

GENERATOR_SECONDS_MAX = 240


def load(relay: Path, started: lone_relay.LoneRelay, *options: str) -> subprocess.CompletedProcess[str]:
    """Run loom-load on a relay that runs."""
    command = [relay.with_name("loom-load"), *started.as_options(), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=GENERATOR_SECONDS_MAX, check=False)


@pytest.fixture(params=["loom", "tor"])
def started(request: pytest.FixtureRequest, relay: Path, run_directory: Path) -> lone_relay.LoneRelay:
    """Start one relay alone; stop it afterwards."""
    tor = shutil.which("tor")
    if request.param == "tor" and tor is None:
        pytest.skip("tor is not installed")
    if request.param == "tor" and SANITIZED:
        pytest.skip("tor is not built with a sanitizer")
    command, extra = ([str(relay)], "ConnectionThreads 2\n") if request.param == "loom" else ([str(tor)], "")
    with ports.PortBlock() as block:
        one = lone_relay.start(request.param, command, run_directory, block.take(), extra)
        yield one
        stop_all([one.child])


@pytest.mark.parametrize("record_cells", ["8", "31"])
def test_every_cell_arrives_unchanged(relay: Path, started: lone_relay.LoneRelay, record_cells: str) -> None:
    done = load(relay, started, "--links", "6", "--circuits", "30", "--verified-links", "3", "--record-cells",
                record_cells, "--warmup", "0", "--seconds", "1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["lost"] == 0 and result["wrong"] == 0
    assert result["verified"] >= result["cells"] > 0
    assert result["relay_ns_per_cell"] > 0


def test_cells_that_are_only_counted_arrive_too(relay: Path, started: lone_relay.LoneRelay) -> None:
    done = load(relay, started, "--links", "4", "--circuits", "10", "--verified-links", "1", "--warmup", "0",
                "--seconds", "1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["lost"] == 0
    assert 0 < result["verified"] < result["cells"]


def test_a_cell_comes_back(relay: Path, started: lone_relay.LoneRelay) -> None:
    done = load(relay, started, "--links", "2", "--circuits", "1", "--echoes", "50")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["echoes"] == 50
    assert 0 < result["echo_median_ns"] <= result["echo_p99_ns"]


def test_cells_at_a_rate_say_how_long_they_took(relay: Path, started: lone_relay.LoneRelay) -> None:
    done = load(relay, started, "--links", "4", "--circuits", "8", "--rate", "4000", "--warmup", "0", "--seconds",
                "1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["lost"] == 0
    assert 0 < result["cells"] <= 8000
    assert 0 < result["delay_p50_of_all_ns"] <= result["delay_p99_of_all_ns"]


def test_a_share_is_of_what_goes_just_before(relay: Path, started: lone_relay.LoneRelay) -> None:
    done = load(relay, started, "--links", "4", "--circuits", "8", "--share", "20", "--warmup", "0", "--seconds",
                "1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["lost"] == 0
    assert result["rate"] == result["most_before"] * 20 // 100
    assert result["most_after"] > 0
    assert 0 < result["cells_per_s"] < result["most_before"]
    assert 0 < result["delay_p50_of_all_ns"] <= result["delay_p99_of_all_ns"]


POLICY_PATIENCE = 30
AT_AN_EXIT = "RefuseUnknownExits 0\nExitPolicyRejectPrivate 0\nServerDNSDetectHijacking 0\n"


@pytest.mark.parametrize("program", ["loom", "tor"])
def test_streams_end_at_an_exit_and_answer_with_sendmes(relay: Path, run_directory: Path, program: str) -> None:
    command = relay if program == "loom" else shutil.which("tor")
    if command is None:
        pytest.skip("tor is not installed")
    with ports.PortBlock() as block:
        one = lone_relay.start(program, [str(command)], run_directory, block.take(), AT_AN_EXIT,
                               policy="ExitRelay 1\nExitPolicy accept *:*")  # fmt: skip
        try:
            # A tor has no exit policy, and so no streams, for some seconds after its start.
            for _ in range(POLICY_PATIENCE):
                done = load(relay, one, "--role", "exit", "--links", "3", "--circuits", "6", "--verified-links", "2",
                            "--warmup", "0", "--seconds", "1")  # fmt: skip
                if done.returncode == 0 or program == "loom":
                    break
                time.sleep(1)
        finally:
            stop_all([one.child])
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["lost"] == 0 and result["wrong"] == 0
    assert result["verified"] > 0
    assert result["cells"] > 6 * 1000  # more than all windows together: SENDMEs came, and were answered
    assert result["sendmes"] > 0


HANDSHAKES = ("--links", "2", "--circuits", "8", "--proven-every", "1", "--warmup", "0", "--seconds", "1")


@pytest.mark.parametrize("kind", ["ntor", "ntor-v3"])
def test_every_handshake_is_answered_by_the_relay(relay: Path, started: lone_relay.LoneRelay, kind: str) -> None:
    done = load(relay, started, "--handshakes", kind, *HANDSHAKES)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["lost"] == 0 and result["wrong"] == 0 and result["refused"] == 0
    assert result["verified"] >= result["handshakes"] > 0
    assert result["relay_ns_per_handshake"] > 0


def test_handshakes_with_another_key_prove_nothing(relay: Path, started: lone_relay.LoneRelay) -> None:
    """Loom refuses them; tor answers with a key that nobody knows."""
    done = load(relay, started, "--onion-key", "09" + 31 * "00", "--handshakes", "ntor", *HANDSHAKES)
    result = json.loads(done.stdout)
    assert result["lost"] == 0 and result["verified"] == 0
    assert result["refused"] + result["wrong"] > 0


def test_circuits_idle_until_somebody_asks_for_more(relay: Path, started: lone_relay.LoneRelay) -> None:
    options = ("--links", "4", "--circuits", "12", "--verified-links", "2", "--idle", "2")
    command = [relay.with_name("loom-load"), *started.as_options(), *options]
    asked = dict(input="\n" * 100, text=True, capture_output=True, timeout=GENERATOR_SECONDS_MAX, check=False)
    done = subprocess.run(command, **asked)
    assert done.returncode == 0, done.stderr
    stages = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["stage"], one["links"], one["circuits"]) for one in stages] == [
        ("links", 2, 1), ("links", 4, 2), ("circuits", 4, 6), ("circuits", 4, 12), ("used", 4, 12), ("destroyed", 4, 0),
    ]  # fmt: skip


def limit(relay: Path, *options: str) -> dict[str, float]:
    """Run loom-limit for a moment and return what it says."""
    command = [relay.with_name("loom-limit"), "--warmup-ms", "50", "--window-ms", "100", "--repeats", "2", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GENERATOR_SECONDS_MAX, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, float] = json.loads(done.stdout)
    assert result["lost"] == 0 and result["wrong"] == 0
    assert result["relay_ns_per_cell"] > 0
    return result


def backends(relay: Path) -> list[str]:
    """Return the back ends that this build's loom-limit has."""
    listed = [relay.with_name("loom-limit"), "--list-backends"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()


def test_the_limit_neither_loses_nor_changes_a_cell(relay: Path) -> None:
    for backend in backends(relay):
        some = limit(relay, "--backend", backend, "--links", "6", "--circuits", "30", "--record-cells", "8")
        assert some["verified"] > 0
    every_byte = limit(relay, "--own-aead", "--links", "6", "--circuits", "30", "--verified-links", "3")
    assert every_byte["verified"] >= every_byte["cells"] > 0


def test_a_relay_that_is_not_there_is_said(relay: Path) -> None:
    with ports.PortBlock() as block:
        absent = ["--relay", f"127.0.0.1:{block.take()}", "--rsa-id", "00" * 20, "--ed-id", "00" * 32]
        command = [relay.with_name("loom-load"), *absent, "--onion-key", "09" * 32]
        done = subprocess.run(command, capture_output=True, text=True, timeout=GENERATOR_SECONDS_MAX, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("loom-load: 0 of 64 circuits were built")
    assert done.stdout == ""
