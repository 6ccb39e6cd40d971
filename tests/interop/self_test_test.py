"""A relay that joins a network of the real tor without AssumeReachable: it publishes once it has reached itself through
one of them, and the authority counts what its own circuit has shown of its bandwidth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import MIDDLE, one_middle_plan
from loom_testbed import consensus
from loom_testbed.experiment import usable_network
from loom_testbed.network import Network
from loom_testbed.plan import Node
from loom_testbed.ports import PortBlock
from loom_testbed.process import Child
from loom_testbed.progress import Progress

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="reads Loom's log")

LEAST_OBSERVED = 4096  # bytes per second: what an authority asks of Fast in a testing network


def start_newcomer(middle: Node, relay: Path, port: int) -> Child:
    """Let another Loom join, with the configuration of the one that is there but for names and ports."""
    directory = middle.directory.parent / "newcomer"
    (directory / "data").mkdir(parents=True, mode=0o700)
    text = middle.torrc.read_text().replace(str(middle.directory), str(directory))
    text = text.replace(f"Nickname {middle.name}", "Nickname newcomer")
    text = re.sub(r"(?m)^(MetricsPort\b|MetricsPortPolicy|AssumeReachable).*\n", "", text)
    text = re.sub(r"(?m)^ORPort .*$", f"ORPort 127.0.0.1:{port}", text)
    torrc = directory / "torrc"
    torrc.write_text(text + "AssumeReachable 0\n")
    return Child("newcomer", [str(relay), "-f", str(torrc)], directory)


def observed(network: Network, fingerprint: str) -> int:
    """Return the observed bandwidth in its descriptor at the authority; -1 without one."""
    (authority,) = network.with_role("authority")
    text = consensus.fetch(authority.dir_port, f"/tor/server/fp/{fingerprint}") or ""
    line = re.search(r"(?m)^bandwidth \d+ \d+ (\d+)$", text)
    return int(line.group(1)) if line else -1


def test_a_newcomer_tests_itself_and_publishes(relay: Path, run_directory: Path) -> None:
    plan = one_middle_plan(relay, run_directory, clients=1)
    with usable_network(plan, Progress(quiet=True)) as network, PortBlock() as ports:
        (middle,) = network.with_role("middle")
        newcomer = start_newcomer(middle, relay, ports.take())
        try:
            network.wait_for("reachable ORPort", lambda: "from the outside. Excellent." in newcomer.log_tail())
            fingerprint = (newcomer.directory / "data" / "fingerprint").read_text().split()[1]
            network.wait_for("measured bandwidth", lambda: observed(network, fingerprint) >= LEAST_OBSERVED)
            log = newcomer.log_path.read_text()
            assert "Now checking whether ORPort" in log
            assert "Performing bandwidth self-test...done." in log
            warnings = [line for line in log.splitlines() if "[warn]" in line and "as root" not in line]
            assert not warnings, warnings
        finally:
            newcomer.kill()
