"""soak_checks - what must hold for a soak to count."""

from __future__ import annotations

import time
from collections.abc import Sequence

from . import checks, soak_samples
from .checks import Check
from .network import Network
from .progress import Progress
from .soak_crowd import Crowd
from .soak_samples import Series
from .soak_visits import Visits

TICK_SECONDS = 1.0
SOME_GO_SECONDS = 20.0
EMPTY_SECONDS_MAX = 120.0
BROKEN_SHARE_MAX = 0.001  # of the visits: streams that end early though nobody left
UNOPENED_SHARE_MAX = 0.02  # a client may give up on a circuit that a busy machine delays


def while_running(
    network: Network, crowd: Crowd, visits: Visits, series: Sequence[Series], left_visits: int
) -> list[Check]:
    """Check what the visits found, who came back, and how the relays are."""
    ends = visits.tally.as_dict()
    number = sum(count for end, count in ends.items() if isinstance(count, int) and end != "bytes_right")
    looms = network.under_test()
    peers = [node for node in network.nodes if node not in looms]
    return [
        _bytes_are_right(ends, left_visits),
        _few("broken", ends, number, BROKEN_SHARE_MAX),
        _few("unopened", ends, number, UNOPENED_SHARE_MAX),
        Check("clients_return", not crowd.away(), f"{crowd.left} left; away: {crowd.away()}"),
        checks.alive(network),
        soak_samples.memory_is_flat(series),
        soak_samples.files_are_flat(series),
        checks.peers_warn_nothing_of(looms, peers),
        checks.looms_warn_nothing(looms),
    ]


def _bytes_are_right(ends: dict[str, object], left: int) -> Check:
    ok = not ends.get("wrong") and bool(ends.get("verified")) and left == 0
    parts = {"whole": "verified", "given up": "given_up", "whose client left": "client_left",
             "whose relay may have left": "relay_left", "wrong": "wrong"}  # fmt: skip
    detail = ", ".join(f"{ends.get(end, 0)} {what}" for what, end in parts.items())
    return Check("bytes_right", ok, f"{ends['bytes_right']} bytes; visits: {detail}, {left} without an end")


def _few(end: str, ends: dict[str, object], number: int, share: float) -> Check:
    count = int(ends.get(end, 0))  # type: ignore[call-overload]
    return Check(end, count <= share * number, f"{count} of {number} visits; at most {share:.1%} may be")


def what_is_given_back(network: Network, progress: Progress) -> Check:
    """Without clients and service most circuits are gone; without the tor relays, which make some too, all are."""
    _ask_to_stop(network, ("client", "service"))
    without_clients = _wait_for_halves(network, SOME_GO_SECONDS)
    progress.line("the clients are gone")
    _ask_to_stop(network, ("authority", "relay"))
    left = _wait_for_halves(network, EMPTY_SECONDS_MAX)
    progress.line("the tor relays are gone")
    detail = ", ".join(f"{name} {count}" for name, count in left.items())
    before = sum(filter(None, without_clients.values()))
    is_empty = all(count == 0 for count in left.values())
    return Check("given_back", is_empty, f"halves left when all but Loom has ended: {detail}; {before} before that")


def _ask_to_stop(network: Network, roles: Sequence[str]) -> None:
    for node in network.nodes:
        if node.role in roles and node.program == "tor":
            network.child(node).ask_to_stop()


def _wait_for_halves(network: Network, seconds_max: float) -> dict[str, int | None]:
    """Return the halves of each Loom (None: it does not answer), when none has any or the time is up."""
    deadline = time.monotonic() + seconds_max
    while True:
        looms = [node for node in network.nodes if node.program == "loom"]
        read = {node.name: soak_samples.read(node, network.child(node).pid, 0.0) for node in looms}
        halves = {name: one.halves if one else None for name, one in read.items()}
        if all(count == 0 for count in halves.values()) or time.monotonic() > deadline:
            return halves
        time.sleep(TICK_SECONDS)
