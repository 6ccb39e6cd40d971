"""soak_cli - `tools/soak`: a private network of Loom and the real tor that runs for long under little load."""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from . import arguments, bench_plot, checks, logscan, onion, rundir, signals, soak_checks, soak_samples, transfer
from .checks import Check
from .errors import Interrupted, TestbedError
from .network import Network
from .plan import Plan, Relay
from .progress import Progress
from .server import PatternServer
from .soak_crowd import Crowd, Peers
from .soak_samples import Series
from .soak_visits import STALL_SECONDS_MAX, Visits

READY_SECONDS_MAX = 600.0
TICK_SECONDS = 1.0
WRITE_SECONDS = 60.0
LAST_VISITS_SECONDS_MAX = 300.0
# Keys of onion services change every 24 votes. With the usual 20 a service may learn of that too late to publish.
CONSENSUSES_VALID = 6


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; ends with one line and status 2 when it is wrong."""
    parser = arguments.OneLineParser(
        prog="tools/soak",
        description="Run a private network for long, with little load: Loom and some relays of the real tor, each in "
        "all roles; tor clients that come and go, an onion service, and streams of all sizes and paces, mostly on new "
        "circuits. Every byte is compared; each Loom's memory, open files, links and circuits are followed. Status 0 "
        "when memory is flat in the second half, nothing crashed, and no warning is unexplained.",
    )
    add = parser.add_argument
    add("--minutes", type=arguments.count(1, 10080), default=10, help="how long (default: 10)")
    add("--looms", type=arguments.count(3, 12), default=6, help="relays that run Loom (default: 6)")
    add("--tors", type=arguments.count(0, 6), default=2, help="relays that run tor (default: 2)")
    add("--clients", type=arguments.count(2, 12), default=4, help="tor clients (default: 4)")
    add("--threads", type=arguments.count(0, 64), default=2, help="connection threads of each Loom (default: 2)")
    add("--visits", type=float, default=3.0, metavar="N", help="streams begun each second, on average (default: 3)")
    add(
        "--leave-every", type=arguments.count(5, 86400), default=45, metavar="S", help="one client leaves (default: 45)"
    )
    add(
        "--restart-every",
        type=arguments.count(5, 86400),
        default=300,
        metavar="S",
        help="a tor relay starts anew (default: 300)",
    )
    add("--sample-every", type=arguments.count(1, 3600), default=10, metavar="S", help="seconds between samples")
    add("--seed", type=int, help="of the visits and the leaving (default: a new one, which the result names)")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to run")
    add("--loom-option", action="append", default=[], metavar="LINE", help="one more line for Loom's torrc")
    add("--dir", type=arguments.path, metavar="DIR", help="where all files go (default: a new one in build/testbed)")
    add("--port-base", type=arguments.count(1024, 65000), metavar="PORT", help="first of 100 ports")
    add("--json", action="store_true", help="print the result as JSON instead of the table")
    options = parser.parse_args(argv)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    return options


@dataclass
class Result:
    """All that is known of a run; written every minute, so that even a killed one leaves it."""

    options: argparse.Namespace
    directory: Path
    began: str = field(default_factory=lambda: time.strftime("%Y-%m-%d %H:%M:%S"))
    seconds: float = 0.0
    series: dict[str, Series] = field(default_factory=dict)
    visits: Visits | None = None
    crowd: Crowd | None = None
    peers: Peers | None = None
    cpu_share: float | None = None
    left_visits: int = 0
    checks: list[Check] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    error: str | None = None

    @property
    def is_ok(self) -> bool:
        """Say whether the run ended by itself and every check holds."""
        return self.error is None and bool(self.checks) and all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, object]:
        """Return the result for programs."""
        shown = {name: str(value) if isinstance(value, Path) else value for name, value in vars(self.options).items()}
        return {
            "ok": self.is_ok,
            "began": self.began,
            "seconds": round(self.seconds, 1),
            "options": shown,
            "visits": self.visits.tally.as_dict() if self.visits else {},
            "clients_left": self.crowd.left if self.crowd else 0,
            "relays_restarted": self.peers.left if self.peers else 0,
            "cpu_share_of_a_core": self.cpu_share,
            "checks": [check.as_dict() for check in self.checks],
            "warnings": dict(self.warnings),
            "relays": [one.as_dict() for one in self.series.values()],
            "error": self.error,
            "logs": str(self.directory),
        }

    def write(self) -> None:
        """Write it, whole or not at all."""
        new = self.directory / "soak.json.new"
        new.write_text(json.dumps(self.as_json(), indent=1) + "\n")
        new.rename(self.directory / "soak.json")


def make_plan(options: argparse.Namespace, directory: Path) -> Plan:
    """Return the network: every relay in all roles, and clients with default settings."""
    return Plan(
        middles=(),
        guards=(),
        exits=(),
        relays=(Relay("loom", options.threads),) * options.looms + (Relay("tor"),) * options.tors,
        loom=options.loom,
        directory=directory,
        clients=options.clients,
        services=1,
        consensuses_valid=CONSENSUSES_VALID,
        port_base=options.port_base,
        ready_seconds_max=READY_SECONDS_MAX,
        loom_options=tuple(options.loom_option),
    )


def run(result: Result, progress: Progress) -> None:
    """Run the network and fill in the result; the network is gone when this returns or raises."""
    options = result.options
    with Network(make_plan(options, result.directory), progress) as network:
        server = PatternServer(network.server_port, STALL_SECONDS_MAX)
        network.start()
        clients = network.with_role("client")
        transfer.await_usable(clients, network.server_port, READY_SECONDS_MAX)
        (service,) = network.with_role("service")
        host = onion.address(network, service)
        transfer.await_usable(clients[:1], network.server_port, READY_SECONDS_MAX, host)
        progress.line(f"all clients and the service are usable; {options.minutes} minutes begin, seed {options.seed}")
        crowd = result.crowd = Crowd(network, options.leave_every, options.seed)
        visits = result.visits = Visits(crowd.guests, network.server_port, host, options.visits, options.seed)
        peers = result.peers = Peers(network, options.restart_every, visits)
        visits.start()
        _soak(network, result, crowd, peers, visits, progress)
        progress.line("no more visits begin")
        result.left_visits = visits.stop(LAST_VISITS_SECONDS_MAX, network.require_alive)
        peers.settle()
        crowd.settle(READY_SECONDS_MAX)
        series = list(result.series.values())
        result.checks = soak_checks.while_running(network, crowd, visits, series, result.left_visits)
        result.warnings = warnings(network)
        result.checks.append(soak_checks.what_is_given_back(network, progress))
        network.stop()
        result.checks.append(checks.relays_ended_well(network))
        server.close()


def _soak(network: Network, result: Result, crowd: Crowd, peers: Peers, visits: Visits, progress: Progress) -> None:
    """Watch until the time is up: who leaves returns, relays are looked at, and every minute has its line."""
    began = time.monotonic()
    used_before = _cpu_seconds(network)
    sample_at, write_at = 0.0, WRITE_SECONDS
    while result.seconds < result.options.minutes * 60:
        network.require_alive()
        crowd.tick()
        peers.tick()
        result.seconds = time.monotonic() - began
        if result.seconds >= sample_at:
            sample_at = max(sample_at + result.options.sample_every, result.seconds)
            soak_samples.take(network, result.series, result.seconds)
        if result.seconds >= write_at:
            write_at += WRITE_SECONDS
            result.warnings = warnings(network)
            result.cpu_share = round((_cpu_seconds(network) - used_before) / result.seconds, 3)
            result.write()
            progress.line(_minute(result, crowd, visits))
        time.sleep(TICK_SECONDS)


def _minute(result: Result, crowd: Crowd, visits: Visits) -> str:
    ends = visits.tally.as_dict()
    latest = [one.samples[-1] for one in result.series.values()]
    memory = "/".join(f"{sample.rss_kb / 1024:.1f}" for sample in latest)
    return (
        f"{result.seconds / 60:.0f} min: {ends['bytes_right'] / 1e6:.0f} MB right in {ends.get('verified', 0)} visits, "  # type: ignore[operator]
        f"{ends.get('broken', 0)} broken, {ends.get('unopened', 0)} unopened, {ends.get('wrong', 0)} wrong, "
        f"{visits.at_once} under way; {crowd.left} clients left; RSS {memory} MiB; "
        f"{sum(sample.halves or 0 for sample in latest)} halves, {sum(sample.links or 0 for sample in latest)} links, "
        f"{max(sample.open_files for sample in latest)} files at most; {sum(result.warnings.values())} warnings; "
        f"CPU {result.cpu_share or 0:.0%}"
    )


def _cpu_seconds(network: Network) -> float:
    """Return what we and all children have used; what a client used that has left is lost to it."""
    own = sum(os.times()[:2])
    return own + sum(_cpu_of(child.pid) for child in network.children.values())


def _cpu_of(pid: int) -> float:
    sample = soak_samples.procstat.sample(pid)
    return sample.user_s + sample.system_s if sample else 0.0


def warnings(network: Network) -> Counter[str]:
    """Count all warnings of all nodes by their text, numbers left out."""
    found = [one for node in network.nodes for one in logscan.warnings_of(node)]
    return Counter(f"{one.node}: {re.sub(r'[0-9]+', 'N', one.message)}" for one in found)


COLUMNS = (
    ("rss_kb_mean", "RSS mean"),
    ("rss_kb_max", "max"),
    ("rss_kb_rise", "rise"),
    ("open_files_max", "files"),
    ("halves_max", "halves"),
    ("handshakes", "handshakes"),
    ("cells_received", "cells"),
    ("cpu_s", "CPU s"),
)


def table(result: Result) -> str:
    """Return what a person wants to see; memory in KiB, mean and rise those of the second half."""
    lines = [f"{'relay':<12}" + "".join(f"{title:>11}" for _, title in COLUMNS)]
    for series in result.series.values():
        of = soak_samples.summary(series)
        lines.append(f"{series.name:<12}" + "".join(f"{of.get(key)!s:>11}" for key, _ in COLUMNS))
    lines += [f"{'ok' if check.ok else 'NO':<4}{check.name:<18}{check.detail}" for check in result.checks]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(argv)
    signals.catch()
    progress = Progress()
    try:
        arguments.require_program(options.loom)
        result = Result(options, rundir.make(options.dir))
    except TestbedError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    status = 0
    try:
        run(result, progress)
    except TestbedError as error:
        result.error = str(error)
    except Interrupted as error:
        result.error, status = str(error), 128 + error.signal_number
    result.write()
    if result.error:
        print(f"soak: {result.error}", file=sys.stderr)
    print(json.dumps(result.as_json(), indent=1) if options.json else table(result))
    print(bench_plot.draw("soak", result.as_json(), result.directory / "soak.png"), file=sys.stderr)
    print(f"result: {result.directory / 'soak.json'}", file=sys.stderr)
    if result.is_ok:
        rundir.keep_logs_only(result.directory)
    return status or (0 if result.is_ok else 1)
