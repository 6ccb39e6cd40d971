"""Real clients have Loom run the padding machines of onion services' circuits, and are content with what it sends."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from conftest import MIDDLE
from loom_testbed import checks, metrics, plan
from loom_testbed.experiment import usable_network
from loom_testbed.network import Network
from loom_testbed.plan import Node
from loom_testbed.progress import Progress

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="looks at Loom's own counters")

REACHED_SECONDS_MAX = 90.0
MACHINES_CELLS = 8  # seven at least of the machine for introductions, one of that for rendezvous


def serve_onion(network: Network, service: Node) -> str:
    """Let a client's tor offer our server as an onion service; return its address."""
    with network.control(service) as control:
        asked = f"ADD_ONION NEW:ED25519-V3 Flags=DiscardPK,Detach Port=80,127.0.0.1:{network.server_port}"
        return control.command(asked)[0].removeprefix("ServiceID=") + ".onion"


def reach_onion(client: Node, address: str) -> bool:
    """Say whether the service can be connected to now."""
    with socket.create_connection(("127.0.0.1", client.socks_port), timeout=REACHED_SECONDS_MAX) as connection:
        connection.sendall(b"\x05\x01\x00")
        assert connection.recv(2) == b"\x05\x00"
        connection.sendall(b"\x05\x01\x00\x03" + bytes([len(address)]) + address.encode() + (80).to_bytes(2, "big"))
        return connection.recv(10)[1:2] == b"\x00"


def padding_sent(network: Network) -> int:
    """Return the cells of padding that the middles have sent."""
    return metrics.sum_of(checks.read_counters(network), "padding_sent") or 0


def test_clients_get_the_padding_of_onion_services_circuits(relay: Path, run_directory: Path) -> None:
    run_directory.mkdir(parents=True)
    loom = plan.Relay("loom", 2)
    asked = plan.Plan((loom, loom), relay, run_directory, clients=2, conflux=False, ready_seconds_max=300.0)
    with usable_network(asked, Progress(quiet=True)) as network:
        service, client = network.with_role("client")
        for node in (service, client):  # its own choice of second hops would leave ours out
            with network.control(node) as control:
                control.command("SETCONF VanguardsLiteEnabled=0")
        address = serve_onion(network, service)
        deadline = time.monotonic() + REACHED_SECONDS_MAX
        while not reach_onion(client, address):
            assert time.monotonic() < deadline, "the onion service was not reached"
            time.sleep(0.5)
        network.wait_for("padding of both machines", lambda: padding_sent(network) >= MACHINES_CELLS)
        network.stop()
        peers = [node for node in network.nodes if node.program == "tor"]
        for check in (
            checks.relays_ended_well(network),
            checks.looms_warn_nothing(network.under_test()),
            checks.peers_warn_nothing_of(network.under_test(), peers),
        ):
            assert check.ok, check.detail
