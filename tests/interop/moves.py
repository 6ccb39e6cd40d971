"""moves - what the tests of hard times do to a network, in words."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from conftest import MEGABYTE
from loom_testbed import metrics, transfer
from loom_testbed.network import Network
from loom_testbed.plan import Node
from loom_testbed.transfer import Flow

ENDLESS = 10_000 * MEGABYTE
IN_MOTION = 2 * MEGABYTE
NOTICED_SECONDS_MAX = 30.0


@contextmanager
def data_in_motion(network: Network) -> Iterator[list[Flow]]:
    """Have data flow to every client without an end.

    Not from them: a tor client takes hundreds of megabytes of an upload into its memory at once, and sends them all,
    for minutes, whatever becomes of who brought them.
    """
    flows = transfer.share_out(network.with_role("client"), ENDLESS, 0.0)
    try:
        transfer.open_all(flows, network.server_port)
        transfer.start_all(flows)
        network.wait_for("data in motion", lambda: all(flow.moved >= IN_MOTION // len(flows) for flow in flows))
        yield flows
    finally:
        transfer.close_all(flows)


def must_arrive_whole(network: Network, flows: Sequence[Flow]) -> None:
    """Move the flows, and expect every byte."""
    try:
        transfer.open_all(flows, network.server_port)
        transfer.start_all(flows)
        network.wait_for("end of the transfer", lambda: all(flow.is_done for flow in flows))
    finally:
        transfer.close_all(flows)
    assert all(flow.verified for flow in flows), [flow.error for flow in flows]


@contextmanager
def held(network: Network, role: str) -> Iterator[None]:
    """Stop the processes of a role meanwhile, as a machine that is too busy."""
    pids = [network.child(node).pid for node in network.with_role(role) if network.child(node).is_alive()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def until_ended(flows: Sequence[Flow]) -> None:
    """Return when every flow has noticed that its way is gone."""
    deadline = time.monotonic() + NOTICED_SECONDS_MAX
    while not all(flow.is_done for flow in flows):
        assert time.monotonic() < deadline, f"a stream outlived its circuit: {[flow.error for flow in flows]}"
        time.sleep(0.05)
    assert all(flow.error for flow in flows)


def is_up(relay: Node) -> bool:
    """Say whether the relay serves its OR port, and its MetricsPort when it is Loom."""
    with socket.socket() as attempt:
        is_listening = attempt.connect_ex(("127.0.0.1", relay.or_port)) == 0
    return is_listening and (relay.program == "tor" or metrics.read(relay.metrics_port) is not None)
