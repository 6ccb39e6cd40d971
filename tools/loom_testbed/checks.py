"""checks - what must hold for a run to count, each with a name and one line of detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from . import logscan, metrics
from .marks import CELL_LENGTH, Usage
from .metrics import sum_of
from .network import Network
from .paths import Audit
from .plan import Node
from .transfer import Flow

DATA_BYTES_PER_CELL = 498
SHOWN_MAX = 3


@dataclass(frozen=True)
class Check:
    """One thing that was checked."""

    name: str
    ok: bool
    detail: str

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)


def verified(flows: Sequence[Flow]) -> Check:
    """Every byte of every flow arrived and was right."""
    errors = [flow.error for flow in flows if flow.error]
    ok = bool(flows) and all(flow.verified for flow in flows)
    total = sum(flow.length for flow in flows if flow.verified)
    return Check("verified", ok, "; ".join(errors[:SHOWN_MAX]) or f"{total} bytes in {len(flows)} streams, all right")


def paths(audit: Audit) -> Check:
    """Every circuit that carried data went through our middles."""
    return Check("paths", bool(audit.streams) and not audit.violations, audit.as_text())


def bytes_through_middles(used: Sequence[Usage], payload: int) -> Check:
    """The middles (or the relays that are middles, too) sent on at least the cells that the payload fills: by Loom's
    own counters, or tor's traffic count."""
    needed = payload // DATA_BYTES_PER_CELL * CELL_LENGTH
    middles = [one for one in used if one.role in ("middle", "relay")]
    by_loom = sum_of([one.counters for one in middles if one.counters is not None], "bytes_sent") or 0
    by_tor = sum(one.link_bytes[1] for one in middles if one.link_bytes is not None)
    sent = by_loom + by_tor
    return Check("bytes_through_middles", sent >= needed, f"{sent} bytes sent on by the middles, {needed} needed")


def read_counters(network: Network) -> list[metrics.LoomCounters]:
    """Ask each Loom for its counters."""
    ports = [node.metrics_port for node in network.nodes if node.program == "loom"]
    return [one for one in map(metrics.read, ports) if one is not None]


def cells_crossed(network: Network, used: Sequence[Usage]) -> Check:
    """Cells went from one connection thread to another since the relays began; by chance no transfer's may."""
    ever = sum_of(read_counters(network), "cells_crossed")
    moved = sum_of([one.counters for one in used if one.counters is not None], "cells_crossed")
    detail = f"{ever} cells crossed between connection threads, {moved} of them in the transfer"
    return Check("cells_crossed", bool(ever), detail)


def negotiated(counts: dict[str, int | None]) -> Check:
    """Clients got from the Looms each of today's features since the relays began, by the Looms' own counters."""
    detail = ", ".join(f"{name}: {'not counted' if count is None else count}" for name, count in counts.items())
    return Check("negotiated", bool(counts) and all(counts.values()), detail)


def links_moved(moves: metrics.Moves, least: int) -> Check:
    """Links went from thread to thread since the relays began, at least so many."""
    why = ", ".join(f"{outcome}: {count}" for outcome, count in moves.outcomes.items() if outcome != "moved" and count)
    detail = (
        f"{moves.moved} moved, {moves.stayed} stayed ({why or 'none'}); not read for {moves.pause_mean * 1e3:.2f} ms, "
        f"at most {moves.pause_longest * 1e3:.1f} ms"
    )
    return Check("links_moved", moves.moved >= least, detail)


def connection_threads(used: Sequence[Usage], wanted: dict[str, int]) -> Check:
    """Each Loom runs as many connection threads as its torrc asks for."""
    found = {
        one.name: sum(thread.name.startswith("conn-") for thread in one.cpu.threads)
        for one in used
        if one.name in wanted
    }
    return Check("connection_threads", found == wanted, ", ".join(f"{name}: {count}" for name, count in found.items()))


def alive(network: Network) -> Check:
    """No process of the network has ended before it was asked to."""
    ended = {name: child.exit_status() for name, child in network.children.items() if not child.is_alive()}
    return Check(
        "alive", not ended, ", ".join(f"{name} ended with {status}" for name, status in ended.items()) or "all"
    )


def relays_ended_well(network: Network) -> Check:
    """Each relay under test ended by itself when asked to, with status 0, and no sanitizer had anything to say."""
    troubles = []
    for node in network.under_test():
        status = network.child(node).exit_status()
        troubles += [f"{node.name} ended with {status}"] if status != 0 else []
        troubles += [f"{node.name}: {line}" for line in logscan.sanitizer_lines(node)]
    return Check("relays_ended_well", not troubles, "; ".join(troubles[:SHOWN_MAX]) or "status 0")


def peers_warn_nothing_of(relays: Sequence[Node], peers: Sequence[Node]) -> Check:
    """No peer warns of a relay under test, but for what the allow list explains, or it says of relays of tor too."""
    others = [peer for peer in peers if peer.is_relay]
    found = []
    for peer in peers:
        warnings = logscan.warnings_of(peer)
        found += logscan.without_shared(warnings, logscan.naming(warnings, relays), others)
    return _warnings_check("peers_warnings", found)


def looms_warn_nothing(relays: Sequence[Node]) -> Check:
    """No Loom warns, but for what the allow list explains."""
    found = [one for node in relays if node.program == "loom" for one in logscan.warnings_of(node)]
    return _warnings_check("loom_warnings", found)


def _warnings_check(name: str, found: Sequence[logscan.Warned]) -> Check:
    bad = logscan.unexplained(found, logscan.read_allow_list())
    shown = "; ".join(str(one) for one in bad[:SHOWN_MAX])
    return Check(name, not bad, f"{len(bad)} unexplained: {shown}" if bad else f"none, and {len(found)} explained")
