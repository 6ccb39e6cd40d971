"""reader - what the adversary saw: relays, series of bytes in bins, round trips. Never what is true."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .manifest import Manifest, ObservationsError, checked_bytes, read_manifest
from .table import name, name_or_none, one_of, rows, whole

SERIES_KINDS = ("flow", "stream", "probe")
RTT_KINDS = ("victim", "own", "direct")
FLAG = whole(0, 1)


@dataclass(frozen=True)
class Relay:
    """A relay as everyone knows it: its weight in path selection, and where it may stand."""

    name: str
    weight: int
    is_guard: bool
    is_exit: bool


@dataclass(frozen=True)
class Series:
    """Bytes by bin from first_bin on. relay: where a flow or stream was seen to leave, or the one that is probed."""

    name: str
    kind: str
    relay: str | None
    first_bin: int
    bytes: np.ndarray


@dataclass(frozen=True)
class Trips:
    """Round trips in ns, in the order of their times. relay: by which they left, where one is seen to."""

    relay: str | None
    rtt_ns: np.ndarray


@dataclass(frozen=True)
class Observations:
    """round_trips: by kind and the two ends."""

    manifest: Manifest
    relays: list[Relay]
    series: list[Series]
    round_trips: dict[tuple[str, str, str], Trips]

    def of_kind(self, kind: str) -> list[Series]:
        return [one for one in self.series if one.kind == kind]


def over(series: list[Series], first_bin: int, bins: int) -> np.ndarray:
    """Return the series over these bins, one a row; 0 where one was not there."""
    table = np.zeros((len(series), bins))
    for row, one in zip(table, series, strict=True):
        begin, end = max(first_bin, one.first_bin), min(first_bin + bins, one.first_bin + len(one.bytes))
        if begin < end:
            row[begin - first_bin:end - first_bin] = one.bytes[begin - one.first_bin:end - one.first_bin]
    return table


def _relays(folder: Path, manifest: Manifest) -> list[Relay]:
    columns = {"relay": name, "weight": whole(0, 2**63), "guard": FLAG, "exit": FLAG}
    found = rows(folder / "relays.csv", checked_bytes(folder, manifest, "relays.csv"), columns)
    relays = [Relay(one, weight, bool(guard), bool(leaves)) for one, weight, guard, leaves in found]
    if len({relay.name for relay in relays}) != len(relays):
        raise ObservationsError(f"{folder / 'relays.csv'}: a relay twice")
    return relays


def _series(folder: Path, manifest: Manifest, relays: set[str]) -> list[Series]:
    path, bins = folder / "series.csv", manifest.end_ns // manifest.bin_ns
    columns = {"series": name, "kind": one_of(*SERIES_KINDS), "relay": name_or_none, "first_bin": whole(0, bins),
               "bins": whole(1, bins)}
    found = rows(path, checked_bytes(folder, manifest, "series.csv"), columns)
    data = checked_bytes(folder, manifest, "series.u32")
    if len(data) != 4 * sum(length for *_, length in found):
        raise ObservationsError(f"{folder / 'series.u32'}: {len(data)} bytes are not what series.csv has")
    values, series, at = np.frombuffer(data, dtype="<u4"), [], 0
    for one, kind, relay, first, length in found:
        if first + length > bins or (relay is not None and relay not in relays) or (kind == "probe" and relay is None):
            raise ObservationsError(f"{path}: {one}: beyond the end, or of no relay")
        series.append(Series(one, kind, relay, first, values[at:at + length]))
        at += length
    if len({one.name for one in series}) != len(series):
        raise ObservationsError(f"{path}: a series twice")
    return series


def _round_trips(folder: Path, manifest: Manifest) -> dict[tuple[str, str, str], Trips]:
    path = folder / "rtt.csv"
    columns = {"kind": one_of(*RTT_KINDS), "from": name, "to": name, "relay": name_or_none,
               "at_ns": whole(0, manifest.end_ns), "rtt_ns": whole(1, 600 * 10**9)}
    gathered: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    relays: dict[tuple[str, str, str], str | None] = {}
    for kind, a, b, relay, at, rtt in rows(path, checked_bytes(folder, manifest, "rtt.csv"), columns):
        if relays.setdefault((kind, a, b), relay) != relay:
            raise ObservationsError(f"{path}: {a}: it leaves by two relays")
        gathered.setdefault((kind, a, b), []).append((at, rtt))
    return {
        key: Trips(relays[key], np.array([rtt for _, rtt in sorted(pairs)], dtype=np.int64))
        for key, pairs in gathered.items()
    }


def read_observations(folder: Path) -> Observations:
    """Read all that the manifest vouches for; nothing is opened when it does not."""
    manifest = read_manifest(folder)
    relays = _relays(folder, manifest)
    series = _series(folder, manifest, {relay.name for relay in relays})
    return Observations(manifest, relays, series, _round_trips(folder, manifest))
