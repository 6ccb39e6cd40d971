"""PerConnBWRate and PerConnBWBurst: links of clients are held to them, each for itself, and links of relays are not.

One client has Loom as its guard, and the other as its middle behind a guard that runs tor. The rate is so low that the
second would take most of a minute if it were held. How fast anything is otherwise is not looked at.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import MIDDLE, SANITIZED
from loom_testbed import wire
from loom_testbed.experiment import usable_network
from loom_testbed.network import Network
from loom_testbed.plan import Pin, Plan, Relay
from loom_testbed.progress import Progress
from loom_testbed.transfer import Flow

RATE = 200_000
BURST = 200_000
ONE_READ = 131_072  # what is read at once may overshoot, and is paid back before the next
HELD_BYTES = 1_000_000
FREE_BYTES = 8_000_000  # forty seconds, were they held
CELL_OVERHEAD = 514 / 498  # the limit counts cells
HELD_SECONDS = (HELD_BYTES * CELL_OVERHEAD - BURST - ONE_READ) / RATE

LOOM = Relay(MIDDLE, 2 if MIDDLE == "loom" else None)
PINS = (Pin(MIDDLE, MIDDLE, "tor"), Pin("tor", MIDDLE, "tor"))


@pytest.fixture(scope="module")
def network(relay: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Return the one network of this file; with tor in Loom's place, tor has the limit."""
    directory = tmp_path_factory.mktemp("link_rate") / "network"
    directory.mkdir()
    plan = Plan(
        middles=(LOOM,),
        guards=(LOOM, Relay("tor")),
        loom=relay,
        directory=directory,
        clients=2,
        pins=PINS,
        conflux=False,
        ready_seconds_max=300.0 if SANITIZED else 120.0,
        loom_options=(f"PerConnBWRate {RATE} bytes", f"PerConnBWBurst {BURST} bytes"),
    )
    if MIDDLE == "tor":
        pytest.skip("the pins tell Loom and tor apart")
    with usable_network(plan, Progress(quiet=True)) as network:
        yield network


def seconds_of(network: Network, client: int, direction: bytes, length: int) -> float:
    """Move so many bytes and return how long that took."""
    flow = Flow(network.with_role("client")[client], direction, length, 1)
    flow.open(network.server_port)
    try:
        began = time.monotonic()
        flow.run()
        return time.monotonic() - began
    finally:
        flow.close()
        assert flow.verified, flow.error


@pytest.mark.parametrize("direction", [wire.DOWNLOAD, wire.UPLOAD], ids=["down", "up"])
def test_the_link_of_a_client_is_held(network: Network, direction: bytes) -> None:
    seconds = seconds_of(network, 0, direction, HELD_BYTES)
    print(f"{seconds:.1f} s, at least {HELD_SECONDS:.1f}")
    assert seconds >= HELD_SECONDS


@pytest.mark.parametrize("direction", [wire.DOWNLOAD, wire.UPLOAD], ids=["down", "up"])
def test_the_link_of_a_relay_is_not(network: Network, direction: bytes) -> None:
    seconds = seconds_of(network, 1, direction, FREE_BYTES)
    print(f"{seconds:.1f} s; held, it would be {FREE_BYTES / RATE:.0f}")
    assert seconds < FREE_BYTES / RATE / 2
