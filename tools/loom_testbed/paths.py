"""paths - which relays the clients' circuits really go through, as the clients tell over the control port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .control import Circuit, Stream
from .network import Network

HOPS = 3
LEGS_MIN = 2


@dataclass
class Audit:
    """What was seen so far. `data_paths` are nicknames; a conflux set has one path for each leg."""

    data_paths: set[tuple[str, ...]] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    streams: set[tuple[str, str]] = field(default_factory=set)  # client, stream id

    def as_text(self) -> str:
        """Return one line for a report."""
        if self.violations:
            return "; ".join(self.violations[:3])
        shown = " ".join(sorted("-".join(path) for path in self.data_paths))
        return f"{len(self.streams)} streams over {shown}"


def audit(network: Network, into: Audit, pinned: Mapping[int, Sequence[str]] | None = None) -> None:
    """Look at each client's open streams to our server; note every circuit that may carry them.

    pinned: the nicknames that are right at a hop (0: guard); at the others, those of the client's configuration.
    """
    nickname = {node.fingerprint: node.name for node in network.nodes if node.fingerprint}
    target = f"127.0.0.1:{network.server_port}"
    for client in network.with_role("client"):
        with network.control(client) as control:
            circuits, streams = control.circuits(), control.streams()
        right = [{node.name for node in nodes} for nodes in network.hops(client)]
        for hop, names in (pinned or {}).items():
            right[hop] = set(names)
        ours = [stream for stream in streams if stream.target == target and stream.status == "SUCCEEDED"]
        into.streams |= {(client.name, stream.stream_id) for stream in ours}
        for circuit in carriers(circuits, ours):
            path = tuple(nickname.get(hop, hop) for hop in circuit.path)
            into.data_paths.add(path)
            if len(path) != HOPS or not all(name in nicknames for name, nicknames in zip(path, right, strict=True)):
                into.violations.append(f"{client.name} sends over {'-'.join(path)}")


def carriers(circuits: Sequence[Circuit], streams: Sequence[Stream]) -> list[Circuit]:
    """Return the circuits that may carry the streams: their own, and all legs of its conflux set."""
    used = {stream.circuit_id for stream in streams}
    sets = {circuit.conflux_id for circuit in circuits if circuit.circuit_id in used and circuit.conflux_id}
    return [circuit for circuit in circuits if circuit.circuit_id in used or circuit.conflux_id in sets]


def has_linked_set(circuits: Sequence[Circuit]) -> bool:
    """Say whether streams can be put on a conflux set: one with two linked legs or more."""
    legs = Counter(circuit.conflux_id for circuit in circuits if circuit.purpose == "CONFLUX_LINKED")
    return any(count >= LEGS_MIN for count in legs.values())
