"""machine - what the relay of a plan runs as, and on which CPU: its program, more of its torrc, its profile of prices.

A relay whose work has a price gets a profile of its own (docs/shadow.md): a class of machines may be slower than the
profile that it is of, and prices may be drawn.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from .errors import ShadowError

PROFILE = "profile.yaml"
RELAY, PACED_RELAY, PRICES_OF_TOR = "loom-relay", "loom-relay-shadow", "libloom-price.so"
NOT_PS = {"halves_hot": "count", "queues_hot": "count", "smt": "permille", "wake_delay": "ns", "softirq": "permille"}
BESIDE_WORK = {*NOT_PS, "circuit_cold", "cell_cold", "edge_cold"}
# jemalloc and Shadow wait for each other at the first allocation.
LIBC_FIRST = {"LD_PRELOAD": "libc.so.6"}


@dataclass(frozen=True)
class Machine:
    """Of one relay's process."""

    program: str  # of Loom's relays
    torrc: str
    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def _number(name: str, value: int) -> dict[str, object]:
    unit = NOT_PS.get(name, "ps")
    return {unit: value, "least": value, "most": value, "source": "derived", "from": "the plan of this run"}


def profile(name: str, machine: dict) -> str:
    """Return the profile of a machine; JSON, which YAML is a superset of."""
    hardware = {"cores": machine["cores"], "threads_per_core": machine["threads_per_core"], "nic_mbit": 1,
                "nic_direction": "each", "aes": machine["aes"], "softirq_queues": machine["softirq_queues"],
                "from": "the plan of this run; the host's line is its own"}  # fmt: skip
    prices = {key: _number(key, value) for key, value in machine["prices"].items()}
    whole = {"profile": name, "machine": f"of {name}", "calibrated": False, "hardware": hardware}
    whole |= {key: prices.pop(key) for key in sorted(BESIDE_WORK & prices.keys())}
    return json.dumps(whole | {"prices": prices}, indent=1) + "\n"


def _profile_text(relay: dict) -> str:
    """Of prices, or of a file: a plan that nobody drew may name one."""
    machine = relay["machine"]
    if "profile" not in machine:
        return profile(relay["name"], machine)
    try:
        return Path(machine["profile"]).read_text(encoding="utf-8")
    except OSError as error:
        raise ShadowError(f"{machine['profile']}: {error.strerror}") from error


def needs(relay: dict) -> list[str]:
    """Return which of our own programs the relay cannot do without."""
    if relay["program"] == "loom":
        return [PACED_RELAY if relay["machine"] else RELAY]
    return [PRICES_OF_TOR] if relay["machine"] else []


def of(relay: dict, programs: Path) -> Machine:
    """Return what a relay of the plan runs as."""
    machine, is_loom = relay["machine"], relay["program"] == "loom"
    if machine is None:
        return Machine(RELAY, "NumCPUs 1\n", LIBC_FIRST if is_loom else {})
    torrc, files = f"NumCPUs {machine['workers']}\n", {PROFILE: _profile_text(relay)}
    if is_loom:
        torrc += f"PaceProfile {PROFILE}\nPaceCores {machine['cores']}\n"
        torrc += f"PaceThreadsPerCore {machine['threads_per_core']}\n"
        return Machine(PACED_RELAY, torrc, {}, files)
    return Machine("", torrc, {
        "LD_PRELOAD": str(programs / PRICES_OF_TOR), "LOOM_PRICE_PROFILE": PROFILE,
        "LOOM_PRICE_CORES": str(machine["cores"]), "LOOM_PRICE_THREADS_PER_CORE": str(machine["threads_per_core"]),
    }, files)  # fmt: skip
