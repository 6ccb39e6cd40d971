"""memory_use - what memory processes have, over time, and whether it still grows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FIELDS = {"rss_kb": "Rss", "pss_kb": "Pss", "anon_kb": "Anonymous"}


@dataclass(frozen=True)
class MemorySample:
    """One process at one moment: what is resident, its share of that, and what no file is behind."""

    at_s: float
    rss_kb: int
    pss_kb: int
    anon_kb: int


def sample(pid: int, at_s: float) -> MemorySample | None:
    """Read a process's memory; None when it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    values = {}
    for name, label in FIELDS.items():
        found = re.search(rf"^{label}:\s+(\d+) kB$", text, re.MULTILINE)
        values[name] = int(found[1]) if found else 0
    return MemorySample(at_s, **values)


def has_mapped(pid: int, library: str) -> bool:
    """Say whether a process has loaded a library, named by how its file's name begins."""
    try:
        return f"/{library}" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def second_half(samples: Sequence[MemorySample]) -> list[MemorySample]:
    """Return the samples of the later half of the time."""
    middle = (samples[0].at_s + samples[-1].at_s) / 2
    return [one for one in samples if one.at_s >= middle]


def mean_kb(samples: Sequence[MemorySample], name: str) -> float:
    """Return the mean of a field."""
    return sum(getattr(one, name) for one in samples) / len(samples)


def growth(samples: Sequence[MemorySample], name: str) -> float:
    """Return by what share of its mean a field grows over these samples: the line of least squares, end to end."""
    times = [one.at_s for one in samples]
    values = [float(getattr(one, name)) for one in samples]
    middle, level = sum(times) / len(times), sum(values) / len(values)
    spread = sum((at - middle) ** 2 for at in times)
    if spread == 0 or level == 0:
        return 0.0
    slope = sum((at - middle) * (value - level) for at, value in zip(times, values, strict=True)) / spread
    return slope * (times[-1] - times[0]) / level
