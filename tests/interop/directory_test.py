"""A fresh tor client whose only directory sources are Loom's caches bootstraps, and its next consensus comes as a diff.

The client knows the authority's keys, as it must to believe a consensus, but at an address where nobody listens. It
starts with an empty data directory and the OR ports of Loom's guards as its fallback directories, over which it asks by
BEGIN_DIR; guards, and so directory guards, may only be these. What came is checked in both places: in tor's log at
level info, and in what Loom counts.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from conftest import SANITIZED
from loom_testbed import authority, consensus, metrics
from loom_testbed.network import Network
from loom_testbed.plan import TOR, Plan, Relay
from loom_testbed.ports import PortBlock
from loom_testbed.process import Child, stop_all
from loom_testbed.progress import Progress

READY_SECONDS_MAX = 300.0 if SANITIZED else 120.0
INTERVAL_SECONDS = 10
INTERVALS_VALID = 3  # the client asks for the next one in the second half of this time

CLIENT = """\
TestingTorNetwork 1
DataDirectory {directory}/data
SocksPort 127.0.0.1:{socks_port}
AddressDisableIPv6 1
PathsNeededToBuildCircuits 0.67
SafeLogging 0
LogTimeGranularity 1
Log notice file {directory}/notice.log
Log info file {directory}/info.log
DirAuthority {authority}
{fallbacks}
EntryNodes {guards}
StrictNodes 1
"""


def plan_of(relay: Path, directory: Path) -> Plan:
    """Two Loom guards; the rest does not matter."""
    directory.mkdir(parents=True, exist_ok=True)
    loom = (Relay("loom", 2), Relay("loom", 1))
    return Plan(middles=(Relay("tor"), Relay("tor")), loom=relay, directory=directory, guards=loom, clients=0,
                ready_seconds_max=READY_SECONDS_MAX)  # fmt: skip


def shorten_intervals(network: Network) -> None:
    """Let consensuses come, and grow old, quickly."""
    (node,) = network.with_role("authority")
    with network.control(node) as control:
        control.command(
            f"SETCONF V3AuthNIntervalsValid={INTERVALS_VALID} V3AuthVotingInterval={INTERVAL_SECONDS} "
            "V3AuthVoteDelay=2 V3AuthDistDelay=2"
        )


def lines_of(text: str, keyword: str) -> list[str]:
    """Return what follows keyword, in each line that begins with it."""
    return [line[len(keyword) + 1 :] for line in text.splitlines() if line.startswith(keyword + " ")]


def counted(network: Network, kind: str) -> int:
    """Return how often this was served, by all threads of all Looms."""
    total = 0
    for node in network.under_test():
        text = consensus.fetch(node.metrics_port, "/metrics") or ""
        found = re.findall(rf'^loom_directory_served_total{{manager="\d+",kind="{kind}"}} (\d+)$', text, re.MULTILINE)
        total += sum(int(value) for value in found)
    return total


def caches_are_complete(network: Network) -> bool:
    """Say whether every Loom has a consensus of a short life, and all that it lists."""
    soon = time.time() + INTERVAL_SECONDS * (INTERVALS_VALID + 1)
    for node in network.under_test():
        counters = metrics.read(node.metrics_port)
        known = counters.directory if counters is not None else {}
        missing = known.get("microdescriptors_missing", 1) + known.get("servers_missing", 1)
        if missing > 0 or known.get("valid_until", soon + 1) > soon:
            return False
    return True


def write_client(directory: Path, network: Network, ports: PortBlock) -> None:
    """Write the torrc of a client that cannot reach the authority."""
    (directory / "data").mkdir(parents=True, mode=0o700)
    (node,) = network.with_role("authority")
    nobody = ports.take()
    line = lines_of(network.under_test()[0].torrc.read_text(), "DirAuthority")[0]
    line = line.replace(f"orport={node.or_port}", f"orport={nobody}").replace(f":{node.dir_port} ", f":{nobody} ")
    guards = network.with_role("guard")
    fallbacks = "\n".join(
        f"FallbackDir 127.0.0.1:{nobody} orport={guard.or_port} id={authority.read_fingerprint(guard.directory)}"
        for guard in guards
    )
    text = CLIENT.format(directory=directory, socks_port=ports.take(), authority=line, fallbacks=fallbacks,
                         guards=",".join(guard.name for guard in guards))  # fmt: skip
    (directory / "torrc").write_text(text)


def wait_for_log(network: Network, client: Child, path: Path, pattern: str, seconds_max: float) -> re.Match[str]:
    """Return the first match in a log, once it is there."""
    deadline = time.monotonic() + seconds_max
    while True:
        text = path.read_text(errors="replace") if path.exists() else ""
        found = re.search(pattern, text)
        if found is not None:
            return found
        network.require_alive()
        assert client.is_alive(), client.log_tail()
        assert time.monotonic() < deadline, f"no {pattern} in {path}:\n{client.log_tail()}"
        time.sleep(0.2)


def test_a_client_lives_on_looms_caches(relay: Path, run_directory: Path) -> None:
    with Network(plan_of(relay, run_directory), Progress(quiet=True)) as network, PortBlock() as ports:
        network.start()
        shorten_intervals(network)
        network.wait_for("documents in Loom's caches", lambda: caches_are_complete(network))
        directory = run_directory / "Fresh"
        write_client(directory, network, ports)
        client = Child("Fresh", [TOR, "-f", str(directory / "torrc")], directory)
        try:
            wait_for_log(network, client, directory / "notice.log", "Bootstrapped 100%", READY_SECONDS_MAX)
            network.wait_for("requests at Loom", lambda: counted(network, "requests") >= 3)
            wait_for_log(network, client, directory / "info.log", "Applied consensus diff", READY_SECONDS_MAX)
            network.wait_for("diff that Loom served", lambda: counted(network, "diffs") >= 1)
            sources = re.findall(r"body size \d+\) from server (\S+)", (directory / "info.log").read_text())
            assert sources and set(sources) <= {f"127.0.0.1:{guard.or_port}" for guard in network.with_role("guard")}
        finally:
            stop_all([client])
