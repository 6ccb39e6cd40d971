"""bench_limits - `tools/bench limits`: BandwidthRate and BandwidthBurst of one relay, kept by its threads together.

With 1, 2 and 4 connection threads in turn, and twice over: `load`, where loom-load presses a lone relay with many times
what it may send, so that every thread always wants more; and `tor`, where real clients fetch through real guards and
exits and the relay as their only middle, which shows each transfer's share. bucket.py says what readings tell.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import arguments, bucket, lone_relay, metrics, ports, transfer
from .bucket import Kept, Limit, Reading
from .errors import TestbedError
from .experiment import usable_network
from .measured import Measured
from .network import Network
from .plan import Plan, Relay
from .process import stop_all
from .progress import Progress

NAME = "limits"
SUMMARY = "BandwidthRate and BandwidthBurst kept by 1, 2 and 4 threads together, and how fairly"
LOADS = ("load", "tor")

POLL_SECONDS = 0.1
ENDLESS = 10**10
BURST_BY_RATE = 2  # seconds of the rate, by default
FULL_SECONDS = 1.0  # the bucket is full again
LINKS_BY_THREAD = 8  # of loom-load, half of them out of the relay
CIRCUITS_BY_LINK = 4
STARTS_SECONDS = 4  # what loom-load needs at most until it presses


@dataclass(frozen=True)
class Turn:
    """One load of one relay."""

    load: str
    threads: int
    limit: Limit
    kept: Kept

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        limit = {"rate": self.limit.rate, "burst": self.limit.burst}
        return {"load": self.load, "threads": self.threads, **limit, **self.kept.as_dict()}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    add = parser.add_argument
    add("--threads", type=arguments.counts(1, 64), default=[1, 2, 4], help="connection threads (default: 1,2,4)")
    add("--load", choices=LOADS, help="only this one (default: both, one after the other)")
    add("--rate", type=arguments.size, default=20 * 2**20, metavar="SIZE", help="BandwidthRate (default: 20MiB)")
    add("--tor-rate", type=arguments.size, default=8 * 2**20, metavar="SIZE",
        help="the same with --load tor, whose processes need much more CPU than the relay (default: 8MiB)")  # fmt: skip
    add("--seconds", type=arguments.count(8, 3600), default=15, help="of load in a turn (default: 15)")
    add("--rounds", type=arguments.count(1, 100), default=1, help="turns of each (default: 1)")
    add("--clients", type=arguments.count(1, 20), default=8, help="tor clients, a transfer each (default: 8)")
    add("--guards", type=arguments.count(1, 16), default=8, help="guards, which clients take in turn (default: 8)")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to run")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    arguments.require_program(options.loom)
    turns: list[Turn] = []
    for load in [options.load] if options.load else LOADS:
        rate = options.rate if load == "load" else options.tor_rate
        limit = Limit(rate, BURST_BY_RATE * rate)
        for number in range(1, options.rounds + 1):
            for threads in options.threads if number % 2 else options.threads[::-1]:
                place = directory / f"{load}-{threads}-{number}"
                readings = _readings(load, options, place, threads, limit)
                turns.append(Turn(load, threads, limit, bucket.kept(readings, limit)))
                progress.line(f"{load}, {threads} threads: {_kept_text(turns[-1].kept)}")
    is_ok = not any(one.kept.failures() for one in turns)
    return Measured({"ok": is_ok, "turns": [one.as_dict() for one in turns]}, table(turns), is_ok)


def _readings(load: str, options: argparse.Namespace, place: Path, threads: int, limit: Limit) -> list[Reading]:
    if load == "load":
        return under_generator(options.loom, place, threads, limit, options.seconds)
    plan = network_plan(options.loom, place, threads, limit, options.clients, options.guards)
    with usable_network(plan, Progress(quiet=True)) as network:
        return under_clients(network, limit, options.seconds)


# -- a lone relay under loom-load


def under_generator(loom: Path, directory: Path, threads: int, limit: Limit, seconds: int) -> list[Reading]:
    """Read a lone relay while loom-load presses it for so long."""
    with ports.PortBlock() as block:
        port, metrics_port = block.take(), block.take()
        lines = [f"ConnectionThreads {threads}", f"MetricsPort 127.0.0.1:{metrics_port}",
                 "MetricsPortPolicy accept 127.0.0.1", *limit.as_lines()]  # fmt: skip
        relay = lone_relay.start("loom", [str(loom)], directory, port, "\n".join(lines) + "\n")
        try:
            _await_metrics(metrics_port)
            with _generator(loom, relay, threads, seconds) as generator:
                return _read_until_done(generator, metrics_port, threads, seconds)
        finally:
            stop_all([relay.child])


def _await_metrics(metrics_port: int) -> None:
    deadline = time.monotonic() + lone_relay.START_SECONDS_MAX
    while metrics.read(metrics_port) is None:
        if time.monotonic() > deadline:
            raise TestbedError("the relay's MetricsPort does not answer")
        time.sleep(POLL_SECONDS)


@contextmanager
def _generator(loom: Path, relay: lone_relay.LoneRelay, threads: int, seconds: int) -> Iterator[subprocess.Popen]:
    program = loom.parent / "loom-load"
    arguments.require_program(program)
    links = LINKS_BY_THREAD * threads
    shape = ["--links", str(links), "--circuits", str(CIRCUITS_BY_LINK * links), "--verified-links", "1"]
    lasts = ["--warmup", "1", "--seconds", str(seconds + STARTS_SECONDS)]
    command = [str(program), *shape, *lasts, *relay.as_options()]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as generator:
        try:
            yield generator
        finally:
            if generator.poll() is None:
                generator.kill()


def _read_until_done(generator: subprocess.Popen, metrics_port: int, threads: int, seconds: int) -> list[Reading]:
    """Read for so many seconds from when the load begins; that ends later, and must not have ended by itself."""
    readings = [read(metrics_port, threads)]
    idle = readings[0].total
    begun_at = None
    while begun_at is None or readings[-1].at - begun_at < seconds:
        time.sleep(POLL_SECONDS)
        if generator.poll() is not None:
            said = generator.stderr.read().strip() if generator.stderr else ""
            raise TestbedError(f"loom-load ended early: {said}")
        readings.append(read(metrics_port, threads))
        if begun_at is None and readings[-1].total > idle:
            begun_at = readings[-1].at
    return readings


# -- the only middle of a network


def network_plan(loom: Path, directory: Path, threads: int, limit: Limit, clients: int, guards: int) -> Plan:
    """Return a network with one middle, and guards enough that each of its threads sends to some."""
    directory.mkdir(parents=True)
    return Plan(
        middles=(Relay("loom", threads),),
        guards=(Relay("tor"),) * guards,
        loom=loom,
        directory=directory,
        clients=clients,
        conflux=False,
        has_guard_each=True,
        loom_options=limit.as_lines(),
    )


def under_clients(network: Network, limit: Limit, seconds: float) -> list[Reading]:
    """Read the only middle while clients fetch as much as they can for so long."""
    (middle,) = network.with_role("middle")
    assert middle.threads is not None
    time.sleep(limit.burst / limit.rate + FULL_SECONDS)
    flows = transfer.share_out(network.with_role("client"), ENDLESS, 0.0)
    try:
        transfer.open_all(flows, network.server_port)
        readings = [read(middle.metrics_port, middle.threads, flows)]
        transfer.start_all(flows)
        while readings[-1].at - readings[0].at < seconds:
            time.sleep(POLL_SECONDS)
            network.require_alive()
            readings.append(read(middle.metrics_port, middle.threads, flows))
    finally:
        transfer.close_all(flows)
    return readings


def read(metrics_port: int, threads: int, flows: Sequence[transfer.Flow] = ()) -> Reading:
    """Ask the relay what its connection threads have sent."""
    asked = time.monotonic()
    counters = metrics.read(metrics_port)
    if counters is None:
        raise TestbedError("the relay's MetricsPort does not answer")
    sent = tuple(counters.work.get(str(number), {}).get("bytes_sent", 0) for number in range(1, threads + 1))
    return Reading((asked + time.monotonic()) / 2, sent, tuple(flow.moved for flow in flows))


# -- what it says


def table(turns: Sequence[Turn]) -> str:
    """Return what a person wants to see."""
    lines = ["load  threads  MiB/s    rate   burst  burst s  demand  Jain threads  transfers  shares of the threads"]
    for one in turns:
        kept = one.kept
        shares = " ".join(f"{sent / max(1, sum(kept.threads)):.1%}" for sent in kept.threads)
        transfers = f"{bucket.jain(kept.transfers):.4f}" if kept.transfers else "-"
        lines.append(
            f"{one.load:<4}  {one.threads:>7}  {one.limit.rate / 2**20:>5.1f}  {kept.rate:>6.4f}  {kept.burst:>6.4f}"
            f"  {kept.burst_seconds:>7.1f}  {kept.demand:>6.1f}  {kept.jain_threads:>12.4f}  {transfers:>9}  {shares}"
        )
    for one in turns:
        lines += [f"NOT KEPT: {one.load}, {one.threads} threads: {what}" for what in one.kept.failures()]
    return "\n".join(lines)


def _kept_text(kept: Kept) -> str:
    return f"rate {kept.rate:.4f}, burst {kept.burst:.4f}, Jain {kept.jain_threads:.4f}"
