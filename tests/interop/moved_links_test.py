"""Links go from one of Loom's threads to another all the time, while they are used: every byte arrives.

LOOM_MOVED_BYTES repeats the transfers with so much (tools/test --long).
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import MEGABYTE, MIDDLE, ROOT, SANITIZED
from loom_testbed import lone_relay, metrics, onion, plan, ports, transfer
from loom_testbed.network import Network
from loom_testbed.process import stop_all
from loom_testbed.progress import Progress
from loom_testbed.server import PatternServer
from moves import must_arrive_whole

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="needs Loom")

SIZE = int(os.environ.get("LOOM_MOVED_BYTES", str((4 if SANITIZED else 20) * MEGABYTE)))
MOVES_LEAST = 8
IS_LONG = "LOOM_MOVED_BYTES" in os.environ
READY_SECONDS_MAX = 300.0 if SANITIZED else 120.0
# What is not negotiated here has its own place, where it is asked for.
NOT_ASKED_HERE = {"negotiated"}
# The network around Loom, and whether it takes too long for each day.
SHAPES = {
    "middle": (("--clients", "4"), False),
    "conflux": (("--clients", "4", "--conflux", "auto"), True),
    "every_role": (("--mix",), True),
    "guard_and_exit": (("--guard", "loom", "--middle", "tor", "--exit", "loom", "--conflux", "off"), True),
    "loom_alone": (("--all-relays", "loom", "--relays", "5", "--clients", "2"), True),
}


def run_testbed(relay: Path, directory: Path, *options: str) -> dict[str, object]:
    """Run tools/testbed with links that move and return its JSON when all checks hold that are asked for here."""
    command = [str(ROOT / "tools" / "testbed"), "--json", "--quiet", "--dir", str(directory), "--loom", str(relay)]
    command += ["--transfer", str(SIZE), "--ready-timeout", str(int(READY_SECONDS_MAX)), "--threads", "4"]
    done = subprocess.run([*command, "--move-every", "0.1", *options], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    failed = [check for check in result["checks"] if not check["ok"] and check["name"] not in NOT_ASKED_HERE]  # type: ignore[attr-defined]
    assert not failed and result["error"] is None and result["verified"], f"{failed} {result['error']}; see {directory}"
    print(json.dumps(result["moves"]))
    return result


@pytest.mark.parametrize("shape", SHAPES)
def test_every_byte_arrives_over_links_that_move(relay: Path, run_directory: Path, shape: str) -> None:
    options, takes_long = SHAPES[shape]
    if takes_long and not IS_LONG:
        pytest.skip("LOOM_MOVED_BYTES: with tools/test --long")
    if shape == "middle":
        options = (*options, "--conflux", "off")
    run_testbed(relay, run_directory, *options)


@pytest.fixture
def lone(relay: Path, run_directory: Path) -> Iterator[tuple[lone_relay.LoneRelay, int]]:
    """Start one relay that moves a link every few milliseconds; return it with its MetricsPort."""
    with ports.PortBlock() as block:
        metrics_port = block.take()
        extra = "ConnectionThreads 3\nTestingMoveLinksInterval 5 msec\n"
        extra += f"MetricsPort 127.0.0.1:{metrics_port}\nMetricsPortPolicy accept 127.0.0.1\n"
        one = lone_relay.start("loom", [str(relay)], run_directory, block.take(), extra)
        yield one, metrics_port
        stop_all([one.child])


def test_no_cell_is_lost_or_changed_under_full_load(relay: Path, lone: tuple[lone_relay.LoneRelay, int]) -> None:
    started, metrics_port = lone
    links = ["--links", "8", "--verified-links", "4", "--circuits", "40"]
    command = [str(relay.with_name("loom-load")), *started.as_options(), *links]
    moved = 0
    while moved < MOVES_LEAST:  # on a machine that does other things a move takes seconds
        done = subprocess.run([*command, "--warmup", "0", "--seconds", "30" if IS_LONG else "3"], capture_output=True,
                              text=True, timeout=600, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert result["lost"] == 0 and result["wrong"] == 0
        assert result["verified"] >= result["cells"] > 0
        counters = metrics.read(metrics_port)
        assert counters is not None
        print(counters.moves)
        assert counters.moves.moved > moved
        moved = counters.moves.moved


@pytest.mark.skipif(not IS_LONG, reason="LOOM_MOVED_BYTES: with tools/test --long")
def test_an_onion_service_is_reached_over_links_that_move(relay: Path, run_directory: Path) -> None:
    run_directory.mkdir(parents=True)
    asked = plan.Plan(
        middles=(),
        guards=(),
        exits=(),
        relays=(plan.Relay("loom", 3),) * 6,
        loom=relay,
        directory=run_directory,
        clients=2,
        services=1,
        ready_seconds_max=READY_SECONDS_MAX,
        loom_options=("TestingMoveLinksInterval 100 msec",),
    )
    with Network(asked, Progress(quiet=True)) as network:
        server = PatternServer(network.server_port)
        network.start()
        (service,) = network.with_role("service")
        clients = network.with_role("client")
        began = time.monotonic()
        host = onion.address(network, service)
        transfer.await_usable(clients, network.server_port, network.plan.ready_seconds_max, host)
        print(f"reached after {time.monotonic() - began:.1f} s")
        must_arrive_whole(network, transfer.share_out(clients, SIZE, 0.5, onion.address(network, service)))
        counters = [metrics.read(node.metrics_port) for node in network.with_role("relay")]
        moves = metrics.moves_of([one for one in counters if one is not None])
        print(moves)
        assert moves.moved >= 10
        server.close()
