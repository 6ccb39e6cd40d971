"""instruction_pieces - what ciphers and digests take by themselves: loom-primitives of another machine under qemu.

A relay's libcrypto is one sum of all ciphers; where all of them are vector code, loads do not part them well. So each
is counted alone, N units and 2 N, whose difference is free of how a program begins and ends. The fit to whole relays
(instruction_fit) then has these columns given.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import instruction_counts
from .cross_root import Arch
from .errors import TestbedError
from .instruction_counts import VECTOR, Counts
from .instruction_runs import qemu_command
from .rundir import REPOSITORY

SECONDS_MAX = 600
UNITS = 200  # of a piece, and twice as many: one run has some 10 million instructions
CELL_BYTES, BODY_BYTES, BULK_BYTES, SHA1_BLOCK = 514, 509, 16384, 64
RUN_CELLS, RECORD_CELLS = 31, 31

AES_BULK = "cipher, AES-128-CTR"
AES_RUN, AES_CELL = "aes_run, one circuit, 31 cells", "aes_run, one circuit, 1 cells"
ORIGINATE = "originate, tor1"
SHA1_LONG, SHA1_SHORT = "sha1, 509 bytes", "sha1, 64 bytes"
SHA1_BLOCKS = 7  # 9 blocks of 509 bytes with their padding, 2 of 64
SUITES = {
    "aes256": "TLS_AES_256_GCM_SHA384",
    "aes128": "TLS_AES_128_GCM_SHA256",
    "chacha": "TLS_CHACHA20_POLY1305_SHA256",
}


def record_label(cipher: str, cells: int) -> str:
    """Return the piece that seals and opens a record of so many cells."""
    return f"seal, {SUITES[cipher]}, {cells} cells"


LABELS = (
    AES_BULK, AES_RUN, AES_CELL, ORIGINATE, SHA1_LONG, SHA1_SHORT,
    *(record_label(cipher, cells) for cipher in SUITES for cells in (1, RECORD_CELLS)),
)  # fmt: skip

Groups = dict[str, float]  # instructions by group of libcrypto's code: VECTOR or REST
REST = "rest"


@dataclass(frozen=True)
class Known:
    """Instructions of libcrypto: for a unit of work; and for a byte of long buffers, of which cycles are published."""

    per_unit: dict[str, Groups]  # by counter of struct work
    bulk: dict[str, float]  # aes, digest


def count(arch: Arch, label: str, directory: Path) -> dict[str, float]:
    """Return the instructions of one unit of a piece, by library and kind: "crypto vector"."""
    few, few_units = _run(arch, label, UNITS, directory)
    many, many_units = _run(arch, label, 2 * UNITS, directory)
    counts = instruction_counts.difference(many, few)
    return {f"{library} {kind}": n / (many_units - few_units) for (library, kind), n in sorted(counts.items())}


def _run(arch: Arch, label: str, units: int, directory: Path) -> tuple[Counts, int]:
    counts, maps = directory / "pieces.counts", directory / "pieces.counts.maps"
    directory.mkdir(parents=True, exist_ok=True)
    program = REPOSITORY / "build" / arch.name / "loom-primitives"
    command = [*qemu_command(arch, counts), str(program), "--only", label, "--units", str(units)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != 1 or not maps.is_file():
        complaints = done.stderr.strip().splitlines() or ["it is not one piece, or the plugin left no map"]
        raise TestbedError(f"{program}: {label}: {complaints[-1]}")
    read = instruction_counts.read(counts, maps.read_text())
    counts.unlink()
    maps.unlink()
    return read, int(lines[0].split()[0])


def known(pieces: Mapping[str, Mapping[str, float]]) -> Known:
    """Return what the pieces say of units of work."""
    groups = {label: _groups(one) for label, one in pieces.items()}
    per_unit = {
        "aes_bytes": _over(groups[AES_RUN], {}, BODY_BYTES),
        "digest_bytes": _over(groups[ORIGINATE], groups[AES_CELL], BODY_BYTES),  # with the digest's copy and its end
    }
    for cipher in SUITES:
        long, short = groups[record_label(cipher, RECORD_CELLS)], groups[record_label(cipher, 1)]
        both_ways = 2 * (RECORD_CELLS - 1) * CELL_BYTES  # sealed, and opened
        per_unit[f"tls_{cipher}_bytes"] = _over(long, short, both_ways)
    bulk = {
        "aes": sum(groups[AES_BULK].values()) / BULK_BYTES,
        "digest": sum(_over(groups[SHA1_LONG], groups[SHA1_SHORT], SHA1_BLOCKS * SHA1_BLOCK).values()),
    }
    return Known(per_unit, bulk)


def _groups(piece: Mapping[str, float]) -> Groups:
    sums = {VECTOR: 0.0, REST: 0.0}
    for name, instructions in piece.items():
        library, kind = name.rsplit(" ", 1)
        if library == "crypto":
            sums[VECTOR if kind == VECTOR else REST] += instructions
    return sums


def _over(long: Groups, short: Groups, units: float) -> Groups:
    return {group: max(0.0, long[group] - short.get(group, 0.0)) / units for group in long}
