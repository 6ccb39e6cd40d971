"""bench_instructions - `tools/bench instructions`: prices of a Raspberry Pi 3B+, which nobody here has.

For each architecture: fetch Debian's libraries for it, build Loom for it, run Loom and Debian's tor for it under qemu
with a plugin that counts, load them with loom-load, fit instructions to work (instruction_fit), and tie them to
published times (instruction_prices, pi_anchors). Counts do not depend on how busy this machine is; how work is cut into
bursts does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

from . import arguments, cross_root, instruction_pieces, instruction_runs, ports
from .cross_root import ARCHES, Arch
from .errors import TestbedError
from .files import write_whole
from .instruction_runs import LOOM, PROGRAMS, TOR, Observation, Stimulus
from .load_shape import EXIT, Load
from .measured import Measured
from .progress import Progress
from .rundir import REPOSITORY

NAME = "instructions"
ATTEMPTS_MAX = 4
SUMMARY = "prices of a Raspberry Pi 3B+ from what Loom and tor run under qemu; writes profiles with --write"
PROFILES = REPOSITORY / "model" / "cost" / "profiles"
LOADS: dict[str, tuple[Load, ...]] = {
    LOOM: (
        Load(cipher="aes256"),
        Load(cipher="chacha"),
        Load(cipher="chacha", record_cells=8, run=1),
        Load(cipher="chacha", record_cells=1, run=1),
        Load(cipher="aes128", run=31),
        Load(cipher="aes256", links=40, circuits=200, record_cells=4, run=2),
        Load(cipher="chacha", links=40, circuits=400, run=1),
        Load(cipher="chacha", threads=2),
        Load(cipher="chacha", threads=2, record_cells=4, run=1),
        Load(cipher="chacha", threads=0, links=2, circuits=8, record_cells=2, run=2),
        Load(cipher="aes128", links=2, circuits=2, record_cells=8, run=1),
        Load(cipher="chacha", role=EXIT, links=8, circuits=16),
        Load(cipher="aes256", role=EXIT, links=8, circuits=16, record_cells=8),
    ),
    TOR: (
        Load(cipher="aes256", record_cells=8, run=1),
        Load(cipher="chacha"),
        Load(cipher="chacha", record_cells=8, run=1),
        Load(cipher="chacha", record_cells=1, run=1),
        Load(cipher="aes128", links=2, circuits=2, record_cells=8, run=1),
        Load(cipher="chacha", links=40, circuits=400, record_cells=8, run=1),
    ),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--arch", choices=(*ARCHES, "all"), default="all", help="which userland of the Pi (default: all)")
    add("--seconds", type=arguments.count(1, 600), default=4, metavar="S", help="of each load (default: 4)")
    add("--write", action="store_true", help="write the profiles to model/cost/profiles")
    add(
        "--from",
        dest="known",
        type=arguments.path,
        metavar="FILE",
        help="count only what an earlier counted.json lacks",
    )


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Count, and return the prices; write profiles when asked."""
    arches = [ARCHES[options.arch]] if options.arch != "all" else list(ARCHES.values())
    counted = json.loads(options.known.read_text())["counted"] if options.known else {}
    kept = directory / "counted.json"
    for arch in arches:
        cross_root.require_tools(arch)
    for arch in arches:
        _count(arch, options.seconds, directory, counted, kept, progress)
    text = _price(kept, PROFILES if options.write else directory)
    return Measured({"counted": counted}, text)


def _price(kept: Path, folder: Path) -> str:
    """Fit and write profiles, in the environment that has what fitting needs."""
    command = [
        str(REPOSITORY / "tools" / "lib" / "python"),
        "-m",
        "loom_testbed.instruction_pricing",
        str(kept),
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TestbedError(f"the prices: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return done.stdout.rstrip()


def _count(arch: Arch, seconds: int, directory: Path, counted: dict, kept: Path, progress: Progress) -> None:
    """Add to counted what is not there yet, and keep it after each run."""
    found = counted.setdefault(arch.name, {program: [] for program in PROGRAMS})
    found["versions"] = cross_root.make(arch, progress)
    instruction_runs.require_built(arch)
    _count_pieces(arch, directory, found.setdefault("pieces", {}), progress)
    for program in PROGRAMS:
        stimuli = [(load, Stimulus.of_load(load)) for load in LOADS[program]]
        if program == LOOM:
            stimuli += [(None, Stimulus.of_handshakes(kind)) for kind in instruction_runs.HANDSHAKES]
        done = {one["name"] for one in found[program]}
        for number, (load, stimulus) in enumerate(stimuli, 1):
            if stimulus.name not in done:
                place = directory / f"{arch.name}-{program}-{number}"
                one = _observe(arch, program, stimulus, place, seconds, progress)
                found[program].append({**one.as_dict(), "load": load.as_dict() if load else None})
                ran = f"{sum(one.counts.values()) / 1e6:.0f} million instructions"
                progress.line(f"{arch.name} {program} {number} of {len(stimuli)}: {stimulus.name}: {ran}")
            write_whole(kept, json.dumps({"counted": counted}, indent=1) + "\n")


def _count_pieces(arch: Arch, directory: Path, pieces: dict, progress: Progress) -> None:
    """Add to pieces what is not there yet."""
    for label in instruction_pieces.LABELS:
        if label not in pieces:
            pieces[label] = instruction_pieces.count(arch, label, directory)
            progress.line(f"{arch.name} {label}: {sum(pieces[label].values()):.0f} instructions")


def _observe(
    arch: Arch, program: str, stimulus: Stimulus, place: Path, seconds: int, progress: Progress
) -> Observation:
    """Observe; a relay that qemu makes a hundred times slower may lose a link to a timeout: try again."""
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            with ports.PortBlock() as block:
                return instruction_runs.observe(arch, program, stimulus, Path(f"{place}-{attempt}"), block, seconds)
        except TestbedError as error:
            if attempt == ATTEMPTS_MAX:
                raise
            progress.line(f"{error}; again")
    raise AssertionError
