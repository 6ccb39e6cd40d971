"""results - reads the folder that `loom run` wrote: RESULTS/seed-N/<arm>/, all arms and seeds.

docs/results.md says what is in it. Every mistake names its file.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np

from .model import Relays, Results, Run

FORMAT = 1
PLOTS = "tornet.plot.data"
NS = 1e-9
MIBIT = 1.048576  # Mbit


class ResultsError(Exception):
    """What is wrong with the results, and in which file."""


def read_json(path: Path) -> dict | list:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ResultsError(f"{path}: not JSON: {error}") from error


def _plot(folder: Path, name: str) -> dict | list:
    """Read one of tornettools' files; older ones lack the word exit."""
    for one in (f"{name}.exit.json", f"{name}.json"):
        if (folder / PLOTS / one).is_file():
            return read_json(folder / PLOTS / one)
    raise ResultsError(f"{folder / PLOTS / name}.exit.json: there is no such file")


def _columns(path: Path) -> dict[str, list[str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}") from error
    if not rows:
        raise ResultsError(f"{path}: it is empty")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            raise ResultsError(f"{path}:{number}: expected {len(rows[0])} columns, found {len(row)}")
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def _numbers(values: list[str]) -> np.ndarray:
    return np.array([int(value) for value in values], dtype=np.int64)


def _share(part: np.ndarray, whole: np.ndarray | int) -> np.ndarray:
    return part / np.maximum(whole, 1)


def _delays(threads: dict[str, list[str]], names: list[str]) -> np.ndarray:
    """Return counts by bin of all threads of each relay."""
    bins = sorted((name for name in threads if name[0] == "d" and name[1:].isdigit()), key=lambda name: int(name[1:]))
    row = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(names), len(bins)), dtype=np.int64)
    which = np.array([row[name] for name in threads["relay"]], dtype=np.int64)
    for i, name in enumerate(bins):
        np.add.at(counts[:, i], which, _numbers(threads[name]))
    return counts


def bin_edges_s(bins: int) -> np.ndarray:
    """Bin 0 did not wait, bin b waited at least 2^(b-1) ns and less than 2^b."""
    return np.array([0.0] + [2.0**b * NS for b in range(bins)])


def _relays(folder: Path, measured_ns: int) -> Relays:
    table = _columns(folder / "relays.csv")
    delays = _delays(_columns(folder / "threads.csv"), table["relay"])
    return Relays(
        names=table["relay"],
        classes=table["class"],
        is_loom=np.array([name == "loom" for name in table["implementation"]]),
        busiest=_share(_numbers(table["busiest_ns"]), measured_ns),
        cpu_bound=_share(_numbers(table["cpu_bound_samples"]), _numbers(table["samples"])),
        delays=delays,
        delay_edges_s=bin_edges_s(delays.shape[1]),
    )


def _by_size(plot: dict) -> dict[int, np.ndarray]:
    return {int(size): np.array(values, dtype=float) for size, values in plot.items() if size != "ALL"}


def _optional(path: Path) -> dict:
    return read_json(path) if path.is_file() else {}


def read_run(folder: Path) -> Run:
    manifest, summary = read_json(folder / "manifest.json"), read_json(folder / "summary.json")
    if manifest.get("format") != FORMAT:
        raise ResultsError(f"{folder / 'manifest.json'}: expected format {FORMAT}, found {manifest.get('format')}")
    written = sorted((int(second), size) for second, size in _plot(folder, "relay_goodput").items())
    hashes = folder / "results.sha256"
    return Run(
        seed=manifest["seed"],
        arm=manifest["arm"],
        first_byte=_by_size(_plot(folder, "time_to_first_byte_recv")),
        last_byte=_by_size(_plot(folder, "time_to_last_byte_recv")),
        goodput_mbit=MIBIT * np.array(_plot(folder, "perfclient_goodput"), dtype=float),
        build_s=np.array(_plot(folder, "perfclient_circuit_build_time"), dtype=float),
        outcomes={name: count for name, count in summary["outcomes"].items() if count},
        written_times=np.array([second for second, _ in written], dtype=float),
        written_gbit=np.array([size * 8e-9 for _, size in written], dtype=float),
        relays=_relays(folder, manifest["times"]["end_ns"] - manifest["times"]["measure_from_ns"]),
        values={one["key"]: one["value"] for one in summary["quantities"] if one["value"] is not None},
        named=tuple((one["key"], one["label"], one["unit"]) for one in summary["quantities"]),
        manifest=manifest,
        host=_optional(folder / "host.json"),
        results_sha256=hashlib.sha256(hashes.read_bytes()).hexdigest() if hashes.is_file() else "",
    )


def _wanted(config: dict) -> list[tuple[str, int]]:
    seeds = config["seeds"]
    return [(arm["name"], seed) for seed in range(seeds["first"], seeds["last"] + 1) for arm in config["arms"]]


def read_results(folder: Path) -> Results:
    """Read all runs. They must be of one scenario; those that are missing are named in the result."""
    folders = sorted(path.parent for path in folder.glob("seed-*/*/manifest.json"))
    if not folders:
        raise ResultsError(f"{folder}: no results of loom run (seed-N/ARM/manifest.json) in it")
    runs = {}
    for one in folders:
        try:
            run = read_run(one)
        except (KeyError, TypeError, AttributeError) as error:
            raise ResultsError(f"{one}: not what loom run writes: {type(error).__name__} {error}") from error
        runs[run.arm, run.seed] = run
    first = next(iter(runs.values()))
    config = first.manifest["config"]
    for (arm, seed), run in runs.items():
        if run.manifest["config"] != config or run.manifest["inputs"] != first.manifest["inputs"]:
            raise ResultsError(f"{folder}: seed {seed} of {arm} is of another scenario or of other inputs")
    order = [arm["name"] for arm in config["arms"]]
    arms = [arm for arm in order if any(arm == one for one, _ in runs)]
    missing = [f"seed {seed} of {arm}" for arm, seed in _wanted(config) if (arm, seed) not in runs]
    return Results(str(folder), config, arms, runs, first.manifest["prices"], missing)
