"""observed_network - writes observations of a toy network, as an engine will: r3 is the guard of all flows."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from loom_analysis.verify import toy_circuits as toy

RELAYS, FLOWS, SECONDS, STREAM_SECONDS = 12, 6, 320, 80
BINS_A_SECOND = 20


def _write_table(path: Path, columns: str, rows: list[tuple]) -> None:
    path.write_text("\n".join([columns, *(",".join(map(str, row)) for row in rows)]) + "\n")


def seal(folder: Path, **changed: object) -> None:
    """Write the manifest of what lies in the folder."""
    names = ("relays.csv", "series.csv", "series.u32", "rtt.csv")
    manifest = {
        "format": 1, "kind": "loom observations", "engine": "sim", "testing_tor_network": 1, "seed": 5,
        "config_sha256": "0" * 64, "bin_ns": 10**9 // BINS_A_SECOND, "end_ns": SECONDS * 10**9,
        "authorities": [], "addresses": ["10.0.0.0/16"],
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names},
    }
    manifest |= changed
    (folder / "manifest.json").write_text(json.dumps({key: one for key, one in manifest.items() if one is not None}))


def write_network(folder: Path, seed: int = 5) -> Path:
    """Write flows that all have the guard r3, and four streams: s0 and s1 are of one circuit, s2 and s3 too."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(seed)
    shares = toy.shares(draw, RELAYS, SECONDS)
    shares[3] *= 0.6
    series, truth = [], []
    for i in range(FLOWS):
        middle, leaves = draw.choice([relay for relay in range(RELAYS) if relay != 3], 2, replace=False)
        seen = toy.seen(draw, shares[[3, middle, leaves]].min(axis=0))
        series.append((f"f{i}", "flow", f"r{leaves}", np.repeat(seen, BINS_A_SECOND)))
        truth.append((f"f{i}", f"c{i}", f"u{i}", "r3", f"r{middle}", f"r{leaves}"))
    series += [(f"p{i}", "probe", f"r{i}", np.repeat(toy.seen(draw, shares[i]), BINS_A_SECOND)) for i in range(RELAYS)]
    for i in range(2):
        pair = toy.one_circuit(draw, STREAM_SECONDS)
        series += [(f"s{2 * i + j}", "stream", "r1", one / 1e5) for j, one in enumerate(pair)]
        truth += [(f"s{2 * i + j}", f"c{90 + i}", f"u{i}", "r3", "r2", "r1") for j in range(2)]
    _write_table(folder / "relays.csv", "relay,weight,guard,exit", [(f"r{i}", 10 + i, 1, 1) for i in range(RELAYS)])
    rows = [(name, kind, relay, 0, len(values)) for name, kind, relay, values in series]
    _write_table(folder / "series.csv", "series,kind,relay,first_bin,bins", rows)
    (folder / "series.u32").write_bytes(b"".join((values * 1e5).astype("<u4").tobytes() for *_, values in series))
    trips = [("victim", "c0", "x0", "r2", 10**9 * i, 200_000_000 + int(draw.exponential(1e7))) for i in (2, 1, 3)]
    _write_table(folder / "rtt.csv", "kind,from,to,relay,at_ns,rtt_ns", trips)
    _write_table(folder / "truth.csv", "series,circuit,client,guard,middle,exit", truth)
    seal(folder, seed=seed)
    return folder
