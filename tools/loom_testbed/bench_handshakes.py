"""bench_handshakes - `tools/bench handshakes`: CPU per circuit handshake, Loom and tor in turn; and a second worker.

loom-load asks a lone relay for circuits, so many at a time that its workers never wait and so few that it refuses
none. In each round both relays are started anew on one core, with the generator on the other; which is first
alternates. Then Loom runs with one worker and with two, and shares both cores with the generator: there the rate
counts, and what the connection thread and the generator take of the cores is part of it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import arguments, ports
from .bench_sides import Result, Side, load_turn, pins
from .errors import TestbedError
from .measured import Measured
from .progress import Progress

NAME = "handshakes"
SUMMARY = "CPU per circuit handshake of a saturated relay, Loom and tor in turn; Loom with one worker and two"
KINDS = ("ntor", "ntor-v3")
WORKERS = (1, 2)
CORES_LEAST = 1.9  # with two workers, relay and generator together: otherwise somebody else has had them


@dataclass(frozen=True)
class Round:
    """What one round has measured of one kind of handshake."""

    beside: dict[str, Result]
    by_workers: dict[int, Result]

    @property
    def ratio(self) -> float:
        """Return Loom's CPU per handshake over tor's."""
        return self.beside["loom"]["relay_ns_per_handshake"] / self.beside["tor"]["relay_ns_per_handshake"]

    @property
    def gain(self) -> float:
        """Return the rate of two workers over that of one."""
        return self.by_workers[2]["handshakes_per_s"] / self.by_workers[1]["handshakes_per_s"]

    @property
    def is_crowded(self) -> bool:
        """Tell whether two workers had less than two cores."""
        two = self.by_workers[2]
        return two["relay_cores"] + two["generator_cores"] < CORES_LEAST

    def results(self) -> list[tuple[str, Result]]:
        """Return all that was measured, with its name."""
        beside = [(f"{name}, one core", self.beside[name]) for name in ("loom", "tor")]
        return beside + [(f"loom, {number} of 2 workers", self.by_workers[number]) for number in WORKERS]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--kind", choices=KINDS, help="one kind of handshake (default: both)")
    add("--rounds", type=arguments.count(1, 1000), default=5, help="rounds; each measures everything once")
    add("--seconds", type=arguments.count(1, 600), default=3, metavar="S", help="how long to measure each")
    add("--links", type=arguments.count(1, 64), default=2, help="links into the relay")
    add("--waiting", type=arguments.count(64, 1024), default=64, help="handshakes that wait for their answer at once")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to measure")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    generator = options.loom.parent / "loom-load"
    arguments.require_program(options.loom)
    arguments.require_program(generator)
    tor = shutil.which("tor")
    if tor is None:
        raise TestbedError("tor: no such program; tools/run installs it")
    kinds = KINDS if options.kind is None else (options.kind,)
    rounds: dict[str, list[Round]] = {kind: [] for kind in kinds}
    with ports.PortBlock() as block:
        for number in range(1, options.rounds + 1):
            for kind in kinds:
                command = [str(generator), "--handshakes", kind, "--links", str(options.links), "--circuits",
                           str(options.waiting), "--warmup", "1", "--seconds", str(options.seconds)]  # fmt: skip
                place = directory / f"{kind}-{number}"
                beside = _beside(options, tor, command, place, block, number % 2 == 0)
                rounds[kind].append(Round(beside, _by_workers(options, command, place, block)))
                progress.line(f"round {number}: {_round_text(kind, rounds[kind][-1])}")
    return _measured(options, rounds)


def _loom(options: argparse.Namespace, workers: int) -> Side:
    return Side("loom", [str(options.loom)], f"ConnectionThreads 1\nNumCPUs {workers}\n")


def _beside(
    options: argparse.Namespace, tor: str, command: Sequence[str], directory: Path, block: ports.PortBlock, turned: bool
) -> dict[str, Result]:
    sides = (_loom(options, 1), Side("tor", [tor], "NumCPUs 1\n"))
    return {
        side.name: _turn(side, command, directory / side.name, block, False)
        for side in (sides[::-1] if turned else sides)
    }


def _by_workers(
    options: argparse.Namespace, command: Sequence[str], directory: Path, block: ports.PortBlock
) -> dict[int, Result]:
    return {
        number: _turn(_loom(options, number), command, directory / f"workers-{number}", block, True)
        for number in WORKERS
    }


def _turn(side: Side, command: Sequence[str], directory: Path, block: ports.PortBlock, share_cores: bool) -> Result:
    result = load_turn(side, command, directory, block.take(), pins(1, share_cores))
    if result["refused"]:
        raise TestbedError(f"{side.name} has refused {result['refused']} handshakes: --waiting is too much")
    return result


def _round_text(kind: str, one: Round) -> str:
    loom, tor = (one.beside[name]["relay_ns_per_handshake"] / 1e3 for name in ("loom", "tor"))
    return f"{kind}: loom {loom:.1f}, tor {tor:.1f} us, ratio {one.ratio:.3f}; two workers {one.gain:.2f}"


def _summary(rounds: Sequence[Round]) -> dict[str, object]:
    ratios, gains = [one.ratio for one in rounds], [one.gain for one in rounds]
    ns = {name: statistics.median(one.beside[name]["relay_ns_per_handshake"] for one in rounds)
          for name in ("loom", "tor")}  # fmt: skip
    return {
        "loom_ns": ns["loom"],
        "tor_ns": ns["tor"],
        "loom_per_core_s": round(1e9 / ns["loom"]),
        "tor_per_core_s": round(1e9 / ns["tor"]),
        "ratio": round(statistics.median(ratios), 4),
        "ratio_worst": round(max(ratios), 4),
        "two_workers": round(statistics.median(gains), 4),
        "two_workers_worst": round(min(gains), 4),
        "crowded_rounds": sum(one.is_crowded for one in rounds),
        "rounds": [
            {"ratio": one.ratio, "two_workers": one.gain, "beside": one.beside, "by_workers": one.by_workers}
            for one in rounds
        ],
    }


def _measured(options: argparse.Namespace, rounds: dict[str, list[Round]]) -> Measured:
    result: dict[str, object] = {
        "links": options.links,
        "waiting": options.waiting,
        "load_average": os.getloadavg()[0],
        "kinds": {kind: _summary(of_kind) for kind, of_kind in rounds.items()},
    }
    return Measured(result, _table(rounds))


def _table(rounds: dict[str, list[Round]]) -> str:
    lines = ["round  kind     relay               us each  relay cores     each s  generator us"]
    for kind, of_kind in rounds.items():
        for number, one in enumerate(of_kind, 1):
            lines += [_row(number, kind, name, result) for name, result in one.results()]
    for kind, of_kind in rounds.items():
        s = _summary(of_kind)
        lines.append("")
        lines.append(f"{kind} of a core: loom {s['loom_per_core_s']}, tor {s['tor_per_core_s']} each s")
        lines.append(f"CPU of each, loom by tor: median {s['ratio']}, worst round {s['ratio_worst']}")
        lines.append(f"two workers by one:       median {s['two_workers']}, worst round {s['two_workers_worst']}")
        if s["crowded_rounds"]:
            lines.append(f"not alone: in {s['crowded_rounds']} rounds two workers had less than {CORES_LEAST} cores")
    return "\n".join(lines)


def _row(number: int, kind: str, name: str, one: Result) -> str:
    return (f"{number:>5}  {kind:<7}  {name:<18}  {one['relay_ns_per_handshake'] / 1e3:>7.1f}"
            f"  {one['relay_cores']:>11.2f}  {one['handshakes_per_s']:>9.0f}"
            f"  {one['generator_ns_per_handshake'] / 1e3:>12.1f}")  # fmt: skip
