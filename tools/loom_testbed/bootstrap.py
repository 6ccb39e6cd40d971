"""bootstrap - makes a fresh network usable as soon as it can be, however loaded the machine is.

Left alone, tor votes by the clock and asks again after seconds: a relay which is late for a vote waits for the next,
and a client which finds a directory empty waits longer still. So each step here waits for what it needs, and then
asks for the next one:

1. every descriptor is at the authorities       -> call for a vote now
2. every relay is in the consensus              -> relays ask for it now (SIGHUP retries downloads)
3. every relay has it                           -> clients start, with the directory documents already in their caches
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import authority, consensus, torrc
from .errors import TestbedError
from .plan import Node
from .process import send_hangup

if TYPE_CHECKING:
    from .network import Network

FIRST_INTERVAL_SECONDS = 5  # the least that tor allows
LATER_INTERVAL_SECONDS = 20  # later votes only cost CPU
VOTE_LEAD_SECONDS = 2.2  # at this interval tor votes 1.75 s before the consensus is valid
HANGUP_EVERY_SECONDS = 2.0
BOOTSTRAPPED = "Bootstrapped 100%"


def make_consensus(network: Network) -> None:
    """Return when the authorities have a consensus that lists each relay with the flags its role needs."""
    roles = network.listed()
    dir_ports = [node.dir_port for node in network.with_role("authority")]
    network.wait_for(
        "descriptor of each relay at each authority",
        lambda: all(_uploaded(dir_port) >= roles.keys() for dir_port in dir_ports),
        lambda: _listing({name: "not uploaded" for name in roles.keys() - _uploaded(dir_ports[0])}),
    )
    for node in network.nodes:
        if node.is_relay:
            node.fingerprint = authority.read_fingerprint(node.directory)
    _call_for_vote(network)
    network.wait_for(
        "consensus with each relay",
        lambda: not any(_missing(dir_port, roles) for dir_port in dir_ports),
        lambda: _listing(_missing(dir_ports[0], roles)),
    )


def tell_relays(network: Network) -> None:
    """Return when every relay has the consensus."""
    asked_at = 0.0
    waiting = [node for node in network.nodes if node.is_relay and node.role != "authority"]

    def all_know() -> bool:
        nonlocal asked_at, waiting
        waiting = [node for node in waiting if not _knows_consensus(network, node)]
        if time.monotonic() - asked_at > HANGUP_EVERY_SECONDS:
            asked_at = time.monotonic()
            for node in waiting:
                if node.program == "tor":
                    send_hangup(network.child(node))
        return not waiting

    network.wait_for("consensus at each relay", all_know, lambda: _listing({node.name: "has none" for node in waiting}))


def seed_client(network: Network, client: Node) -> None:
    """Give a client the directory documents before it starts, as one has that ran before."""
    dir_port = network.with_role("authority")[0].dir_port
    microdesc_consensus = _require(dir_port, "/tor/status-vote/current/consensus-microdesc")
    digests = consensus.microdescriptor_digests(microdesc_consensus)
    data = client.directory / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    (data / "cached-certs").write_text(_require(dir_port, "/tor/keys/all"))
    (data / "cached-microdesc-consensus").write_text(microdesc_consensus)
    (data / "cached-microdescs.new").write_text(_require(dir_port, "/tor/micro/d/" + "-".join(digests)))


def _require(dir_port: int, path: str) -> str:
    text = consensus.fetch(dir_port, path)
    if text is None:
        raise TestbedError(f"the authority does not serve {path}")
    return text


def _call_for_vote(network: Network) -> None:
    """Let the authorities vote now."""
    offset = torrc.vote_offset(time.time() + VOTE_LEAD_SECONDS, FIRST_INTERVAL_SECONDS)
    for node in network.with_role("authority"):
        with network.control(node) as control:
            control.command(
                f"SETCONF TestingV3AuthInitialVotingInterval={FIRST_INTERVAL_SECONDS} "
                f"V3AuthVotingInterval={LATER_INTERVAL_SECONDS} TestingV3AuthVotingStartOffset={offset}"
            )


def _uploaded(dir_port: int) -> set[str]:
    text = consensus.fetch(dir_port, "/tor/server/all") or ""
    return {line.split(" ", 2)[1] for line in text.splitlines() if line.startswith("router ")}


def _missing(dir_port: int, roles: dict[str, str]) -> dict[str, str]:
    return consensus.missing(consensus.fetch(dir_port, "/tor/status-vote/current/consensus"), roles)


def _knows_consensus(network: Network, node: Node) -> bool:
    if node.program == "loom":
        log = network.child(node).log_path
        return log.exists() and BOOTSTRAPPED in log.read_text(errors="replace")
    with network.control(node) as control:
        known = {line.split(" ", 2)[1] for line in control.getinfo("ns/all") if line.startswith("r ")}
    return known >= network.listed().keys()


def _listing(lacks: dict[str, str]) -> str:
    return ", ".join(f"{name}: {why}" for name, why in sorted(lacks.items()))
