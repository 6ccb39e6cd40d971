"""Floods from one client address, at Loom and at the real tor, each alone.

Beyond the bounds of the torrc the attacker is refused, a neighbour is not, and both relays count it under the same
names.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from link import DESTROY, Link, LinkClosed, fixed

CREATE_FAST, CREATED_FAST = 5, 6
RESOURCELIMIT = 5
FIRST_CIRCUIT = 0x80000001
READY_SECONDS_MAX = 60.0
ATTACKER, NEIGHBOUR = "127.0.0.66", "127.0.0.67"
BURST = 20
CONNECTIONS = 6
FLOOD = 1000  # Loom's threads are told to refuse a moment later, on a busy machine some more

TORRC = """\
Nickname alone
DataDirectory {directory}/data
ORPort 127.0.0.1:{or_port}
SocksPort 0
ExitRelay 0
AssumeReachable 1
PublishServerDescriptor 0
ContactInfo nobody
TestingTorNetwork 1
DirAuthority nobody orport=1 v3ident={zeros}1 127.0.0.1:1 {zeros}2
MetricsPort 127.0.0.1:{metrics_port}
MetricsPortPolicy accept 127.0.0.1
Log notice file {directory}/log
{more}
"""

CIRCUITS = f"""\
DoSCircuitCreationEnabled 1
DoSCircuitCreationMinConnections 2
DoSCircuitCreationRate 1
DoSCircuitCreationBurst {BURST}
"""
CONNECTED = f"""\
DoSConnectionEnabled 1
DoSConnectionMaxConcurrentCount {CONNECTIONS}
DoSConnectionConnectRate 100
DoSConnectionConnectBurst 1000
"""


@dataclass
class Alone:
    """A relay that runs."""

    or_port: int
    metrics_port: int

    def refused(self, kind: str) -> int:
        """Return what it has counted, a moment after it happened."""
        time.sleep(0.5)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = re.search(rf'^tor_relay_dos_total{{type="{kind}"}} (\d+)$', text, re.MULTILINE)
        assert found is not None, kind
        return int(found[1])


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@contextlib.contextmanager
def running(program: str, directory: Path, more: str) -> Iterator[Alone]:
    """Run a relay with this torrc until the block ends."""
    directory.mkdir(parents=True)
    (directory / "data").mkdir(mode=0o700)
    or_port, metrics_port = free_ports(2)
    torrc = directory / "torrc"
    torrc.write_text(
        TORRC.format(directory=directory, or_port=or_port, metrics_port=metrics_port, zeros="0" * 39, more=more)
    )
    child = subprocess.Popen([program, "-f", str(torrc)], stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(child, or_port)
        yield Alone(or_port, metrics_port)
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=30) == 0


def wait_until_ready(child: subprocess.Popen[bytes], or_port: int) -> None:
    """Wait until somebody can shake hands with it."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while True:
        assert child.poll() is None
        with contextlib.suppress(OSError, LinkClosed), Link(or_port) as link:
            link.open()
            return
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(params=["loom", "tor"])
def program(request: pytest.FixtureRequest, relay: Path) -> str:
    """Return each relay in turn."""
    if request.param == "loom":
        return str(relay)
    tor = shutil.which("tor")
    if tor is None:
        pytest.skip("tor is not installed")
    return tor


def opened(or_port: int, source: str) -> Link:
    """Return an open link from this address."""
    link = Link(or_port, source=source)
    try:
        link.open()
    except BaseException:
        link.close()
        raise
    return link


def gets_circuit(link: Link, circuit: int) -> bool:
    """Ask for a circuit; say whether it came to be."""
    link.send(fixed(circuit, CREATE_FAST, os.urandom(20)))
    cell = link.answer_to(circuit)
    assert cell.command == CREATED_FAST or (cell.command, cell.body[0]) == (DESTROY, RESOURCELIMIT)
    return cell.command == CREATED_FAST


def test_circuits_of_one_address(program: str, tmp_path: Path) -> None:
    with running(program, tmp_path / "relay", CIRCUITS) as relay, contextlib.ExitStack() as stack:
        attackers = [stack.enter_context(opened(relay.or_port, ATTACKER)) for _ in range(3)]
        neighbour = stack.enter_context(opened(relay.or_port, NEIGHBOUR))
        for link in attackers:  # all of them are open, as the relay sees it
            assert gets_circuit(link, FIRST_CIRCUIT)
        circuits = iter(range(FIRST_CIRCUIT + 1, FIRST_CIRCUIT + FLOOD))
        made = len(attackers) + sum(
            1 for _ in itertools.takewhile(lambda one: gets_circuit(attackers[0], one), circuits)
        )
        print(f"{made} circuits of a burst of {BURST}")
        assert made >= BURST - 2
        assert relay.refused("marked_address") == 1
        for circuit in itertools.islice(circuits, 20):
            assert not gets_circuit(attackers[0], circuit)
        assert not gets_circuit(attackers[1], FIRST_CIRCUIT + 1)
        assert all(gets_circuit(neighbour, FIRST_CIRCUIT + i) for i in range(BURST - 5))
        assert relay.refused("circuit_rejected") == 22


def test_connections_of_one_address(program: str, tmp_path: Path) -> None:
    with running(program, tmp_path / "relay", CONNECTED) as relay, contextlib.ExitStack() as stack:
        kept = 0
        for _ in range(3 * CONNECTIONS):
            with contextlib.suppress(OSError, LinkClosed):
                stack.enter_context(opened(relay.or_port, ATTACKER))
                kept += 1
        print(f"{kept} connections of {CONNECTIONS}")
        assert CONNECTIONS <= kept <= CONNECTIONS + 1  # the last is one more with tor
        assert relay.refused("concurrent_conn_rejected") == 3 * CONNECTIONS - kept
        stack.enter_context(opened(relay.or_port, NEIGHBOUR))
