"""bench_shadow_price - `tools/bench shadow-price`: what it costs Shadow that work takes time.

A network of relays that are half busy, all tor or all Loom: chains of a guard, a middle and an exit, each with users
who fetch a file every second over that chain. It is run with relays whose work has a price and with relays whose work
has none, in turn, with the same seed; what each took counts from the moment the users begin.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from loom_shadow import experiment
from loom_shadow.clock import NS, ZERO_S

from . import arguments, shadow
from .errors import TestbedError
from .measured import Measured
from .procstat import CLOCK_TICKS
from .progress import Progress

NAME = "shadow-price"
SUMMARY = "wall and CPU time of Shadow with relays that are half busy, priced and unpriced in turn"
ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("loom", "tor")
PROFILES = {"loom": "loom-xeon", "tor": "tor-0.4.9-xeon"}
# Prices are that much higher than in the profile, so that the same traffic keeps either half busy.
SLOWER = {"loom": 15, "tor": 5}
MIB = 1024 * 1024
USERS_A_CHAIN = 4  # each fetches a MiB a second: 8,600 cells a second for each relay, with what they answer
HALF_BUSY = (0.35, 0.65)
DEARER_MOST = 1.2  # priced over unpriced
GRACE_S = experiment.GRACE_S
STOP_BEFORE_END_S = 0.2  # relays are told to stop, and say how busy they were
LINE_BYTES = 125_000_000  # a second: nobody waits for a line
LATENCY_US = 5000
MARK = Path("hosts/mark/began")  # made when the users begin, by a host of its own
POLL_S = 0.01
MKDIR = "/usr/bin/mkdir"
_BUSY = re.compile(r"Virtual cores were busy for (\d+) us")


@dataclass(frozen=True)
class Cost:
    """What the loaded part of a run took."""

    wall_s: float
    cpu_s: float  # of Shadow and all that ran in it
    fetched: int  # files
    busy: float  # mean share of a relay's core, its start with it; 0 of relays whose work has no price


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--program", choices=PROGRAMS, help="one kind of relay (default: both)")
    add("--rounds", type=arguments.count(1, 100), default=3, help="rounds; each runs priced and unpriced")
    add("--chains", type=arguments.count(1, 100), default=7, help="of three relays each")
    add("--seconds", type=arguments.count(1, 600), default=10, metavar="S", help="virtual seconds of load")
    add("--ahead", type=arguments.count(0, 1000000), metavar="US", help="PaceAhead, LOOM_PRICE_AHEAD_US")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH",
        help="the relay; the others of our programs are beside it")  # fmt: skip


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    program = shadow.find()
    if program is None:
        raise TestbedError(f"Shadow is not installed: expected it on the PATH or in {shadow.VARIABLE}")
    arguments.require_program(options.loom)
    results = {}
    for kind in PROGRAMS if options.program is None else (options.program,):
        profile = directory / f"{kind}.yaml"
        profile.write_text(slower(ROOT / f"model/cost/profiles/{PROFILES[kind]}.yaml", SLOWER[kind]))
        results[kind] = _rounds(kind, profile, program, options, directory, progress)
    lines = ["relays  unpriced s (wall, CPU)   priced s (wall, CPU)   dearer (wall, CPU)  busy"]
    lines += [_row(kind, result) for kind, result in results.items()]
    as_json = {kind: {name: [vars(cost) for cost in costs] for name, costs in result.items()}
               for kind, result in results.items()}  # fmt: skip
    return Measured(as_json, "\n".join(lines), all(is_cheap(result) for result in results.values()))


def _rounds(
    kind: str, profile: Path, program: Path, options: argparse.Namespace, directory: Path, progress: Progress
) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = {"unpriced": [], "priced": []}
    for number in range(options.rounds):
        order = ("unpriced", "priced") if number % 2 == 0 else ("priced", "unpriced")
        for name in order:
            folder = directory / f"{kind}-{number + 1}-{name}"
            plan = plan_of(kind, profile if name == "priced" else None, options.chains, options.seconds)
            costs[name].append(_one(plan, program, options.loom.parent, folder, options.ahead))
            progress.line(f"{kind}, {name}: {_words(costs[name][-1])}")
    return costs


def _words(cost: Cost) -> str:
    return f"wall {cost.wall_s:.1f} s, CPU {cost.cpu_s:.1f} s, {cost.fetched} files, busy {cost.busy:.0%}"


def _median(costs: list[Cost], what: str) -> float:
    return statistics.median(getattr(cost, what) for cost in costs)


def dearer(result: dict[str, list[Cost]], what: str) -> float:
    """Return priced over unpriced, of medians."""
    return _median(result["priced"], what) / _median(result["unpriced"], what)


def is_cheap(result: dict[str, list[Cost]]) -> bool:
    """Tell whether relays that were half busy cost no more than they may."""
    busy = _median(result["priced"], "busy")
    return HALF_BUSY[0] <= busy <= HALF_BUSY[1] and dearer(result, "wall_s") <= DEARER_MOST


def _row(kind: str, result: dict[str, list[Cost]]) -> str:
    cells = [f"{_median(result[name], 'wall_s'):9.1f} {_median(result[name], 'cpu_s'):9.1f}" for name in result]
    ratios = f"{dearer(result, 'wall_s'):9.3f} {dearer(result, 'cpu_s'):9.3f}"
    return f"{kind:6} {cells[0]}     {cells[1]}  {ratios}      {_median(result['priced'], 'busy'):4.0%}"


# --- the network -----------------------------------------------------------------------------------------------------


def slower(path: Path, factor: float) -> str:
    """Return the profile with every price of work that many times as high."""

    def scale(found: re.Match[str]) -> str:
        ps, least, most = (round(int(number) * factor) for number in found.groups())
        return f"{{ps: {ps}, least: {least}, most: {most},"

    return re.sub(r"\{ps: (\d+), least: (\d+), most: (\d+),", scale, path.read_text())


def plan_of(kind: str, profile: Path | None, chains: int, seconds: int) -> dict:
    """Return the plan of a run (loom_shadow); profile: None for work that takes no time."""
    machine = None
    if profile is not None:
        machine = {"cores": 1, "threads_per_core": 1, "workers": 1, "profile": str(profile)}
    relays = []
    for number in range(3 * chains):
        role = ("guard", "middle", "exit")[number % 3]
        relays.append({"name": f"relay{number + 1}{role}", "role": role, "country": 0, "weight": 1000,
                       "line_rate": LINE_BYTES, "rate": None, "burst": None, "program": kind, "threads": 0,
                       "guard": role == "guard", "exit": role == "exit", "machine": machine})  # fmt: skip
    group = {"name": "users", "files": [{"bytes": MIB, "weight": 1, "timeout_ns": 0}], "request_bytes": 1000,
             "pause_ns": NS, "exponential": False, "periodic": True, "circuit_age_ns": 0, "circuit_timeout_ns": 60 * NS,
             "upload": False, "goes_on_ns": 0, "streams_at_ns": 0, "fetches": 0, "flows": False}  # fmt: skip
    clients = [{"group": 0, "country": 0, "line_rate": None, "sessions": USERS_A_CHAIN, "guards": 0, "start_ns": 0,
                "middle": None, "path": [3 * chain, 3 * chain + 1, 3 * chain + 2]}
               for chain in range(chains)]  # fmt: skip
    return {"format": 1, "scenario": NAME, "arm": kind, "seed": 1, "measure_from_ns": 0, "end_ns": seconds * NS,
            "bootstrap_end_ns": 0, "kist_run_interval_ms": 0, "congestion_control": "vegas", "wants_cgo": False,
            "countries": ["DE"], "latency_us": [[LATENCY_US]], "loss": [], "relays": relays,
            "servers": [{"country": 0, "line_rate": 10 * LINE_BYTES}], "groups": [group],
            "clients": clients}  # fmt: skip


def _write(plan: dict, programs: Path, folder: Path, ahead_us: int | None) -> None:
    """Write the experiment."""
    folder.mkdir()
    own = experiment.Programs(experiment.TOR, experiment.python_program(), programs)
    experiment.Experiment(plan, folder, own, parallelism=1).write()
    path = folder / experiment.CONFIGURATION
    configuration = json.loads(path.read_text())
    end_s = ZERO_S + plan["end_ns"] / NS + GRACE_S
    for relay in plan["relays"]:
        process = configuration["hosts"][relay["name"]]["processes"][0]
        process["shutdown_time"] = f"{round((end_s - STOP_BEFORE_END_S) * 1000)} ms"
        process["expected_final_state"] = {"exited": 0}
        environment = process.setdefault("environment", {})
        environment["LOOM_PRICE_REPORT"] = "price.json"
        if ahead_us is not None:
            environment["LOOM_PRICE_AHEAD_US"] = str(ahead_us)
            if relay["program"] == "loom" and relay["machine"]:
                with (folder / experiment.TEMPLATE / "hosts" / relay["name"] / "torrc").open("a") as torrc:
                    torrc.write(f"PaceAhead {ahead_us}\n")
    configuration["hosts"]["mark"] = {
        "network_node_id": 0, "bandwidth_down": "1 Mbit", "bandwidth_up": "1 Mbit",
        "processes": [{"path": MKDIR, "args": MARK.name, "start_time": f"{ZERO_S} s"}],
    }  # fmt: skip
    path.write_text(json.dumps(configuration, indent=1) + "\n")


# --- a run -----------------------------------------------------------------------------------------------------------


def _one(plan: dict, program: Path, programs: Path, folder: Path, ahead_us: int | None) -> Cost:
    _write(plan, programs, folder, ahead_us)
    wall_s, cpu_s = _timed(program, folder)
    hosts = folder / experiment.OUTPUT / "hosts"
    busy = [busy_ns(hosts / relay["name"]) / plan["end_ns"] for relay in plan["relays"] if relay["machine"]]
    records = [json.loads(line) for path in sorted(hosts.glob("client*/transfers.jsonl"))
               for line in path.read_text().splitlines()]  # fmt: skip
    fetched = sum(record["kind"] == "transfer" and record["outcome"] == "done" for record in records)
    return Cost(wall_s, cpu_s, fetched, statistics.mean(busy) if busy else 0.0)


def busy_ns(host: Path) -> int:
    """Return how long a relay's virtual core was busy."""
    report = host / "price.json"
    if report.is_file():
        return json.loads(report.read_text())["busy_ns"]
    found = _BUSY.search((host / "notice.log").read_text())
    if found is None:
        raise TestbedError(f"{host}: its relay does not say how busy it was")
    return 1000 * int(found[1])


def _timed(program: Path, folder: Path) -> tuple[float, float]:
    """Run the experiment; return wall and CPU seconds since the scenario's time 0."""
    with (folder / "shadow.log").open("wb") as log:
        process = subprocess.Popen([str(program), experiment.CONFIGURATION], cwd=folder, stdout=log,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)  # fmt: skip
        began = _wait_for_load(process.pid, folder / experiment.OUTPUT / MARK)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise TestbedError(f"Shadow ended with status {process.returncode}: {folder / 'shadow.log'}")
    return time.monotonic() - began[0], usage.ru_utime + usage.ru_stime - began[1]


def _wait_for_load(pid: int, mark: Path) -> tuple[float, float]:
    """Return wall and CPU time when the users begin, or when it has ended before."""
    while not mark.exists() and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        time.sleep(POLL_S)
    return time.monotonic(), cpu_of_all(pid)


def cpu_of_all(pid: int) -> float:
    """Return the CPU seconds of a process and all below it, those that have ended with them."""
    parents, ticks = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(folder.name)] = int(fields[1])
        ticks[int(folder.name)] = sum(int(field) for field in fields[11:15])
    below = {pid}
    while more := {child for child, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(ticks.get(one, 0) for one in below) / CLOCK_TICKS
