"""bench_relay - `tools/bench relay`: CPU per relayed cell, a Loom relay beside a tor relay in the same role.

Both relays stand in one network, and the clients are pinned to one of them at a time. So the two share everything
else: clients, the other hops, consensus, machine, and nearly the moment; while one works, the other idles. Two networks
would differ in the state of the others and would have to share the memory and the page cache besides; starting
one anew for each round would measure young processes. Rounds alternate which relay is first, so a drift of the machine
(others use it too) falls on both. Conflux is off, because it would split a stream over two relays.

A cell is 498 bytes of verified client data for both. CPU is user + system time of the whole process, from the marks
set when all streams are connected to those before anything is closed, in nanoseconds from the scheduler's own count.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import arguments, bench_load, bench_rendezvous, bench_sides, tls_probe, transfer
from .checks import DATA_BYTES_PER_CELL
from .errors import TestbedError
from .experiment import Outcome, run_transfer, usable_network
from .measured import Measured
from .network import Network
from .plan import Node, Plan, Relay
from .progress import Progress

NAME = "relay"
SUMMARY = "CPU (user + system) per relayed cell of a relay in one role, Loom and tor in turn"
ROLES = ("guard", "middle", "exit")  # a role's place is the hop's number
TWO_TORS = (Relay("tor"), Relay("tor"))
WARM_UP_BYTES = 20_000_000


@dataclass(frozen=True)
class Turn:
    """One relay's transfer in one round."""

    program: str
    cells: int
    cpu_ns: int
    seconds: float
    sleeps: int
    wakes: int | None
    links_by_cipher: dict[str, int] | None
    threads: dict[str, int]

    @property
    def ns_per_cell(self) -> float:
        """Return the CPU time of one cell."""
        return self.cpu_ns / self.cells

    def as_json(self) -> dict[str, object]:
        """Return it for programs; what a program does not tell is None."""
        return {
            "ns_per_cell": round(self.ns_per_cell, 1),
            "cells": self.cells,
            "cpu_ns": self.cpu_ns,
            "seconds": round(self.seconds, 3),
            "utilisation": round(self.cpu_ns / 1e9 / self.seconds, 4),
            "wakes_per_thousand_cells": None if self.wakes is None else round(1000 * self.wakes / self.cells, 2),
            "sleeps_per_thousand_cells": round(1000 * self.sleeps / self.cells, 2),
            "links_by_cipher": self.links_by_cipher,
            "threads_cpu_ns": self.threads,
        }


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add(
        "--role", choices=(*ROLES, "rendezvous"), default="middle", help="what the relays measured do (default: middle)"
    )
    add("--threads", type=arguments.counts(0, 64), default=[1], metavar="N[,N]",
        help="connection threads of Loom; with --load, several numbers compare Loom with itself")  # fmt: skip
    add("--rounds", type=arguments.count(1, 1000), default=5, help="rounds; each measures both relays")
    add("--transfer", type=arguments.size, default=400_000_000, metavar="SIZE", help="bytes per relay and round")
    add("--upload", type=arguments.share, default=0.1, metavar="SHARE", help="share of them that goes upwards")
    add("--clients", type=arguments.count(1, 20), default=4, help="tor clients")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to measure")
    add("--load", choices=sorted(bench_sides.LOADS), help="saturate a lone relay with loom-load")
    add("--record-cells", type=arguments.count(1, 31), default=31, metavar="N", help="with --load: cells a record")
    add("--seconds", type=arguments.count(1, 600), default=5, metavar="S", help="with --load: how long to measure")
    add("--cipher", metavar="NAME", help="with --load: the one TLS 1.3 suite offered (default: those that tor offers)")
    add("--share-cores", action="store_true", help="with --load: relay and generator on the same cores")
    add("--against-itself", action="store_true", help="measure tor in both places: what the method itself is good for")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    if options.load is not None:
        return bench_load.run(options, directory, progress)
    if len(options.threads) > 1:
        raise TestbedError("--threads: several numbers only with --load")
    first = Relay("tor") if options.against_itself else Relay("loom", options.threads[0])
    if first.program == "loom":
        arguments.require_program(options.loom)
    plan = _plan(options, first, directory)
    rounds: list[tuple[Turn, Turn]] = []
    with usable_network(plan, progress) as network:
        is_rendezvous = options.role == "rendezvous"
        relays = bench_rendezvous.relays(network) if is_rendezvous else network.with_role(options.role)
        for relay in relays:
            _turn(network, relay, WARM_UP_BYTES, options, progress)
        ciphers = [tls_probe.cipher_of(relay.or_port) for relay in relays]
        for number in range(1, options.rounds + 1):
            order = relays if number % 2 else relays[::-1]
            turns = {node.name: _turn(network, node, options.transfer, options, progress) for node in order}
            rounds.append((turns[relays[0].name], turns[relays[1].name]))
            progress.line(_round_line(number, rounds[-1]))
    return _measured(options, rounds, ciphers)


def _plan(options: argparse.Namespace, first: Relay, directory: Path) -> Plan:
    """Return a network whose other hops are tor."""
    if options.role == "rendezvous":
        return bench_rendezvous.plan(first, options.loom, directory, options.clients)
    guards, middles, exits = ((first, Relay("tor")) if role == options.role else TWO_TORS for role in ROLES)
    return Plan(
        guards=guards,
        middles=middles,
        exits=exits,
        loom=options.loom,
        directory=directory,
        clients=options.clients,
        conflux=False,
    )


def _turn(network: Network, relay: Node, total: int, options: argparse.Namespace, progress: Progress) -> Turn:
    if options.role == "rendezvous":
        outcome = bench_rendezvous.turn(network, relay, total, options.upload, progress)
    else:
        pin_clients(network, relay, options.role)
        pinned = {ROLES.index(options.role): [relay.name]}
        outcome = run_transfer(network, total, options.upload, progress, pinned)
    if not outcome.is_verified:
        raise TestbedError("; ".join(flow.error for flow in outcome.flows if flow.error))
    if options.role == "rendezvous":  # it has looked itself
        return _measure_turn(relay, outcome)
    if outcome.audit.violations or not outcome.audit.streams:
        raise TestbedError(f"paths: {outcome.audit.as_text()}")
    return _measure_turn(relay, outcome)


def pin_clients(network: Network, relay: Node, role: str) -> None:
    """Let every client use this relay alone in its role, with circuits that are new; return when they carry data."""
    option = {"guard": "EntryNodes", "middle": "MiddleNodes", "exit": "ExitNodes"}[role]
    clients = network.with_role("client")
    for client in clients:
        with network.control(client) as control:
            control.command(f"SETCONF {option}=${relay.fingerprint}")
            for circuit in control.circuits():
                control.try_command(f"CLOSECIRCUIT {circuit.circuit_id}")
    transfer.await_usable(clients, network.server_port, network.plan.ready_seconds_max)


def _measure_turn(relay: Node, outcome: Outcome) -> Turn:
    used = next(one for one in outcome.used if one.name == relay.name)
    return Turn(
        program=relay.program,
        cells=outcome.payload // DATA_BYTES_PER_CELL,
        cpu_ns=used.cpu.cpu_ns,
        seconds=outcome.seconds,
        sleeps=used.cpu.sleeps,
        wakes=used.counters.total("wakes") if used.counters else None,
        links_by_cipher=used.counters.links or None if used.counters else None,
        threads={thread.name: thread.cpu_ns for thread in used.cpu.threads},
    )


def _measured(options: argparse.Namespace, rounds: Sequence[tuple[Turn, Turn]], ciphers: Sequence[str]) -> Measured:
    ratios = [first.ns_per_cell / second.ns_per_cell for first, second in rounds]
    names = ("tor_first", "tor") if options.against_itself else ("loom", "tor")
    result: dict[str, object] = {
        "loom_ns_per_cell": round(statistics.median(first.ns_per_cell for first, _ in rounds), 1),
        "tor_ns_per_cell": round(statistics.median(second.ns_per_cell for _, second in rounds), 1),
        "ratio": round(statistics.median(ratios), 4),
        "ratio_worst": round(max(ratios), 4),
        "role": options.role,
        "threads": options.threads[0],
        "transfer_bytes": options.transfer,
        "clients": options.clients,
        "against_itself": options.against_itself,
        "cipher_chosen_for_one_probe": dict(zip(names, ciphers, strict=True)),
        "load_average": os.getloadavg()[0],
        "rounds": [
            {"ratio": round(ratio, 4), names[0]: first.as_json(), names[1]: second.as_json()}
            for ratio, (first, second) in zip(ratios, rounds, strict=True)
        ],
    }
    return Measured(result, _table(result, rounds, ratios))


def _round_line(number: int, turns: tuple[Turn, Turn]) -> str:
    first, second = turns
    return (
        f"round {number}: {first.program} {first.ns_per_cell:.0f}, {second.program} {second.ns_per_cell:.0f} ns a cell,"
        f" ratio {first.ns_per_cell / second.ns_per_cell:.3f}"
    )


def _table(result: dict[str, object], rounds: Sequence[tuple[Turn, Turn]], ratios: Sequence[float]) -> str:
    lines = ["round  relay   ns/cell  ratio  core used  Mbit/s  sleeps/1000 cells  wakes/1000 cells"]
    for number, (turns, ratio) in enumerate(zip(rounds, ratios, strict=True), 1):
        for turn in turns:
            shown_ratio = f"{ratio:.3f}" if turn is turns[0] else ""
            wakes = "-" if turn.wakes is None else f"{1000 * turn.wakes / turn.cells:.1f}"
            rate = turn.cells * DATA_BYTES_PER_CELL * 8 / turn.seconds / 1e6
            lines.append(
                f"{number:>5}  {turn.program:<6}  {turn.ns_per_cell:>7.0f}  {shown_ratio:>5}"
                f"  {turn.cpu_ns / 1e9 / turn.seconds:>9.0%}  {rate:>6.0f}"
                f"  {1000 * turn.sleeps / turn.cells:>17.1f}  {wakes:>16}"
            )
    lines.append("")
    lines.append(f"median: loom {result['loom_ns_per_cell']}, tor {result['tor_ns_per_cell']} ns a cell")
    lines.append(f"ratio:  median {result['ratio']}, worst round {result['ratio_worst']}")
    lines.append(f"cipher: {result['cipher_chosen_for_one_probe']}")
    return "\n".join(lines)
