"""experiment - one transfer over a running network, between two marks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from . import marks, paths, transfer
from .marks import Mark, Usage
from .network import Network
from .plan import Node, Plan
from .progress import Progress
from .server import PatternServer
from .transfer import Flow

POLL_SECONDS = 0.2
CONFLUX_SECONDS = 15.0  # clients link sets a few seconds after they are usable; without one they do with circuits


@dataclass
class Outcome:
    """What one transfer did. The marks stand after the circuits were up and before anything was closed."""

    flows: list[Flow]
    audit: paths.Audit
    used: list[Usage]
    seconds: float

    @property
    def payload(self) -> int:
        """Return the bytes that arrived and were right."""
        return sum(flow.length for flow in self.flows if flow.verified)

    @property
    def is_verified(self) -> bool:
        """Say whether all flows arrived as they should."""
        return all(flow.verified for flow in self.flows)


@contextmanager
def usable_network(plan: Plan, progress: Progress) -> Iterator[Network]:
    """Start a network and the server behind it; yield it when each client has carried data, and take it down after."""
    with Network(plan, progress) as network:
        server = PatternServer(network.server_port)
        network.start()
        transfer.await_usable(network.with_role("client"), network.server_port, plan.ready_seconds_max)
        if plan.conflux:
            _await_conflux(network, progress)
        yield network
        server.close()


def _await_conflux(network: Network, progress: Progress) -> None:
    """Return when each client has a linked conflux set for the transfer to go over, or when that takes too long."""
    deadline = time.monotonic() + CONFLUX_SECONDS
    missing = network.with_role("client")
    while missing and time.monotonic() < deadline:
        missing = [client for client in missing if not _has_linked_set(network, client)]
        if missing:
            network.require_alive()
            time.sleep(POLL_SECONDS)
    if missing:
        progress.line(f"no conflux set after {CONFLUX_SECONDS:.0f} s: {', '.join(client.name for client in missing)}")


def _has_linked_set(network: Network, client: Node) -> bool:
    with network.control(client) as control:
        return paths.has_linked_set(control.circuits())


def run_transfer(
    network: Network,
    total: int,
    upload_share: float,
    progress: Progress,
    pinned: Mapping[int, Sequence[str]] | None = None,
) -> Outcome:
    """Move total bytes over all clients at once; raise only when the network itself breaks."""
    flows = transfer.share_out(network.with_role("client"), total, upload_share)
    audit = paths.Audit()
    try:
        transfer.open_all(flows, network.server_port)
        paths.audit(network, audit, pinned)
        start = marks.at_start(network)
        transfer.start_all(flows)
        _watch(network, flows, total, progress)
        end = marks.at_end(network)
        paths.audit(network, audit, pinned)
    finally:
        transfer.close_all(flows)
    return Outcome(flows, audit, marks.usage(network, start, end), _seconds(start, end, flows))


def _watch(network: Network, flows: Sequence[Flow], total: int, progress: Progress) -> None:
    while not all(flow.is_done for flow in flows):
        network.require_alive()
        progress.bar("transfer", sum(flow.moved for flow in flows), total)
        time.sleep(POLL_SECONDS)


def _seconds(start: Mark, end: Mark, flows: Sequence[Flow]) -> float:
    return max((flow.seconds for flow in flows), default=end.at - start.at)
