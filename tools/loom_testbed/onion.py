"""onion - an onion service of the network: its name, and by its control port the relays that it uses."""

from __future__ import annotations

from .network import Network
from .plan import Node

INTRODUCTION = "HS_SERVICE_INTRO"
JOINED = ("HS_CLIENT_REND", "HS_SERVICE_REND")


def address(network: Network, service: Node) -> str:
    """Return the name of a service, as soon as it has one."""
    path = service.directory / "data" / "onion" / "hostname"
    network.wait_for(f"name of {service.name}", path.is_file)
    network.wait_for(f"name of {service.name}", lambda: path.read_text().endswith("\n"))
    return path.read_text().strip()


def offer(network: Network, node: Node) -> str:
    """Let a running tor offer our server as a new onion service; return its name."""
    with network.control(node) as control:
        asked = f"ADD_ONION NEW:ED25519-V3 Flags=DiscardPK,Detach Port={network.server_port}"
        return control.command(asked)[0].removeprefix("ServiceID=") + ".onion"


def introduction_points(network: Network, service: Node) -> list[Node]:
    """Return the relays at which the service waits for introductions now."""
    return _last_hops(network, service, (INTRODUCTION,))


def rendezvous_points(network: Network, client: Node) -> list[Node]:
    """Return the relays at which the client's circuits to services are joined, or wait to be."""
    return _last_hops(network, client, JOINED)


def part(network: Network, client: Node) -> None:
    """Close the client's circuits to services: who comes next is introduced anew."""
    with network.control(client) as control:
        for circuit in control.circuits():
            if circuit.purpose in JOINED:
                control.try_command(f"CLOSECIRCUIT {circuit.circuit_id}")


def _last_hops(network: Network, node: Node, purposes: tuple[str, ...]) -> list[Node]:
    by_fingerprint = {one.fingerprint: one for one in network.nodes if one.is_relay}
    with network.control(node) as control:
        circuits = [one for one in control.circuits() if one.status == "BUILT" and one.purpose in purposes]
    return [by_fingerprint[circuit.path[-1]] for circuit in circuits]
