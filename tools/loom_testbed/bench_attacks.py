"""bench_attacks - `tools/bench attacks`: what loom-attack does to a relay, and to who shares it, Loom and tor in turn.

Beside each attack goes an innocent transfer at a steady demand, over links of its own and with every byte verified. The
relay has one core, the attacker and the innocent have another, where the innocent goes first. It is asked that the
relay lives, that it keeps its cap, and that the innocent keeps at least what it keeps with tor.

The cap: above what the relay had with the innocent alone, its resident memory grows by MaxMemInQueues at most, and by
the allowance: what lies around queues in any relay (circuits, links, sockets' buffers, the allocator's own).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from . import arguments, lone_relay, ports
from .attack_kinds import ATTACKS, EXIT, EXIT_POLICY, NAMES, Attack
from .bench_sides import Side, pins, put_first
from .errors import TestbedError
from .measured import Measured
from .process import Child, stop_all
from .progress import Progress

NAME = "attacks"
SUMMARY = "attacks on a relay, Loom and tor in turn: memory against its cap, and an innocent transfer beside them"
DEMAND_CELLS = 4000  # a second each way: 2 MB
INNOCENT = ["--links", "8", "--circuits", "4", "--verified-links", "4", "--steady", str(DEMAND_CELLS),
            "--seconds", "3600"]  # fmt: skip
SAMPLE_SECONDS = 0.1
BEFORE_SECONDS = 2.0
SETTLE_SECONDS = 1.0
RECOVERY_SECONDS_MAX = 10.0
RECOVERED = 0.95  # of the rate before, over half a second
RECOVERY_SAMPLES = 5
KEPT_TOLERANCE = 0.02
START_SECONDS_MAX = 60.0
ALLOWANCE = 0.25  # of MaxMemInQueues
ATTACKER = "127.0.0.66:0"
MB = 1 << 20
ALL_WELL = "Loom lives and keeps its cap, and the innocent keeps what it keeps with tor"
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
DEFENCES = "DoSCircuitCreationEnabled 1\nDoSConnectionEnabled 1\nDoSStreamCreationEnabled 1\n"


@dataclass(frozen=True)
class Turn:
    """One attack on one relay."""

    attack: str
    relay: str
    round: int
    defended: bool
    alive: bool
    rss_idle_mb: float
    rss_max_mb: float
    rss_after_mb: float
    cap_mb: float
    relay_cores: float
    before: float  # cells that arrive, a second, both ways
    during: float
    delay_ms: float  # the median of what waited longest in each tenth of a second
    lost: int  # of the innocent's links and circuits
    recovery_s: float | None
    attacker: dict[str, object]

    @property
    def kept(self) -> float:
        """Return the share of its rate that the innocent kept."""
        return self.during / self.before if self.before else 0.0

    @property
    def keeps_cap(self) -> bool:
        """Say whether memory stayed below the cap."""
        return self.rss_max_mb - self.rss_idle_mb <= self.cap_mb


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--attack", action="append", choices=NAMES, metavar="NAME", help="one of: " + ", ".join(NAMES))
    add("--defences", choices=("off", "on", "both"), default="both",
        help="the relays' DoS options: off as by default, or on, for those attacks that they are against")  # fmt: skip
    add("--relay", choices=("both", "loom", "tor"), default="both", help="one relay alone compares nothing")
    add("--rounds", type=arguments.count(1, 100), default=1, help="rounds; each attacks both relays")
    add("--seconds", type=arguments.count(1, 3600), default=10, metavar="S", help="how long each attack lasts")
    add("--memory", type=arguments.size, default=256 * MB, metavar="SIZE", help="MaxMemInQueues (default: 256MiB)")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to attack")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Attack and return what came of it."""
    for program in ("loom-relay", "loom-load", "loom-attack"):
        arguments.require_program(options.loom.parent / program if program != "loom-relay" else options.loom)
    turns: list[Turn] = []
    with ports.PortBlock() as block:
        for attack in ATTACKS:
            if options.attack and attack.name not in options.attack:
                continue
            for number in range(1, options.rounds + 1):
                for defended in _variants(options, attack):
                    sides = _sides(options)
                    for side in sides if number % 2 else sides[::-1]:
                        words = (attack.name.replace(":", "-"), "on" if defended else "off", side.name, str(number))
                        attacked = _Attacked(options, attack, side, directory / "-".join(words), block.take())
                        turn = attacked.turn(number, defended)
                        turns.append(turn)
                        progress.line(_row(turn))
    failures = failures_of(turns)
    result = {"memory": options.memory, "turns": [asdict(turn) for turn in turns], "failures": failures}
    return Measured(result, table(turns, failures), not failures)


def _variants(options: argparse.Namespace, attack: Attack) -> list[bool]:
    wanted = {"off": [False], "on": [True], "both": [False, True]}[options.defences]
    return [defended for defended in wanted if attack.meets_defences or not defended]


def _sides(options: argparse.Namespace) -> list[Side]:
    tor = shutil.which("tor")
    if tor is None and options.relay != "loom":
        raise TestbedError("tor: no such program; tools/run installs it")
    sides = [
        Side("loom", [str(options.loom)], "ConnectionThreads 2\nNumCPUs 2\n"),
        Side("tor", [str(tor)], "NumCPUs 2\n"),
    ]
    return [side for side in sides if options.relay in ("both", side.name)]


class _Attacked:
    """A relay, the innocent and the attacker."""

    def __init__(self, options: argparse.Namespace, attack: Attack, side: Side, directory: Path, port: int) -> None:
        self._options = options
        self._attack = attack
        self._side = side
        self._directory = directory
        self._port = port
        self._rss: list[int] = []

    def turn(self, number: int, defended: bool) -> Turn:
        """Start all, attack, and see what comes of it."""
        put_first()
        pinned = pins(1, False)
        relay = self._start_relay(pinned.relay, defended)
        children = [relay.child]
        try:
            innocent = self._start("loom-load", pinned.generator, INNOCENT, relay)
            children.append(innocent)
            put_first(innocent.pid)
            self._wait_for(innocent, innocent.directory / "stdout.log")
            self._watch(relay.child, SETTLE_SECONDS)
            first = len(self._lines(innocent))
            self._watch(relay.child, BEFORE_SECONDS)
            before = self._lines(innocent)
            rss_idle = _rss(relay.child.pid)
            attacker = self._start("loom-attack", pinned.generator, self._attacker_arguments(), relay)
            children.append(attacker)
            self._wait_for(attacker, attacker.stderr_path)
            cpu, began, quiet = _cpu_s(relay.child.pid), time.monotonic(), len(self._lines(innocent))
            self._rss = []
            self._watch(relay.child, self._options.seconds)
            relay_cores = (_cpu_s(relay.child.pid) - cpu) / (time.monotonic() - began)
            during = self._lines(innocent)
            rss_max = max([*self._rss, rss_idle])
            self._end(attacker)
            recovery = self._recover(relay.child, innocent, _rate(before[first:]))
            last = self._lines(innocent)
            return Turn(
                attack=self._attack.name,
                relay=self._side.name,
                round=number,
                defended=defended,
                alive=relay.child.is_alive(),
                rss_idle_mb=round(rss_idle / MB, 1),
                rss_max_mb=round(rss_max / MB, 1),
                rss_after_mb=round(_rss(relay.child.pid) / MB, 1),
                cap_mb=round(self._options.memory * (1 + ALLOWANCE) / MB, 1),
                relay_cores=round(relay_cores, 2),
                before=round(_rate(before[first:])),
                during=round(_rate(during[quiet:])),
                delay_ms=round(_delay_ms(during[quiet:]), 1),
                lost=int(last[-1]["lost"]) if last else 0,
                recovery_s=recovery,
                attacker=_said(attacker),
            )
        finally:
            stop_all(children)

    def _start_relay(self, words: Sequence[str], defended: bool) -> lone_relay.LoneRelay:
        extra = f"{self._side.torrc}MaxMemInQueues {self._options.memory} bytes\n" + (DEFENCES if defended else "")
        policy = lone_relay.NO_EXIT
        self._directory.mkdir(parents=True)
        if self._attack.is_at_exit:
            extra, policy = extra + EXIT.format(directory=self._directory), EXIT_POLICY
            (self._directory / "resolv.conf").write_text("nameserver 127.0.0.1:9\n")
        command = [*words, *self._side.command]
        relay = lone_relay.start(self._side.name, command, self._directory, self._port, extra, policy=policy)
        put_first(relay.child.pid)
        return relay

    def _start(
        self, program: str, words: Sequence[str], more: Sequence[str], relay: lone_relay.LoneRelay
    ) -> Child:
        place = self._directory / program
        place.mkdir()
        told = relay.as_options() if program == "loom-load" else relay.as_options()[:-2]
        return Child(program, [*words, str(self._options.loom.parent / program), *more, *told], place)

    def _attacker_arguments(self) -> list[str]:
        return [*self._attack.arguments, "--from", ATTACKER, "--seconds", str(self._options.seconds)]

    def _wait_for(self, child: Child, path: Path) -> None:
        """Wait until it has said something there."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while not path.exists() or path.stat().st_size == 0:
            if not child.is_alive() or time.monotonic() > deadline:
                raise TestbedError(f"{child.name} does not begin:\n{child.log_tail()}")
            time.sleep(0.02)

    def _watch(self, relay: Child, seconds: float) -> None:
        """Sample memory for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._rss.append(_rss(relay.pid))
            time.sleep(min(SAMPLE_SECONDS, left))

    def _end(self, attacker: Child) -> None:
        deadline = time.monotonic() + 2.0
        while attacker.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        attacker.kill()

    def _recover(self, relay: Child, innocent: Child, rate: float) -> float | None:
        began, first = time.monotonic(), len(self._lines(innocent))
        while (waited := time.monotonic() - began) < RECOVERY_SECONDS_MAX:
            self._watch(relay, SAMPLE_SECONDS)
            lines = self._lines(innocent)
            if len(lines) > first + RECOVERY_SAMPLES and _rate(lines[-RECOVERY_SAMPLES - 1 :]) >= RECOVERED * rate:
                return round(max(0.0, waited - RECOVERY_SAMPLES * SAMPLE_SECONDS), 1)
        return None

    def _lines(self, innocent: Child) -> list[dict[str, float]]:
        text = (innocent.directory / "stdout.log").read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def _rate(lines: Sequence[dict[str, float]]) -> float:
    if len(lines) < 2:
        return 0.0
    elapsed = lines[-1]["ms"] - lines[0]["ms"]
    return 1000 * (lines[-1]["verified"] - lines[0]["verified"]) / elapsed if elapsed else 0.0


def _delay_ms(lines: Sequence[dict[str, float]]) -> float:
    return statistics.median(line["oldest_us"] for line in lines) / 1000 if lines else 0.0


def _rss(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS if len(fields) > 12 else 0.0


def _said(attacker: Child) -> dict[str, object]:
    text = (attacker.directory / "stdout.log").read_text()
    said: dict[str, object] = json.loads(text) if text else {}
    return said


def failures_of(turns: Sequence[Turn]) -> list[str]:
    """Say what was asked and is not so: of Loom alone; how tor does is told, not judged."""
    failures = []
    for turn in turns:
        if turn.relay == "loom" and not turn.alive:
            failures.append(f"{_title(turn)}: the relay died")
        elif turn.relay == "loom" and not turn.keeps_cap:
            growth = turn.rss_max_mb - turn.rss_idle_mb
            failures.append(f"{_title(turn)}: memory grew by {growth:.0f} MB, more than {turn.cap_mb:.0f}")
    for kind in dict.fromkeys((turn.attack, turn.defended) for turn in turns):
        kept = {
            relay: [turn.kept for turn in turns if (turn.attack, turn.defended) == kind and turn.relay == relay]
            for relay in ("loom", "tor")
        }
        if not kept["loom"] or not kept["tor"]:
            continue
        loom, tor = statistics.median(kept["loom"]), statistics.median(kept["tor"])
        if loom < tor - KEPT_TOLERANCE:
            failures.append(f"{_name(*kind)}: the innocent kept {loom:.0%}, with tor {tor:.0%}")
    return failures


def _name(attack: str, defended: bool) -> str:
    return attack + ("+dos" if defended else "")


def _title(turn: Turn) -> str:
    return f"{_name(turn.attack, turn.defended)}, {turn.relay}, round {turn.round}"


HEADER = ("attack              relay  round  RSS idle    max  after    cap  CPU   before  during   kept  delay ms  lost"
          "  recovers")  # fmt: skip


def _row(turn: Turn) -> str:
    recovers = f"{turn.recovery_s:.1f} s" if turn.recovery_s is not None else "no"
    cap = f"{turn.cap_mb + turn.rss_idle_mb:.0f}" + ("" if turn.keeps_cap else "!")
    end = recovers if turn.alive else "DIED"
    return (f"{_name(turn.attack, turn.defended):<18}  {turn.relay:<5}  {turn.round:>5}  {turn.rss_idle_mb:>8.0f}"
            f"  {turn.rss_max_mb:>5.0f}  {turn.rss_after_mb:>5.0f}  {cap:>5}  {turn.relay_cores:>4.2f}"
            f"  {turn.before:>6.0f}  {turn.during:>6.0f}  {turn.kept:>5.0%}  {turn.delay_ms:>8.1f}  {turn.lost:>4}"
            f"  {end:>8}")  # fmt: skip


def table(turns: Sequence[Turn], failures: Sequence[str]) -> str:
    """Return the table, and what was not as it should be."""
    lines = [HEADER, *map(_row, turns), ""]
    lines += [f"FAILED  {failure}" for failure in failures] or [ALL_WELL]
    lines.append("memory in MB; rates in cells a second, both ways; cap: idle, MaxMemInQueues and a quarter of it")
    return "\n".join(lines)
