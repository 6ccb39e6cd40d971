"""A thousand streams of real clients through one exit: equal ones, slow readers on both sides, resets, names that
nobody knows and names that nobody answers for. Each ends with the right reason, memory is bounded, equal ones are
served equally.

Shares are of what this process has read, which is even only as long as it gets the CPU: they are printed always, and
asserted where LOOM_ALONE says that nothing else runs (tools/test --long).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import MIDDLE, SANITIZED
from crowd import Destinations, Ends, Stream, connect, jain
from loom_testbed import procstat
from loom_testbed.experiment import usable_network
from loom_testbed.network import Network
from loom_testbed.plan import Plan, Relay
from loom_testbed.progress import Progress

pytestmark = pytest.mark.skipif(SANITIZED, reason="counts memory")

# How many of each kind, where they go, and which clients have them. Those who fail for want of a name or fill their
# circuit have clients, and so circuits, of their own: a tor client gives a circuit up when a name fails on it.
EQUAL, DOZING, RESET, REFUSED, STUCK, SILENT, GONE = 600, 100, 100, 50, 100, 25, 25
CROWD = (
    ("equal", EQUAL, "fountain", (0, 1, 2, 3)),
    ("dozing", DOZING, "fountain", (0, 1, 2, 3)),
    ("reset", RESET, "slammer", (0, 1, 2, 3)),
    ("refused", REFUSED, "nobody", (0, 1, 2, 3)),
    ("stuck", STUCK, "stone", (4,)),
    ("silent", SILENT, "stone", (5,)),
    ("gone", GONE, "stone", (5,)),
)
CLIENTS = 6
STUCK_BYTES = 400_000  # more than its socket and its window hold
FIRST_BYTES = 20_000  # when all have had so much, the first windows of those who came first are through
SHARE_BYTES = 60_000  # of an equal stream on average
WAIT_SECONDS_MAX = 60.0
JAIN_MIN = 0.9
# Circuits: 16384 cells for slow destinations of one, 4096 or so from destinations of each; and sockets' worth of heap.
GROWTH_KB_MAX = 64 * 1024
REASONS = {
    "reset": {"CONNRESET": RESET},
    "refused": {"CONNECTREFUSED": REFUSED},
    "silent": {"RESOLVEFAILED": SILENT},
    "gone": {"RESOLVEFAILED": GONE},
}


def crowd_plan(relay: Path, directory: Path) -> Plan:
    """Return a network with one exit, the relay under test."""
    directory.mkdir(parents=True, exist_ok=True)
    return Plan(
        guards=(Relay("tor"),),
        middles=(Relay("tor"),),
        exits=(Relay(MIDDLE, 2 if MIDDLE == "loom" else None),),
        loom=relay,
        directory=directory,
        clients=CLIENTS,
        conflux=False,
        loom_options=(f"ServerDNSResolvConfFile {directory}/resolv.conf",),
    )


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something; the checks at the end say what never came."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not is_so() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)


async def open_all(
    network: Network, destinations: Destinations
) -> tuple[dict[str, list[Stream]], list[asyncio.Task[Stream]]]:
    """Open every stream; those whose names fail are still on their way when this returns."""
    ports = [client.socks_port for client in network.with_role("client")]
    tasks: dict[str, list[asyncio.Task[Stream]]] = {}
    for kind, number, where, clients in CROWD:
        tasks[kind] = [
            asyncio.ensure_future(
                connect(
                    ports[clients[i % len(clients)]], f"{kind}-{i}.test", destinations.ports[where], kind == "equal"
                )
            )
            for i in range(number)
        ]
    pending = tasks.pop("silent") + tasks.pop("gone")
    return {kind: list(await asyncio.gather(*ones)) for kind, ones in tasks.items()}, pending


async def play(network: Network, destinations: Destinations, ends: Ends) -> dict[tuple[int, str], list[int]]:
    """Let the crowd run; return what the equal streams of each circuit received in one and the same time.

    A client may open several circuits, and a relay is fair to circuits: a stream that is alone on one gets more.
    """
    streams, pending = await open_all(network, destinations)
    for stream in streams["stuck"]:
        stream.writer.write(b"s" * STUCK_BYTES)
    for stream in streams["reset"]:
        stream.writer.write(b"r")
    await until(lambda: min(stream.received for stream in streams["equal"]) > FIRST_BYTES)
    before = [stream.received for stream in streams["equal"]]
    await until(lambda: sum(stream.received for stream in streams["equal"]) > sum(before) + EQUAL * SHARE_BYTES)
    shares: dict[tuple[int, str], list[int]] = defaultdict(list)
    for stream, start in zip(streams["equal"], before, strict=True):
        shares[ends.circuits[stream.host]].append(stream.received - start)
    for stream in streams["equal"] + streams["dozing"]:
        stream.abort()
    replies = Counter(stream.reply != 0 for stream in await asyncio.gather(*pending))
    assert replies == {True: SILENT + GONE}
    await until(lambda: all(Counter(ends.of(kind)) == expected for kind, expected in REASONS.items()))
    await until(lambda: any(ends.of("stuck")))
    failed = Counter(ends.reasons.get(one.host) for ones in streams.values() for one in ones if one.reply != 0)
    assert failed == {"CONNECTREFUSED": REFUSED}
    return shares


def test_a_thousand_streams_through_one_exit(relay: Path, run_directory: Path) -> None:
    async def story() -> None:
        destinations = Destinations()
        plan = crowd_plan(relay, run_directory)
        await destinations.open(run_directory / "resolv.conf")
        with usable_network(plan, Progress(quiet=True)) as network:
            (exit_node,) = network.with_role("exit")
            pid = network.child(exit_node).pid
            resting = procstat.sample(pid)
            ends = Ends(network)
            shares = await play(network, destinations, ends)
            busy = procstat.sample(pid)
            network.require_alive()
        destinations.close()
        for circuit, ones in shares.items():
            each = f"{min(ones)} to {max(ones)} bytes"
            print(f"{circuit}: {len(ones)} streams, jain {jain(ones):.3f}, {sum(ones)} bytes, {each}")
        assert resting is not None and busy is not None
        print(
            f"memory {resting.rss_kb} kB at rest, {busy.rss_peak_kb} kB at most; asked {dict(destinations.names.asked)}"
        )
        print({kind: Counter(ends.of(kind)) for kind, *_ in CROWD})
        for kind, expected in REASONS.items():
            assert Counter(ends.of(kind)) == expected
        if MIDDLE == "loom":
            # What their circuit may hold for slow destinations is far less than all of them would send.
            assert set(ends.of("stuck")) == {"RESOURCELIMIT"}
            assert busy.rss_peak_kb - resting.rss_kb < GROWTH_KB_MAX
        assert sum(len(ones) for ones in shares.values()) == EQUAL
        if os.environ.get("LOOM_ALONE"):
            assert all(jain(ones) >= JAIN_MIN for ones in shares.values())

    asyncio.run(story())
