"""instruction_pricing - profiles from what `tools/bench instructions` counted.

python -m loom_testbed.instruction_pricing COUNTED FOLDER: write the profiles to FOLDER and print what they are from.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import instruction_fit, instruction_pieces, instruction_prices
from .errors import TestbedError
from .files import write_whole
from .instruction_runs import LOOM, TOR, Observation
from .load_shape import MIDDLE
from .pi_anchors import Anchor
from .rundir import REPOSITORY

WORK_HEADER = REPOSITORY / "plugin" / "base" / "work.h"
BITS = {"aarch64": "64", "armhf": "32"}


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    counted_path, folder = map(Path, arguments)
    for arch, found in json.loads(counted_path.read_text())["counted"].items():
        prices, table = priced(arch, found)
        print(table)
        for program, of_program in prices.items():
            name = profile_name(program, arch)
            write_whole(folder / f"{name}.yaml", profile_text(program, arch, found["versions"], of_program))
            print(f"wrote {folder / name}.yaml")
    return 0


def priced(arch: str, found: Mapping) -> tuple[dict[str, dict[str, Anchor]], str]:
    """Return the prices of both programs in nanoseconds, and a table of what was counted."""
    known = instruction_pieces.known(found["pieces"])
    units = instruction_fit.fit([observation(one) for one in found[LOOM]], known)
    loom = instruction_prices.loom_prices(arch, units, work_names(WORK_HEADER.read_text()))
    of_tor = [(observation(one), one["load"]["cipher"], one["load"]["record_cells"]) for one in found[TOR]]
    tor_units = instruction_fit.fit_tor(of_tor, units)
    tor = instruction_prices.tor_prices(arch, loom, units, tor_units)
    return {LOOM: loom, TOR: tor}, _table(arch, units, tor_units, found, loom)


def observation(kept: Mapping) -> Observation:
    """Return what was kept of an observation, and how many of its links others dialled."""
    counts = Counter({tuple(name.rsplit(" ", 1)): count for name, count in kept["instructions"].items()})
    load = kept["load"]
    links = kept["work"].get("handshakes_link", 0)
    taken = links // 2 if load and load["role"] == MIDDLE else links
    return Observation(kept["name"], kept["cells"], counts, {**kept["work"], instruction_fit.LINKS_TAKEN: taken})


def work_names(header: str) -> list[str]:
    """Return the counters of struct work, from its header."""
    names = re.findall(r"\bX\((\w+)\)", header.partition("#define WORK_LIST(X)")[2].partition("struct work")[0])
    if not names:
        raise TestbedError(f"{WORK_HEADER}: no counters found")
    return names


def profile_name(program: str, arch: str) -> str:
    """Return loom-pi-64, tor-0.4.9-pi-32, ..."""
    return f"{'tor-0.4.9' if program == TOR else 'loom'}-pi-{BITS[arch]}"


def profile_text(program: str, arch: str, versions: Mapping[str, str], prices: Mapping[str, Anchor]) -> str:
    """Return the profile's file."""
    who = f"tor {versions['tor']}" if program == TOR else "Loom"
    comment = (
        f"What {who} costs on a Raspberry Pi 3B+ with a {BITS[arch]}-bit userland, in picoseconds a unit of work"
        f" (plugin/base/work.h). Written by `tools/bench instructions --arch {arch} --write`: instructions counted"
        f" under qemu (OpenSSL {versions['libssl3']}), tied to published times of that core; nothing is fitted to how"
        " fast a relay was. Not measured on a Pi, so not calibrated. facts: section of facts/performance.md."
    )
    machine = (
        f"Raspberry Pi 3B+, four Cortex-A53 at 1.4 GHz without instructions for ciphers, {BITS[arch]}-bit userland"
    )
    return instruction_prices.text_of(profile_name(program, arch), machine, comment, prices)


def _table(
    arch: str,
    units: instruction_fit.Units,
    tor: instruction_fit.TorUnits,
    found: Mapping,
    prices: Mapping[str, Anchor],
) -> str:
    lines = [
        f"{arch}: instructions for a unit of work, and its price",
        f"{'':<22} {'vector':>10} {'crypto':>10} {'other':>10} {'ns':>10}",
    ]
    for name in prices:
        counts = [units.of(group, name) for group in instruction_fit.GROUPS]
        if any(counts):
            lines.append(f"{name:<22} " + " ".join(f"{one:>10.1f}" for one in counts) + f" {prices[name].value:>10.1f}")
    lines.append("not explained, worst run: " + ", ".join(f"{group} {off:.2%}" for group, off in units.worst.items()))
    tor_own, tor_record = (per[instruction_fit.OWN] for per in (tor.per_cell, tor.per_record))
    lines.append(
        f"tor: {tor_own:.0f} instructions of its own for a cell, {tor_record:.0f} for a record;"
        f" not explained {tor.worst:.2%}"
    )
    versions: Sequence[str] = [f"{name} {version}" for name, version in found["versions"].items()]
    lines.append(", ".join(versions))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
