"""bench_profile - samples of a running relay by perf's software clock, as chains of functions.

Stacks are copied and unwound by DWARF: neither libcrypto nor a release build keeps frame pointers.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .bench_stages import Frame
from .errors import TestbedError

SAMPLES_A_SECOND = 997  # no multiple of anything that the relay does in time
STACK_BYTES = 4096
STACK_DEPTH_MAX = 32
PERF_SECONDS_MAX = 300

_FRAME = re.compile(r"^\s+(?P<address>[0-9a-f]+)\s+(?P<name>.*?)\s+\((?P<object>[^()]*(?:\([^()]*\))?)\)\s*$")
_SYMBOL = re.compile(r"^[0-9a-f]+ [tTwW] (?P<name>\S+)\t(?P<path>[^:]+):\d+$")
_ROOTS = re.compile(r"(?:^|/)(?:plugin|bench)/(?P<unit>.+)\.[ch]$")

Chain = tuple[Frame, ...]


def require_perf() -> None:
    """Raise when perf is missing or the kernel forbids it."""
    if shutil.which("perf") is None:
        raise TestbedError("perf: no such program; Debian's package linux-perf has it")
    try:
        _perf("stat", "-e", "cpu-clock", "--", "true")
    except TestbedError as error:
        raise TestbedError(f"perf may not be used here: {error}") from error


def record(pid: int, seconds: float, data: Path) -> None:
    """Sample a process for that time."""
    _perf("record", "-q", "-e", "cpu-clock", "-F", str(SAMPLES_A_SECOND), "--call-graph", f"dwarf,{STACK_BYTES}",
          "-p", str(pid), "-o", str(data), "--", "sleep", str(seconds))  # fmt: skip


def chains(data: Path, program: Path) -> Counter[Chain]:
    """Return how often each chain of functions, innermost first, was found."""
    text = _perf("script", "-i", str(data), "--no-inline", "--max-stack", str(STACK_DEPTH_MAX), "-F", "ip,sym,dso")
    return parse(text.splitlines(), units(program), program.name)


def parse(lines: Iterable[str], unit_of: dict[str, str], program: str) -> Counter[Chain]:
    """Parse what perf script prints: a line for each frame, an empty line after each sample."""
    found: Counter[Chain] = Counter()
    chain: list[Frame] = []
    for line in [*lines, ""]:
        match = _FRAME.match(line)
        if match:
            name, place = match["name"].split("+")[0], Path(match["object"]).name
            unit = unit_of.get(_plain(name), "") if place == program else ""
            chain.append(Frame(_plain(name), place, unit))
        elif chain and not line.strip():
            found[tuple(chain)] += 1
            chain = []
    return found


def _plain(name: str) -> str:
    """Take off what the compiler has added to a function that it has split or changed."""
    return re.sub(r"\.(?:isra|part|constprop|cold|lto_priv)\b.*$", "", name)


def units(program: Path) -> dict[str, str]:
    """Return in which unit each function of the program is: link_hub_turn -> native/link_hub."""
    done = subprocess.run(["nm", "-l", "--defined-only", str(program)], capture_output=True, text=True, check=False,
                          timeout=PERF_SECONDS_MAX)  # fmt: skip
    return parse_units(done.stdout.splitlines())


def parse_units(lines: Iterable[str]) -> dict[str, str]:
    """Parse what nm -l prints."""
    found = {}
    for line in lines:
        symbol = _SYMBOL.match(line)
        place = _ROOTS.search(symbol["path"]) if symbol else None
        if symbol and place:
            found[_plain(symbol["name"])] = place["unit"]
    return found


def _perf(*arguments: str) -> str:
    done = subprocess.run(["perf", *arguments], capture_output=True, text=True, errors="replace", check=False,
                          timeout=PERF_SECONDS_MAX)  # fmt: skip
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise TestbedError(f"perf {arguments[0]}: {said[0] if said else f'status {done.returncode}'}")
    return done.stdout
