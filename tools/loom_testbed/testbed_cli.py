"""testbed_cli - `tools/testbed`: a private network of the real tor, Loom in the middle, and a transfer through it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from . import arguments, checks, logscan, metrics, report, rundir, shape, signals
from .checks import Check
from .errors import Interrupted, TestbedError
from .experiment import Outcome, run_transfer, usable_network
from .network import Network
from .plan import EVERY_PIN
from .progress import Progress

MOVES_LEAST = 3  # of all Looms together: else a run has shown nothing of them


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; ends with one line and status 2 when it is wrong."""
    parser = arguments.OneLineParser(
        prog="tools/testbed",
        description="Start a private network of the real tor on loopback with Loom as its only middles (or in the "
        "roles asked for), move data through the clients' SOCKS ports both ways, and compare every byte. Status 0 "
        "when every check holds.",
    )
    _add_transfer_options(parser)
    shape.add_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    parser.add_argument("--keep", action="store_true", help="keep keys and caches too, not only logs")
    options = parser.parse_args(argv)
    shape.settle(parser, options)
    return options


def _add_transfer_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--clients", type=arguments.count(1, 20), help="tor clients (default: 4)")
    add("--transfer", type=arguments.size, default=400_000_000, metavar="SIZE", help="bytes in all, over all clients")
    add("--upload", type=arguments.share, default=0.1, metavar="SHARE", help="share of them that goes upwards")


@dataclass
class Result:
    """All that is known of a run."""

    options: argparse.Namespace
    directory: Path
    outcome: Outcome | None = None
    ready_seconds: float | None = None
    checks: list[Check] = field(default_factory=list)
    negotiated: dict[str, int | None] = field(default_factory=dict)
    moves: metrics.Moves | None = None
    combinations: list[dict[str, object]] = field(default_factory=list)
    other_protocol_warnings: dict[str, int] = field(default_factory=dict)
    error: str | None = None

    @property
    def is_ok(self) -> bool:
        """Say whether the run ended and every check holds."""
        return self.error is None and bool(self.checks) and all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, object]:
        """Return the result for programs."""
        outcome = self.outcome
        return {
            "ok": self.is_ok,
            "verified": outcome is not None and outcome.is_verified,
            "bytes": outcome.payload if outcome else 0,
            "seconds": round(outcome.seconds, 3) if outcome else None,
            "ready_seconds": self.ready_seconds,
            "middle": self.options.middle,
            "threads": self.options.threads if shape.uses_loom(self.options) else None,
            "clients": len(EVERY_PIN) if self.options.mix else self.options.clients,
            "relays": self.options.relays if self.options.all_relays else None,
            "negotiated": self.negotiated or None,
            "combinations": self.combinations or None,
            "moves": report.moves_json(self.moves) if self.moves else None,
            "conflux": self.options.conflux,
            "loom": report.loom_json(outcome.used) if outcome else None,
            "processes": report.processes_json(outcome.used) if outcome else [],
            "checks": [check.as_dict() for check in self.checks],
            "protocol_warnings_that_name_no_middle": self.other_protocol_warnings,
            "error": self.error,
            "logs": str(self.directory),
        }


def run(result: Result, progress: Progress) -> None:
    """Run the network and fill in the result; the network is gone when this returns or raises."""
    options, plan = result.options, shape.make_plan(result.options, result.directory)
    began = time.monotonic()
    with usable_network(plan, progress) as network:
        result.ready_seconds = round(time.monotonic() - began, 2)
        progress.line(f"all {plan.clients} clients carry data; moving {options.transfer / 1e6:.0f} MB")
        outcome = run_transfer(network, options.transfer, options.upload, progress)
        result.outcome = outcome
        progress.line(f"moved {outcome.payload / 1e6:.0f} MB in {outcome.seconds:.1f} s; stopping")
        result.negotiated = metrics.negotiated(checks.read_counters(network)) if plan.uses_loom else {}
        result.combinations = combinations(outcome) if options.mix else []
        result.checks = checks_while_running(network, outcome, options)
        if options.all_relays == "loom":
            result.checks.append(checks.negotiated(result.negotiated))
        if options.move_every is not None and plan.uses_loom:
            result.moves = metrics.moves_of(checks.read_counters(network))
            result.checks.append(checks.links_moved(result.moves, MOVES_LEAST))
        network.stop()
        result.checks += checks_afterwards(network)
        result.other_protocol_warnings = other_protocol_warnings(network)


def checks_while_running(network: Network, outcome: Outcome, options: argparse.Namespace) -> list[Check]:
    """Check the transfer and the processes."""
    found = [
        checks.verified(outcome.flows),
        checks.paths(outcome.audit),
        checks.bytes_through_middles(outcome.used, outcome.payload),
        checks.alive(network),
    ]
    looms = [node.name for node in network.nodes if node.program == "loom"]
    if looms:
        found.append(checks.connection_threads(outcome.used, {name: options.threads for name in looms}))
    if looms and options.threads >= 2:
        found.append(checks.cells_crossed(network, outcome.used))
    return found


def checks_afterwards(network: Network) -> list[Check]:
    """Check the logs and how the relays under test ended."""
    tested = network.under_test()
    peers = [node for node in network.nodes if node not in tested]
    return [
        checks.relays_ended_well(network),
        checks.peers_warn_nothing_of(tested, peers),
        checks.looms_warn_nothing(tested),
    ]


def combinations(outcome: Outcome) -> list[dict[str, object]]:
    """Return for each client's combination of programs whether all that it moved was right."""
    clients = {flow.client.name: flow.client for flow in outcome.flows}
    return [
        {
            "client": name,
            "guard_middle_exit": client.pin.as_text(),
            "verified": all(flow.verified for flow in outcome.flows if flow.client is client),
        }
        for name, client in clients.items()
        if client.pin is not None
    ]


def other_protocol_warnings(network: Network) -> dict[str, int]:
    """Count the tors' protocol warnings that name no relay under test: no failure, but good to see."""
    warned = [one for node in network.nodes if node.program == "tor" for one in logscan.warnings_of(node)]
    naming = set(logscan.naming(warned, network.under_test()))
    return Counter(str(one) for one in warned if "{PROTOCOL}" in one.message and one not in naming)


def print_result(result: Result) -> None:
    """Print JSON, or the table."""
    if result.options.json:
        print(json.dumps(result.as_json(), indent=1))
        return
    if result.outcome is not None:
        print(report.table(result.outcome.used, result.checks, result.outcome.payload, result.outcome.seconds))
    print(f"logs in {result.directory}")


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(argv)
    signals.catch()
    progress = Progress(quiet=options.quiet)
    try:
        if shape.uses_loom(options):
            arguments.require_program(options.loom)
        result = Result(options, rundir.make(options.dir))
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    try:
        run(result, progress)
    except TestbedError as error:
        result.error = str(error)
        print(f"testbed: {error}", file=sys.stderr)
    except Interrupted as error:
        print(f"testbed: {error}; logs in {result.directory}", file=sys.stderr)
        return 128 + error.signal_number
    (result.directory / "report.json").write_text(json.dumps(result.as_json(), indent=1) + "\n")
    if result.is_ok and not options.keep:
        rundir.keep_logs_only(result.directory)
    print_result(result)
    return 0 if result.is_ok else 1
