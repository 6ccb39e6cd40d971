"""A relay with a small AccountingMax among real tors: it carries data, lets nobody in when little is left, closes
everything when nothing is, stays so however it is restarted, and serves again when its interval has passed.

LOOM_INTEROP_MIDDLE=tor runs the same with a real tor in its place.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from conftest import MIDDLE, one_middle_plan
from loom_testbed import consensus, metrics, transfer, wire
from loom_testbed.experiment import usable_network
from loom_testbed.network import Network
from loom_testbed.plan import Node, Plan
from loom_testbed.progress import Progress
from loom_testbed.transfer import Flow
from moves import held, is_up, until_ended

MIB = 2**20
MAX = 60 * MIB
SMALL = MIB // 2
SMALL_FLOWS = 24  # from what is carried at once over the soft limit (57 MiB) to the end, and some
LOOK_SECONDS = 2.5  # a relay looks at what it has used once a second
AHEAD_SECONDS = 2 * 3600
SOFT = "Bandwidth soft limit reached; commencing hibernation. No new connections will be accepted"
DORMANT = "Going dormant. Blowing away remaining connections."
AWAKE = "Hibernation period ended. Resuming normal activity."


def limited_plan(relay: Path, directory: Path) -> Plan:
    """Return a network whose middle has an interval of a day, which ends in two hours."""
    options = (f"AccountingMax {MAX} bytes", start_at(time.time() + AHEAD_SECONDS))
    return replace(one_middle_plan(relay, directory, clients=2), middle_options=options)


def start_at(when: float) -> str:
    return time.strftime("AccountingStart day %H:%M", time.localtime(when))


def log_of(middle: Node) -> str:
    return (middle.directory / "notice.log").read_text(errors="replace")


def counted(middle: Node) -> int:
    """Return the larger of the two counts that the middle keeps on disk."""
    state = (middle.directory / "data" / "state").read_text()
    return max((int(value) for value in re.findall(r"^AccountingBytes\w+InInterval (\d+)$", state, re.MULTILINE)),
               default=0)


def until(what: str, is_so: Callable[[], bool], seconds_max: float = 120.0) -> None:
    deadline = time.monotonic() + seconds_max
    while not is_so():
        assert time.monotonic() < deadline, f"no {what}"
        time.sleep(0.1)


def carry(flow: Flow) -> None:
    flow.run()
    assert flow.verified, flow.error


def use_up(flows: list[Flow], middle: Node, line: str) -> None:
    """Carry half a megabyte after the other, until the middle says this."""
    while line not in log_of(middle):
        assert flows, f"the middle has not said: {line}"
        flows.pop().run()
        time.sleep(LOOK_SECONDS)


def circuit_is_refused(network: Network, client: Node) -> bool:
    """Say whether a new circuit through the middle, over a link that is open, comes to nothing."""
    hops = [network.with_role(role)[0].fingerprint for role in ("guard", "middle", "exit")]
    with network.control(client) as control:
        made = control.command(f"EXTENDCIRCUIT 0 {','.join(hops)}")[-1].split()[1]
        status = "LAUNCHED"
        deadline = time.monotonic() + 60.0
        while status not in ("BUILT", "GONE") and time.monotonic() < deadline:
            status = next((one.status for one in control.circuits() if one.circuit_id == made), "GONE")
            time.sleep(0.1)
    return status == "GONE"


def says_hibernating(network: Network, middle: Node) -> bool:
    dir_port = network.with_role("authority")[0].dir_port
    text = consensus.fetch(dir_port, f"/tor/server/fp/{middle.fingerprint}") or ""
    return "\nhibernating 1\n" in text


def restart(network: Network, middle: Node, number: int, line: str) -> None:
    """End the middle with this signal, and start it again; return when it has said line once more."""
    said = log_of(middle).count(line)
    child = network.child(middle)
    with held(network, "guard"):  # who is refused does not come again for a minute
        child.stop_asked = True
        os.kill(child.pid, number)
        until("end of the middle", lambda: not child.is_alive())
        network.start_node(middle)
        until(f"middle that says {line}", lambda: log_of(middle).count(line) > said)


def test_a_day_with_little_to_move(relay: Path, run_directory: Path) -> None:
    with usable_network(limited_plan(relay, run_directory), Progress(quiet=True)) as network:
        (middle,), (client, other) = network.with_role("middle"), network.with_role("client")

        # Below the limit it carries data, and knows how much when it is started again.
        flows = transfer.share_out([client, other], 20 * MIB, 0.2)
        transfer.open_all(flows, network.server_port)
        for flow in flows:
            carry(flow)
        transfer.close_all(flows)
        restart(network, middle, signal.SIGTERM, "Configured hibernation.")
        before = counted(middle)
        assert 20 * MIB < before < 32 * MIB  # with its start, in which it also tests itself
        until("relay", lambda: is_up(middle))
        transfer.await_usable([client, other], network.server_port, 300.0)

        # Little is left: nobody new is let in, what is there goes on.
        big = Flow(client, wire.DOWNLOAD, 52 * MIB - before, 7)
        small = [Flow(client, wire.DOWNLOAD, SMALL, 1000 * number) for number in range(SMALL_FLOWS)]
        transfer.open_all([big, *small], network.server_port)
        carry(big)
        use_up(small, middle, SOFT)
        assert DORMANT not in log_of(middle)
        assert not is_up(middle)
        assert circuit_is_refused(network, client)
        carry(small.pop())
        if MIDDLE == "loom":  # a tor says it some time, this one did not within two minutes
            until("descriptor that says so", lambda: says_hibernating(network, middle))

        # Nothing is left.
        use_up(small, middle, DORMANT)
        rest = [flow for flow in small if not flow.is_done]
        transfer.start_all(rest)
        until_ended(rest)
        assert not is_up(middle)
        assert MIDDLE == "tor" or metrics.read(middle.metrics_port) is not None  # which tor's closes, too
        used = counted(middle)
        assert MAX <= used < MAX + 4 * MIB

        # However it ends, it stays asleep, and knows why.
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            restart(network, middle, number, DORMANT)
            assert not is_up(middle)
            assert used <= counted(middle) < used + MIB

        # The day is over in two minutes. (To move its end by hours moves no count: for tor it is the same interval.)
        torrc = middle.torrc.read_text()
        middle.torrc.write_text(re.sub(r"AccountingStart .*", start_at(time.time() + 150), torrc))
        restart(network, middle, signal.SIGTERM, DORMANT)
        assert not is_up(middle)
        until("new interval", lambda: AWAKE in log_of(middle), 240.0)
        until("relay", lambda: is_up(middle))
        until("descriptor that says so", lambda: not says_hibernating(network, middle), 240.0)
        assert MIDDLE == "tor" or counted(middle) < MIB  # a tor writes it minutes later
        transfer.await_usable([client, other], network.server_port, 300.0)
