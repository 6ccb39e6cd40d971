"""What a relay lives through: peers that vanish, circuits made and destroyed by the hundred, SIGHUP, authorities that
stall or die. It carries data through all of it, and keeps nothing of what is gone.

One network serves all tests, in their order; each leaves it of use, and the last one takes everybody else away.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import link as tor
import pytest
from conftest import MEGABYTE, MIDDLE, SANITIZED, one_middle_plan
from link import INITIATOR, Link
from loom_testbed import checks, metrics, paths, procstat, transfer
from loom_testbed.control import Control
from loom_testbed.experiment import usable_network
from loom_testbed.network import Network
from loom_testbed.plan import Node
from loom_testbed.progress import Progress
from moves import data_in_motion, held, is_up, until_ended
from rubbish_test import onion_target

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="looks at Loom's own counters")

TRANSFER_BYTES = 4 * MEGABYTE if SANITIZED else 20 * MEGABYTE
STOP_SECONDS_MAX = 10.0
STORM_LINKS = 4
STORM_CIRCUITS = 100 if SANITIZED else 500
CLIENT_CIRCUITS = 100
HANGUPS = 10


@pytest.fixture(scope="module")
def network(relay: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Return the one network of this file."""
    directory = tmp_path_factory.mktemp("hardship") / "network"
    with usable_network(one_middle_plan(relay, directory, clients=3), Progress(quiet=True)) as network:
        yield network


@pytest.fixture
def middle(network: Network) -> Node:
    """Return the relay under test."""
    (node,) = network.with_role("middle")
    return node


def read(middle: Node) -> metrics.LoomCounters:
    """Ask the relay what it has."""
    counters = metrics.read(middle.metrics_port)
    assert counters is not None, "the relay's MetricsPort does not answer"
    return counters


def circuits_through(network: Network, middle: Node) -> int:
    """Count the circuits that the living tors have built through the relay."""
    count = 0
    for node in network.nodes:
        if node.program == "tor" and network.child(node).is_alive():
            with network.control(node) as control:
                count += sum(middle.fingerprint in circuit.path for circuit in control.circuits())
    return count


def await_no_more_halves_than_needed(network: Network, middle: Node) -> None:
    """Return when the relay has no more than two circuit halves for each circuit that somebody has through it.

    A tor often keeps a DESTROY back until it has something else to send on that link: so let each send something.
    """
    for node in network.nodes:
        if node.program == "tor" and node.is_relay and network.child(node).is_alive():
            with network.control(node) as control:
                control.try_command(f"EXTENDCIRCUIT 0 {middle.fingerprint}")
    network.wait_for(
        "end of the circuits that nobody has",
        lambda: read(middle).working_set["halves"] <= 2 * circuits_through(network, middle),
        lambda: f"there are {read(middle).working_set} for {circuits_through(network, middle)} circuits",
    )


def must_carry_data(network: Network) -> None:
    """Expect a transfer through every client to arrive whole."""
    transfer.await_usable(network.with_role("client"), network.server_port, network.plan.ready_seconds_max)
    flows = transfer.share_out(network.with_role("client"), TRANSFER_BYTES, 0.1)
    audit = paths.Audit()
    try:
        transfer.open_all(flows, network.server_port)
        paths.audit(network, audit)
        transfer.start_all(flows)
        network.wait_for("end of the transfer", lambda: all(flow.is_done for flow in flows))
    finally:
        transfer.close_all(flows)
    assert all(flow.verified for flow in flows), [flow.error for flow in flows]
    assert audit.data_paths and not audit.violations, audit.as_text()


def links_with(network: Network, node: Node) -> list[str]:
    """Return the OR connections of a tor, as it names them: $FINGERPRINT~NICKNAME only when it knows who is there."""
    with network.control(node) as control:
        return [line.split()[0] for line in control.getinfo("orconn-status") if line.endswith("CONNECTED")]


def test_relays_know_each_other_and_share_a_link(network: Network, middle: Node) -> None:
    must_carry_data(network)
    for role in ("guard", "exit"):
        linked = {node.name: links_with(network, node) for node in network.with_role(role)}
        ours = {name: sum(middle.fingerprint in peer for peer in peers) for name, peers in linked.items()}
        assert 1 <= max(ours.values()) <= 2, linked  # two when both dial in the same moment, as between tors
    # Nobody but relays has business with an exit, except that our test of ourselves comes as a client.
    for node in network.with_role("exit"):
        assert sum(not peer.startswith("$") for peer in links_with(network, node)) <= 1, node.name


def test_clients_vanish(network: Network, middle: Node) -> None:
    clients = network.with_role("client")
    with data_in_motion(network):
        for client in clients:
            network.child(client).kill()
    await_no_more_halves_than_needed(network, middle)
    for client in clients:
        network.start_node(client)
    must_carry_data(network)


def test_a_guard_vanishes(network: Network, middle: Node) -> None:
    guard = network.with_role("guard")[0]
    with data_in_motion(network):
        links = read(middle).working_set["links"]
        network.child(guard).kill()
        network.wait_for("loss of the guard's link", lambda: read(middle).working_set["links"] < links)
    await_no_more_halves_than_needed(network, middle)
    network.start_node(guard)
    must_carry_data(network)


def storm_of(link: Link, network: Network, middle: Node) -> None:
    """Make circuits and destroy each in the same breath, while its handshake is being computed."""
    target = onion_target(network, middle)
    ids = [INITIATOR | (1000 + number) for number in range(STORM_CIRCUITS)]
    link.send(b"".join(tor.create2(circuit, target) + tor.fixed(circuit, tor.DESTROY) for circuit in ids))
    assert link.is_usable(target, INITIATOR | 7)


def make_and_destroy(control: Control, hops: list[str]) -> None:
    """Let a client build circuits and close them unfinished."""
    for _ in range(CLIENT_CIRCUITS):
        made = control.command(f"EXTENDCIRCUIT 0 {','.join(hops)}")[-1]
        control.command(f"CLOSECIRCUIT {made.split()[1]}")


def test_circuits_are_made_and_destroyed_by_the_hundred(network: Network, middle: Node) -> None:
    client, guard, far = (network.with_role(role)[0] for role in ("client", "guard", "exit"))
    with data_in_motion(network) as flows:
        for _ in range(STORM_LINKS):
            with Link(middle.or_port) as link:
                link.open()
                storm_of(link, network, middle)
        with network.control(client) as control:
            make_and_destroy(control, [node.fingerprint for node in (guard, middle, far)])
        assert not any(flow.is_done for flow in flows)
    await_no_more_halves_than_needed(network, middle)
    must_carry_data(network)


def test_a_hangup_opens_the_log_again(network: Network, middle: Node) -> None:
    child = network.child(middle)
    with data_in_motion(network) as flows:
        child.log_path.rename(child.log_path.with_suffix(".old"))
        for _ in range(HANGUPS):
            os.kill(child.pid, signal.SIGHUP)
        network.wait_for("new log", lambda: child.log_path.exists())
        assert not any(flow.is_done for flow in flows)
    must_carry_data(network)


def restart(network: Network, middle: Node) -> None:
    """Stop the relay as an operator does, and start it; nobody may ask it in between, or he remembers it as down."""
    child = network.child(middle)
    with held(network, "guard"):
        child.ask_to_stop()
        network.wait_for("end of the relay", lambda: not child.is_alive())
        network.start_node(middle)
        network.wait_for("relay", lambda: is_up(middle))
    assert child.exit_status() == 0


def test_an_authority_stalls(network: Network, middle: Node) -> None:
    with held(network, "authority"):
        restart(network, middle)
        must_carry_data(network)
        assert read(middle).directory["accepted"] == 0
    network.wait_for("descriptor at the authority", lambda: read(middle).directory["accepted"] == 1)


def test_an_authority_dies(network: Network, middle: Node) -> None:
    (authority,) = network.with_role("authority")
    network.child(authority).kill()
    restart(network, middle)
    must_carry_data(network)
    assert read(middle).directory["accepted"] == 0
    network.start_node(authority)
    network.wait_for("descriptor at the authority", lambda: read(middle).directory["accepted"] == 1)


def test_everybody_else_vanishes(network: Network, middle: Node) -> None:
    with data_in_motion(network) as flows:
        for node in network.nodes:
            if node is not middle:
                network.child(node).kill()
        until_ended(flows)
    network.wait_for("end of all links", lambda: read(middle).working_set["links"] == 0)
    await_no_more_halves_than_needed(network, middle)
    sample = procstat.sample(network.child(middle).pid)
    assert sample is not None
    print(f"alone: {sample.open_files} open files, RSS {sample.rss_kb} kB, {read(middle).working_set}")
    network.stop()
    ended = checks.relays_ended_well(network)
    assert ended.ok, ended.detail
