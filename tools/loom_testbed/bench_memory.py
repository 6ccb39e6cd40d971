"""bench_memory - `tools/bench memory`: memory of a directory cache with clients, Loom and tor, by allocator.

All relays run at the same time and have the same work: an authority of ours (synthetic_authority) makes a consensus of
a network of real size every minute or so, each minute standing for an hour; every relay fetches it with all documents;
clients (directory_load) ask all relays for the same, over circuits that come and go, some of them slowly.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from . import arguments, bench_plot, lone_relay, machine, memory_use, ports
from .directory_questions import KINDS
from .errors import TestbedError
from .lone_relay import LoneRelay
from .measured import Measured
from .memory_use import MemorySample
from .process import Child, require_alive, stop_all
from .progress import Progress
from .rundir import REPOSITORY

NAME = "memory"
SUMMARY = "resident memory of directory caches with clients, Loom and tor side by side, by allocator"
LIBRARIES = {
    "system": "",
    "jemalloc": "libjemalloc.so.2",
    "mimalloc": "libmimalloc.so.2",
    "tcmalloc": "libtcmalloc_minimal.so.4",
}
FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")
RATIO_MAX = 0.5  # Loom by tor with glibc
GROWTH_MAX = 0.05  # of the mean, over the second half
GOOD_LEAST = 0.98  # of the answers
FAILURES_MAX = 0.05  # by answers: tor refuses circuits where it thinks that it has too many to make
SAMPLE_SECONDS = 2.0
READY_SECONDS_MAX = 600.0
LOAD_ENDS_SECONDS_MAX = 240.0
SHORT_SECONDS = 600  # below it memory is not steady, and nothing is judged


@dataclass(frozen=True)
class Side:
    """One relay under test."""

    program: str
    allocator: str

    @property
    def name(self) -> str:
        """Return its name, also of its folder."""
        return f"{self.program}-{self.allocator}"


DEFAULT_SIDES = tuple(Side("tor", one) for one in LIBRARIES) + tuple(Side("loom", one) for one in LIBRARIES)


def side(text: str) -> Side:
    """Parse one such as tor-jemalloc."""
    program, _, allocator = text.partition("-")
    if program not in ("loom", "tor") or allocator not in LIBRARIES:
        raise argparse.ArgumentTypeError(f"{text!r}: expected loom or tor, a dash, and one of {', '.join(LIBRARIES)}")
    return Side(program, allocator)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--minutes", type=arguments.count(1, 1440), default=20, help="how long clients are there (default: 20)")
    add("--relays", type=arguments.count(100, 20000), default=7000, help="relays of the network (default: 7000)")
    add("--interval", type=arguments.count(20, 3600), default=60, metavar="S", help="between consensuses (default: 60)")
    add("--diffs", type=arguments.count(0, 24), default=6, help="consensuses back that diffs begin (default: 6)")
    add("--round", type=arguments.count(1, 60), default=1, metavar="S", help="least length of a round (default: 1)")
    add("--side", type=side, action="append", metavar="NAME", help="such as tor-jemalloc (default: each of both)")
    add("--out", type=arguments.path, metavar="DIR", help="also put bench.json and memory.png here")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to measure")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    arguments.require_program(options.loom)
    sides = list(dict.fromkeys(options.side or DEFAULT_SIDES))
    for one in sides:
        _require_library(one.allocator)
    if shutil.which("tor") is None:
        raise TestbedError("tor: no such program; tools/run installs it")
    children: list[Child] = []
    with ports.PortBlock() as block:
        try:
            result = _measure(options, sides, directory, block, children, progress)
        finally:
            stop_all(children)
    picture = bench_plot.draw(NAME, result, directory / "memory.png")
    text = f"{_table(result)}\n{picture}"
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
        if (directory / "memory.png").exists():
            shutil.copy(directory / "memory.png", options.out / "memory.png")
    return Measured(result, text, bool(result["ok"]))


def find_library(allocator: str) -> str | None:
    """Return the path of an allocator's library, "" for the C library's own; None when it is not installed."""
    name = LIBRARIES[allocator]
    return next((str(path) for folder in FOLDERS if (path := Path(folder) / name).exists()), None) if name else ""


def _require_library(allocator: str) -> str:
    path = find_library(allocator)
    if path is None:
        raise TestbedError(f"{allocator}: {LIBRARIES[allocator]} is not installed (tools/packages.txt has the package)")
    return path


def _measure(
    options: argparse.Namespace,
    sides: Sequence[Side],
    directory: Path,
    block: ports.PortBlock,
    children: list[Child],
    progress: Progress,
) -> dict[str, object]:
    dir_port = block.take()
    authority = _start_authority(options, directory, dir_port, children, progress)
    relays = {one.name: _start_relay(options, one, directory, block.take(), authority) for one in sides}
    children += [relay.child for relay in relays.values()]
    plan = {
        "dir_port": dir_port,
        "seconds": 60 * options.minutes,
        "interval_s": options.interval,
        "round_s": options.round,
        "relays": [
            {"name": name, "port": relay.port, "rsa_id": relay.rsa_id, "onion_key": relay.onion_key}
            for name, relay in relays.items()
        ],
    }
    samples: dict[str, list[MemorySample]] = {name: [] for name in relays}
    progress.line(f"{len(relays)} relays run; clients come when all have the documents")
    _wait_for_documents(options, relays, children, samples, progress)
    done = _run_load(plan, directory, relays, children, samples, progress)
    for one in sides:
        _require_allocator(one, relays[one.name])
    return _judge(options, sides, samples, done, json.loads((directory / "authority" / "served.json").read_text()))


def _program(module: str, *words: object) -> list[str]:
    return [str(REPOSITORY / "tools" / "lib" / "python"), "-m", f"loom_testbed.{module}", *map(str, words)]


def _start_authority(
    options: argparse.Namespace, directory: Path, port: int, children: list[Child], progress: Progress
) -> str:
    place = directory / "authority"
    place.mkdir()
    progress.line(f"the authority makes a network of {options.relays} relays")
    command = _program("synthetic_authority", place, port, options.relays, options.interval, options.diffs)
    children.append(Child("authority", command, place))
    line = place / "authority.line"
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not line.exists():
        require_alive(children)
        if time.monotonic() > deadline:
            raise TestbedError(f"the authority is not ready:\n{children[-1].log_tail()}")
        time.sleep(0.1)
    return line.read_text().strip()


def _start_relay(options: argparse.Namespace, one: Side, directory: Path, port: int, authority: str) -> LoneRelay:
    place = directory / one.name
    extra = f"MaxConsensusAgeForDiffs {options.diffs * options.interval} seconds\n"
    command = [str(options.loom), "--allocator", one.allocator]
    if one.program == "tor":
        library = _require_library(one.allocator)
        command = ["env", f"LD_PRELOAD={library}", "tor"] if library else ["env", "-u", "LD_PRELOAD", "tor"]
        extra += "__DisablePredictedCircuits 1\n"  # the network's relays exist on paper only
    nickname = one.name.replace("-", "")
    return lone_relay.start(nickname, command, place, port, extra, f"DirAuthority {authority}")


def _require_allocator(one: Side, relay: LoneRelay) -> None:
    """Raise when another one is in force: with tor what is preloaded, with Loom what it says itself."""
    if one.program == "loom":
        is_so = f"Memory is allocated by {one.allocator} " in relay.child.log_path.read_text(errors="replace")
    else:
        preloaded = [name for name, file in LIBRARIES.items() if file and memory_use.has_mapped(relay.child.pid, file)]
        is_so = (preloaded or ["system"]) == [one.allocator]
    if not is_so:
        raise TestbedError(f"{one.name}: {one.allocator} is not in force")


def _wait_for_documents(
    options: argparse.Namespace,
    relays: dict[str, LoneRelay],
    children: Sequence[Child],
    samples: dict[str, list[MemorySample]],
    progress: Progress,
) -> None:
    """Wait until each relay has kept about as many bytes as the network's documents have."""
    least = {"cached-microdesc": 500 * options.relays, "cached-descriptors": 2000 * options.relays}
    started = said = time.monotonic()
    while True:
        waiting = [name for name, relay in relays.items() if not _has_documents(relay.child.directory / "data", least)]
        _take_samples(relays, samples, started - time.monotonic())
        if not waiting:
            return
        require_alive(children)
        if time.monotonic() > started + READY_SECONDS_MAX:
            raise TestbedError(f"documents are missing at {', '.join(waiting)}")
        if time.monotonic() > said + 10:
            said = time.monotonic()
            progress.line(f"documents are still missing at {', '.join(waiting)}")
        time.sleep(SAMPLE_SECONDS)


def _has_documents(data: Path, least: dict[str, int]) -> bool:
    sizes = {start: sum(path.stat().st_size for path in data.glob(f"{start}*")) for start in least}
    return all(sizes[start] >= least[start] for start in least)


def _take_samples(relays: dict[str, LoneRelay], samples: dict[str, list[MemorySample]], at_s: float) -> None:
    for name, relay in relays.items():
        one = memory_use.sample(relay.child.pid, round(at_s, 2))
        if one is not None:
            samples[name].append(one)


def _run_load(
    plan: dict[str, object],
    directory: Path,
    relays: dict[str, LoneRelay],
    children: list[Child],
    samples: dict[str, list[MemorySample]],
    progress: Progress,
) -> dict:
    place = directory / "clients"
    place.mkdir()
    (place / "plan.json").write_text(json.dumps(plan, indent=1))
    load = Child("clients", _program("directory_load", place / "plan.json", place / "done.json"), place)
    children.append(load)
    for taken in samples.values():
        taken.clear()
    started = said = time.monotonic()
    while load.is_alive():
        now = time.monotonic()
        _take_samples(relays, samples, now - started)
        require_alive([child for child in children if child is not load])
        if now > said + 60:
            said = now
            sizes = ", ".join(f"{name} {taken[-1].rss_kb / 1024:.0f}" for name, taken in samples.items() if taken)
            progress.line(f"MiB resident: {sizes}")
        if now > started + plan["seconds"] + LOAD_ENDS_SECONDS_MAX:
            raise TestbedError("the clients do not come to an end")
        time.sleep(SAMPLE_SECONDS)
    if load.exit_status() != 0:
        raise TestbedError(f"the clients ended with status {load.exit_status()}:\n{load.log_tail()}")
    return json.loads((place / "done.json").read_text())


# --- what came of it -------------------------------------------------------------------------------------------------


def _judge(
    options: argparse.Namespace,
    sides: Sequence[Side],
    samples: dict[str, list[MemorySample]],
    done: dict,
    authority_served: dict,
) -> dict[str, object]:
    by_side = {}
    for one in sides:
        steady = memory_use.second_half(samples[one.name])
        by_side[one.name] = {
            **{f"{name}_mean": round(memory_use.mean_kb(steady, name)) for name in memory_use.FIELDS},
            "rss_kb_peak": max(sample.rss_kb for sample in samples[one.name]),
            "growth": round(memory_use.growth(steady, "rss_kb"), 4),
            "done": done["relays"][one.name],
        }
    result: dict[str, object] = {
        "minutes": options.minutes,
        "relays": options.relays,
        "interval_s": options.interval,
        "diffs": options.diffs,
        "rounds": done["rounds"],
        "authority_served": authority_served,
        "machine": machine.facts(),
        "load_average": os.getloadavg()[0],
        "sides": by_side,
        "samples": {name: [asdict(one) for one in taken] for name, taken in samples.items()},
    }
    result |= judge_work(by_side)
    result |= judge_memory(by_side, 60 * options.minutes >= SHORT_SECONDS)
    result["ok"] = not result["work_faults"] and not result["memory_faults"]
    return result


def judge_work(by_side: dict[str, dict]) -> dict[str, object]:
    """Find who has not done the work: each kind of document must have come from everybody, and little failed."""
    faults = []
    for name, one in by_side.items():
        done = one["done"]
        faults += [f"{name}: no {kind} came" for kind in KINDS if done["documents"].get(kind, 0) == 0]
        asked = sum(done["answers"].values())
        good = sum(count for answer, count in done["answers"].items() if answer.endswith((" 200", " 304")))
        if asked == 0 or good < GOOD_LEAST * asked:
            faults.append(f"{name}: {good} of {asked} answers were good")
        if sum(done["failures"].values()) > FAILURES_MAX * asked:
            faults.append(f"{name}: {sum(done['failures'].values())} failures, as {next(iter(done['failures']))}")
    return {"work_faults": faults}


def judge_memory(by_side: dict[str, dict], is_long: bool) -> dict[str, object]:
    """Compare Loom as it is built by default with tor; a run that is too short is compared, and not judged."""
    tors = {name: one["rss_kb_mean"] for name, one in by_side.items() if name.startswith("tor-")}
    looms = {name: one for name, one in by_side.items() if name.startswith("loom-")}
    loom_name = "loom-jemalloc" if "loom-jemalloc" in looms else next(iter(looms), "")
    result: dict[str, object] = {"memory_faults": [], "is_judged": is_long, "loom": loom_name}
    if not loom_name or not tors:
        return result
    loom, best = looms[loom_name], min(tors, key=lambda name: tors[name])
    faults: list[str] = []
    if "tor-system" in tors:
        result["by_tor_system"] = round(loom["rss_kb_mean"] / tors["tor-system"], 3)
        if result["by_tor_system"] > RATIO_MAX:
            faults.append(f"{loom_name} has {result['by_tor_system']} of tor-system: at most {RATIO_MAX} is asked")
    result |= {"tor_best": best, "by_tor_best": round(loom["rss_kb_mean"] / tors[best], 3)}
    if result["by_tor_best"] >= 1:
        faults.append(f"{loom_name} has {result['by_tor_best']} of {best}: below 1 is asked")
    if loom["growth"] > GROWTH_MAX:
        faults.append(f"{loom_name} grows by {loom['growth']:.1%} in the second half: at most {GROWTH_MAX:.0%} asked")
    result["memory_faults"] = faults if is_long else []
    return result


def _table(result: dict) -> str:
    lines = ["relay          RSS MiB   PSS MiB  anon MiB  peak MiB  growth  circuits  answers    MB sent"]
    for name, one in result["sides"].items():
        done = one["done"]
        lines.append(
            f"{name:<13}  {one['rss_kb_mean'] / 1024:>7.1f}  {one['pss_kb_mean'] / 1024:>8.1f}"
            f"  {one['anon_kb_mean'] / 1024:>8.1f}  {one['rss_kb_peak'] / 1024:>8.1f}  {one['growth']:>+6.1%}"
            f"  {done['circuits']:>8}  {sum(done['answers'].values()):>7}  {done['body_bytes'] / 1e6:>9.1f}"
        )
    lines.append("RSS, PSS and anon are means of the second half; growth is that of RSS from its beginning to its end")
    if "by_tor_system" in result:
        lines.append(f"{result['loom']} by tor-system: {result['by_tor_system']} (asked: at most {RATIO_MAX})")
    if "by_tor_best" in result:
        lines.append(f"{result['loom']} by {result['tor_best']}, tor's best: {result['by_tor_best']} (asked: below 1)")
    lines += result["work_faults"] + result["memory_faults"]
    if not result["is_judged"]:
        lines.append(f"too short to be judged: memory is steady after {SHORT_SECONDS // 60} minutes or more")
    lines.append(machine.line(result["machine"]))
    return "\n".join(lines)
