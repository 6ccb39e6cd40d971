"""Which relays are right for whom."""

from pathlib import Path

from loom_testbed.network import Network
from loom_testbed.plan import EVERY_PIN, Plan, Relay
from loom_testbed.progress import Progress

LOOM, TOR = Relay("loom"), Relay("tor")


def names(network: Network, client: int) -> list[list[str]]:
    return [[node.name for node in nodes] for nodes in network.hops(network.with_role("client")[client])]


def test_a_pinned_client_has_relays_of_its_programs(tmp_path: Path) -> None:
    mixed = (LOOM, TOR)
    plan = Plan(mixed, tmp_path, tmp_path, guards=mixed, exits=mixed, clients=8, pins=EVERY_PIN)
    network = Network(plan, Progress(quiet=True))
    assert names(network, 0) == [["LoomGuard1"], ["LoomMiddle1"], ["LoomExit1"]]
    assert names(network, 7) == [["TorGuard2"], ["TorMiddle2"], ["TorExit2"]]
    assert {node.name for node in network.under_test()} == {"LoomGuard1", "LoomMiddle1", "LoomExit1"}
    network.stop()


def test_a_free_client_takes_any_relay_but_no_authority(tmp_path: Path) -> None:
    network = Network(Plan((), tmp_path, tmp_path, guards=(), exits=(), relays=(LOOM,) * 3), Progress(quiet=True))
    relays = ["LoomRelay1", "LoomRelay2", "LoomRelay3"]
    assert names(network, 0) == [relays, relays, relays]
    assert list(network.listed()) == relays
    network.stop()


def test_a_client_without_a_pin_has_all_of_a_role(tmp_path: Path) -> None:
    network = Network(Plan((LOOM, TOR), tmp_path, tmp_path), Progress(quiet=True))
    assert names(network, 0) == [["TorGuard1", "TorGuard2"], ["LoomMiddle1", "TorMiddle2"], ["TorExit1", "TorExit2"]]
    network.stop()
