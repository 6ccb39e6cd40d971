"""bench_rendezvous - the rendezvous point's part of `tools/bench relay --role rendezvous`.

tor lets nobody choose where a client meets a service, so each client makes rendezvous after rendezvous until one is at
the relay to be measured. Users keep off the authority and off the other relay measured, so that takes few attempts. A
relay that is the last hop of both circuits is no other hop of either: each cell of data passes it once.
"""

from __future__ import annotations

import time
from pathlib import Path

from . import marks, onion, paths, transfer
from .errors import TestbedError
from .experiment import Outcome
from .network import Network
from .plan import Node, Plan, Relay
from .progress import Progress

ATTEMPTS_MAX = 80
POLL_SECONDS = 0.2


def plan(first: Relay, loom: Path, directory: Path, clients: int) -> Plan:
    """Return a network with two relays that nobody needs but to meet: first, and a tor."""
    return Plan(
        middles=(first, Relay("tor")),
        loom=loom,
        directory=directory,
        clients=clients,
        services=1,
        conflux=False,
    )


def relays(network: Network) -> list[Node]:
    """Return the two that are measured."""
    return network.with_role("middle")


def turn(network: Network, relay: Node, total: int, upload_share: float, progress: Progress) -> Outcome:
    """Move total bytes between all clients and the service, over rendezvous at this relay alone."""
    (service,) = network.with_role("service")
    clients = network.with_role("client")
    host = onion.address(network, service)
    for client in clients:
        _keep_off(network, client, relay)
        _meet_at(network, client, relay, host)
    flows = transfer.share_out(clients, total, upload_share, host)
    try:
        transfer.open_all(flows, network.server_port)
        start = marks.at_start(network)
        transfer.start_all(flows)
        while not all(flow.is_done for flow in flows):
            network.require_alive()
            progress.bar("transfer", sum(flow.moved for flow in flows), total)
            time.sleep(POLL_SECONDS)
        end = marks.at_end(network)
        for client in clients:
            _require_only(network, client, relay)
    finally:
        transfer.close_all(flows)
    return Outcome(flows, paths.Audit(), marks.usage(network, start, end), max(flow.seconds for flow in flows))


def _keep_off(network: Network, client: Node, relay: Node) -> None:
    """Have the client use neither the authority nor the other relay that is measured."""
    others = network.with_role("authority") + [one for one in relays(network) if one is not relay]
    with network.control(client) as control:
        control.command("SETCONF ExcludeNodes=" + ",".join(f"${one.fingerprint}" for one in others) + " MiddleNodes")


def _meet_at(network: Network, client: Node, relay: Node, host: str) -> None:
    for _ in range(ATTEMPTS_MAX):
        onion.part(network, client)
        transfer.await_usable([client], network.server_port, network.plan.ready_seconds_max, host)
        met = onion.rendezvous_points(network, client)
        if met and all(node is relay for node in met):
            return
    raise TestbedError(f"{client.name} did not meet the service at {relay.name} in {ATTEMPTS_MAX} attempts")


def _require_only(network: Network, client: Node, relay: Node) -> None:
    met = onion.rendezvous_points(network, client)
    if not met or any(node is not relay for node in met):
        raise TestbedError(f"{client.name} met the service at {[node.name for node in met]}, not at {relay.name} alone")
