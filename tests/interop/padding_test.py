"""Real clients have Loom run the padding machines of onion services' circuits, and are content with what it sends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import MIDDLE
from loom_testbed import checks, metrics, onion, plan, transfer
from loom_testbed.experiment import usable_network
from loom_testbed.network import Network
from loom_testbed.progress import Progress

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="looks at Loom's own counters")

MIDDLES = 3  # a circuit to one of a service's relays has two middles before it, and that may be a middle itself
MACHINES_CELLS = 8  # seven at least of the machine for introductions, one of that for rendezvous


def padding_sent(network: Network) -> int:
    """Return the cells of padding that the middles have sent."""
    return metrics.sum_of(checks.read_counters(network), "padding_sent") or 0


def test_clients_get_the_padding_of_onion_services_circuits(relay: Path, run_directory: Path) -> None:
    run_directory.mkdir(parents=True)
    middles = (plan.Relay("loom", 2),) * MIDDLES
    asked = plan.Plan(middles, relay, run_directory, clients=2, conflux=False, ready_seconds_max=300.0)
    with usable_network(asked, Progress(quiet=True)) as network:
        service, client = network.with_role("client")
        for node in (service, client):  # its own choice of second hops would leave ours out
            with network.control(node) as control:
                control.command("SETCONF VanguardsLiteEnabled=0")
        address = onion.offer(network, service)
        began = time.monotonic()
        transfer.await_usable([client], network.server_port, asked.ready_seconds_max, address)
        print(f"reached after {time.monotonic() - began:.1f} s")
        network.wait_for("padding of both machines", lambda: padding_sent(network) >= MACHINES_CELLS)
        network.stop()
        peers = [node for node in network.nodes if node.program == "tor"]
        for check in (
            checks.relays_ended_well(network),
            checks.looms_warn_nothing(network.under_test()),
            checks.peers_warn_nothing_of(network.under_test(), peers),
        ):
            assert check.ok, check.detail
