"""bench_sides - one relay alone, Loom or tor, started anew and saturated by loom-load; or the limit.

What is measured goes first where we may say so: a session's programs share a core with other sessions' by the session's
weight, whatever their own niceness.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import lone_relay
from .errors import TestbedError
from .process import stop_all

LOADS = {
    "hot": ["--links", "8", "--circuits", "64", "--verified-links", "1"],
    "cold": ["--links", "400", "--circuits", "16000", "--verified-links", "10"],
    "echo": ["--links", "2", "--circuits", "1", "--verified-links", "1", "--echoes", "10000"],
}
GENERATOR_SECONDS_MAX = 600
LIMIT_SECONDS_MAX = 120

Result = dict[str, float]


@dataclass(frozen=True)
class Side:
    """One of those that are compared."""

    name: str
    command: list[str]
    torrc: str = ""


@dataclass(frozen=True)
class Pins:
    """The words before the relay's and the generator's command that keep each to its cores; none where they share."""

    relay: list[str]
    generator: list[str]


def pins(relay_cores: int, share_cores: bool) -> Pins:
    """Give the relay the first cores and the generator the rest; neither any when none would be left or they share."""
    cores = sorted(os.sched_getaffinity(0))
    if share_cores or relay_cores == 0 or len(cores) <= relay_cores:
        return Pins([], [])
    return Pins(_on(cores[:relay_cores]), _on(cores[relay_cores:]))


def pins_together(cores_shared: int) -> Pins:
    """Give relay and generator the same cores, so many: the first ones; all when there are not more."""
    cores = sorted(os.sched_getaffinity(0))[:cores_shared]
    return Pins(_on(cores), _on(cores))


def _on(cores: Sequence[int]) -> list[str]:
    return ["taskset", "-c", ",".join(map(str, cores))]


def put_first(pid: int | str = "self") -> None:
    """Give the session of this process the most weight that there is, where the kernel has such and lets us.

    Not when we were started with `nice`: whoever did that wants the others first.
    """
    if os.nice(0) > 0:
        return
    try:
        Path(f"/proc/{pid}/autogroup").write_text("-20")
    except OSError:
        return


def load_turn(
    side: Side,
    generator: Sequence[str],
    directory: Path,
    port: int,
    pinned: Pins,
    at_end: Callable[[], object] = lambda: None,
) -> Result:
    """Start the relay, run loom-load on it, and return what that says; at_end is called while the relay still runs."""
    put_first()
    relay = lone_relay.start(side.name, [*pinned.relay, *side.command], directory, port, side.torrc)
    put_first(relay.child.pid)
    try:
        result = _said([*pinned.generator, *generator, *relay.as_options()], side.name, GENERATOR_SECONDS_MAX)
        at_end()
        return result
    finally:
        stop_all([relay.child])


def limit_turn(command: Sequence[str], share_cores: bool) -> Result:
    """Run loom-limit, and return what it says."""
    put_first()
    return _said([*command, *(["--share-cores"] if share_cores else [])], "the limit", LIMIT_SECONDS_MAX)


def _said(command: Sequence[str], name: str, seconds_max: float) -> Result:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds_max, check=False)
    except subprocess.TimeoutExpired as error:
        raise TestbedError(f"{name}: not done after {seconds_max:.0f} s") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
        raise TestbedError(f"{name}: {lines[-1]}")
    result: Result = json.loads(done.stdout)
    return result
