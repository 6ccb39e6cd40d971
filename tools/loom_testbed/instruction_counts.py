"""instruction_counts - which instructions a program under qemu ran: by library and kind, from what count_blocks wrote.

count_blocks (bench/instructions) keeps, in a file that is mapped, each block of code with its instructions and how
often it ran. Where a block lies in qemu's memory says of which library it is: /proc/PID/maps.
"""

from __future__ import annotations

import bisect
import re
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .errors import TestbedError

MAGIC = 0x31636F6C426D6F4C
HEADER = struct.Struct("<QQ")  # magic, records
RECORD = struct.Struct("<QIHHQ")  # address in qemu's memory, instructions, of them vector's and memory's, runs

VECTOR = "vector"  # blocks that are mostly of the vector unit's instructions
MOVES = "moves"  # blocks of loads and stores, mostly: copying
INTEGER = "integer"  # all others
VECTOR_SHARE_MIN = 0.3
MOVES_SHARE_MIN = 0.6

OTHER_CODE = "other"
_LIBRARY = re.compile(r"(?:lib)?([A-Za-z_-]+)")
_MAP = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ +(/\S+)$", re.MULTILINE)

Counts = Counter[tuple[str, str]]  # instructions by library and kind


@dataclass(frozen=True)
class Mapping:
    """Where the files that a process has mapped lie."""

    starts: list[int]
    ends: list[int]
    names: list[str]

    def name_of(self, address: int) -> str:
        """Return the library's name; OTHER_CODE where none is mapped."""
        index = bisect.bisect_right(self.starts, address) - 1
        return self.names[index] if index >= 0 and address < self.ends[index] else OTHER_CODE


def parse_maps(text: str) -> Mapping:
    """Parse /proc/PID/maps."""
    found = sorted((int(start, 16), int(end, 16), library_name(path)) for start, end, path in _MAP.findall(text))
    return Mapping([one[0] for one in found], [one[1] for one in found], [one[2] for one in found])


def library_name(path: str) -> str:
    """Return "crypto" of /usr/lib/aarch64-linux-gnu/libcrypto.so.3, and "loom-relay" of a program."""
    found = _LIBRARY.match(Path(path).name)
    return found[1] if found else OTHER_CODE


def read(counts: Path, maps: str) -> Counts:
    """Read what was counted so far; maps is the text of the process's maps."""
    mapping = parse_maps(maps)
    sums: Counts = Counter()
    with counts.open("rb") as file:
        magic, records = HEADER.unpack(file.read(HEADER.size))
        if magic != MAGIC:
            raise TestbedError(f"{counts}: not of count_blocks")
        for address, instructions, vector, memory, runs in RECORD.iter_unpack(file.read(records * RECORD.size)):
            if runs:
                sums[mapping.name_of(address), kind_of(instructions, vector, memory)] += instructions * runs
    return sums


def kind_of(instructions: int, vector: int, memory: int) -> str:
    """Say what a block of so many instructions does, by those of the vector unit and those that load and store."""
    if vector >= VECTOR_SHARE_MIN * instructions:
        return VECTOR
    return MOVES if memory >= MOVES_SHARE_MIN * instructions else INTEGER


def difference(after: Counts, before: Counts) -> Counts:
    """Return what was counted between two readings."""
    return Counter({key: count - before.get(key, 0) for key, count in after.items() if count > before.get(key, 0)})
