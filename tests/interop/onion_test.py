"""Onion services of the real tor, reached by the real tor, where every relay but the authority is Loom: guard,
directory, introduction point and rendezvous point. And with tor in its place, so that a test that fails then is wrong.

LOOM_ONION_BYTES: how much goes each way (tools/test --long: 100 MB).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import MEGABYTE, MIDDLE, SANITIZED
from loom_testbed import onion, plan, transfer
from loom_testbed.network import Network
from loom_testbed.plan import Node
from loom_testbed.progress import Progress
from loom_testbed.server import PatternServer
from moves import is_up, must_arrive_whole

RELAYS = 6
SIZE = int(os.environ.get("LOOM_ONION_BYTES", str((2 if SANITIZED else 10) * MEGABYTE)))


@pytest.fixture(scope="module")
def network(relay: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Return the one network of this file, with a service that is just starting."""
    directory = tmp_path_factory.mktemp("onion") / "network"
    directory.mkdir()
    asked = plan.Plan(
        middles=(),
        guards=(),
        exits=(),
        relays=(plan.Relay(MIDDLE, 2 if MIDDLE == "loom" else None),) * RELAYS,
        loom=relay,
        directory=directory,
        clients=2,
        services=1,
        ready_seconds_max=300.0 if SANITIZED else 120.0,
    )
    with Network(asked, Progress(quiet=True)) as network:
        server = PatternServer(network.server_port)
        network.start()
        yield network
        server.close()


@pytest.fixture
def service(network: Network) -> Node:
    """Return the service."""
    (node,) = network.with_role("service")
    return node


def move(network: Network, service: Node, clients: list[Node]) -> None:
    """Expect SIZE bytes each way between the service and the clients to arrive whole."""
    must_arrive_whole(network, transfer.share_out(clients, 2 * SIZE, 0.5, onion.address(network, service)))


def test_a_service_is_reached(network: Network, service: Node) -> None:
    began = time.monotonic()
    clients = network.with_role("client")
    host = onion.address(network, service)
    transfer.await_usable(clients, network.server_port, network.plan.ready_seconds_max, host)
    print(f"reached after {time.monotonic() - began:.1f} s")
    move(network, service, clients)
    met = [node for client in clients for node in onion.rendezvous_points(network, client)]
    points = onion.introduction_points(network, service)
    assert met and points and all(node.role == "relay" for node in met + points), (met, points)


def test_its_introduction_points_start_anew(network: Network, service: Node) -> None:
    """All of them, at once; then a client needs a new introduction."""
    points = {node.name: node for node in onion.introduction_points(network, service)}
    assert points
    for node in points.values():
        child = network.child(node)
        child.ask_to_stop()
        network.wait_for(f"end of {node.name}", lambda child=child: not child.is_alive())  # type: ignore[misc]
    for node in points.values():
        network.start_node(node)
    network.wait_for("the relays' return", lambda: all(is_up(node) for node in points.values()))
    client = network.with_role("client")[1]
    onion.part(network, client)
    began = time.monotonic()
    host = onion.address(network, service)
    transfer.await_usable([client], network.server_port, network.plan.ready_seconds_max, host)
    print(f"reached after {time.monotonic() - began:.1f} s")
    move(network, service, [client])
