"""measured - what the processes of an experiment wrote down, as one JSON that `loom run` makes its results from."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

from . import observer, user
from .clock import NEVER, NS
from .errors import ShadowError
from .experiment import OUTPUT, TEMPLATE, name_of_client

FORMAT = 1
TIMES = ("started", "built", "asked", "connected", "first", "last")
NO_RELAY = -1
SILENT_S = 10  # of a relay's bytes that may be told later


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ShadowError(f"{path}: {error.strerror}") from error


def _records(path: Path) -> list[dict]:
    try:
        return [json.loads(line) for line in _read(path).splitlines()]
    except ValueError as error:
        raise ShadowError(f"{path}: not what a user writes: {error}") from error


def _transfer(record: dict, relays: dict[str, int]) -> list[int | str]:
    path = [relays.get(one, NO_RELAY) for one in record["path"]]
    path = path if len(path) == 3 else [NO_RELAY] * 3
    if record["outcome"] != "done":
        record = record | {"last": NEVER}
    numbers = [int(record[key]) for key in ("session", "number", "server", "file", "bytes", "new")]
    return [record["outcome"], *path, *numbers, *(record[time] for time in TIMES)]


def _client(path: Path, relays: dict[str, int]) -> dict:
    records = _records(path)
    kinds = [record["kind"] for record in records]
    for record in records:
        if record["kind"] == "failed":
            raise ShadowError(f"{path}: {record['why']}")
        if record["kind"] == "wrong":
            raise ShadowError(f"{path}: wrong bytes came after {record['after']} right ones")
    if kinds.count("ready") != 1 or kinds[-1:] != ["ended"]:
        raise ShadowError(f"{path}: its user did not come to its end")
    return {
        "builds": [[one["outcome"], one["started"], one["took"]] for one in records if one["kind"] == "build"],
        "transfers": [_transfer(one, relays) for one in records if one["kind"] == "transfer"],
    }


def _relay(path: Path, seconds: int) -> list[list[int]]:
    """Return bytes read and written in each of the scenario's seconds."""
    totals = {}
    for line in _read(path).splitlines():
        words = line.split()
        if len(words) != 3 or words[0] == "gone":
            raise ShadowError(f"{path}: the relay did not run to the end: {line}")
        totals[int(words[0])] = (int(words[1]), int(words[2]))
    told = sorted(totals)
    if told[:1] != [0] or told[-1] < seconds - SILENT_S or any(b - a > SILENT_S for a, b in pairwise(told)):
        raise ShadowError(f"{path}: the relay did not tell its bytes of more than {SILENT_S} s")
    if told[-1] < seconds:  # the last answers would have come after the end
        totals[seconds] = totals[told[-1]]
    return _each_second(totals, seconds)


def _each_second(totals: dict[int, tuple[int, int]], seconds: int) -> list[list[int]]:
    """Return what was added in each second, evenly over seconds of which nothing was told."""
    made = [[0, 0] for _ in range(seconds)]
    for begin, end in pairwise(sorted(totals)):
        for way in (0, 1):
            added, n = totals[end][way] - totals[begin][way], end - begin
            for i in range(max(0, min(n, seconds - begin))):
                made[begin + i][way] = added * (i + 1) // n - added * i // n
    return made


def fingerprints(folder: Path, plan: dict) -> dict[str, int]:
    """Return the number of each relay by its fingerprint, from what the first authority was told of bandwidths."""
    text = _read(folder / TEMPLATE / "hosts/authority1/bandwidths")
    by_name = {name: found for found, name in re.findall(r"^node_id=\$(\w+) bw=\d+ nick=(\S+)$", text, re.MULTILINE)}
    return {by_name[relay["name"]]: i for i, relay in enumerate(plan["relays"])}


def collect(folder: Path, plan: dict) -> dict:
    """Read what every host wrote."""
    hosts, seconds = folder / OUTPUT / "hosts", plan["end_ns"] // NS
    relays = fingerprints(folder, plan)
    return {
        "format": FORMAT,
        "clients": [
            _client(hosts / name_of_client(plan, i) / user.OUTPUT, relays) for i in range(len(plan["clients"]))
        ],
        "relays": [_relay(hosts / relay["name"] / observer.OUTPUT, seconds) for relay in plan["relays"]],
    }
