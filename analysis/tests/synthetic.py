"""synthetic - results as `loom run` writes them (docs/results.md), of numbers drawn with a seed: nothing was simulated.

python analysis/tests/synthetic.py analysis/tests/data/synthetic      makes the committed folder again
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

SIZES = {51200: 24, 1048576: 8, 5242880: 5}
CLASSES = {"board": 0.5, "virtual": 0.2, "server": 0.12}  # and how busy their relays are with tor
BINS = 40
SAMPLES = 100
FROM_S, END_S = 30, 50


@dataclass(frozen=True)
class Options:
    seeds: tuple[int, ...] = (1, 2, 3)
    arms: tuple[str, ...] = ("tor", "loom")
    prices: str = "uncalibrated"
    relays_of_class: int = 4
    load_mbit: int = 2000
    percents: tuple[int, ...] = ()  # of relays that run Loom, of each arm; empty: none in the first, all in the others
    about: str = "Made up for tests: nothing of this was simulated"


def _arms(options: Options) -> list[dict]:
    percents = options.percents or [100 * min(i, 1) for i in range(len(options.arms))]
    return [{"name": name, "percent": percent} for name, percent in zip(options.arms, percents, strict=True)]


def _config(options: Options) -> dict:
    return {
        "name": "synthetic",
        "about": options.about,
        "engine": "sim",
        "warm_up_s": FROM_S,
        "duration_s": END_S - FROM_S,
        "seeds": {"first": options.seeds[0], "last": options.seeds[-1]},
        "network": {"relays": "relays.txt", "scale_permille": 10},
        "hardware": {"line_rate": "next", "classes": [{"name": name, "cores": 4} for name in CLASSES]},
        "arms": _arms(options),
        "traffic": {
            "clients": [{"name": "perf", "measured": True, "hosts": 4, "files": [{"bytes": size} for size in SIZES]}],
            "load": {"written_mbit": options.load_mbit, "tolerance_percent": 10},
        },
        "outputs": {"sample_ms": 200, "series_ms": 1000, "cpu_bound_percent": 95},
    }


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


def _relay_rows(draw: random.Random, arm_index: int, arm: str, options: Options) -> list[dict]:
    rows = []
    for name, busy in CLASSES.items():
        for _ in range(options.relays_of_class):
            share = min(1.0, busy * 0.6**arm_index * draw.lognormvariate(0, 0.5))
            inputs = draw.randint(20_000, 40_000)
            delays = [0] * BINS
            for _ in range(2000):
                waits = draw.random() < share
                delay = draw.expovariate(1 / (2e4 * (1 + 8 * share))) if waits else 0.0
                delays[math.floor(math.log2(delay)) + 1 if delay >= 1 else 0] += inputs // 2000
            rows.append(
                {
                    "relay": f"relay{len(rows)}middle",
                    "class": name,
                    "implementation": "loom" if arm_index else "tor",
                    "busiest_ns": int(share * (END_S - FROM_S) * 1e9),
                    "samples": SAMPLES,
                    "cpu_bound_samples": int(SAMPLES * share**6),
                    "inputs": sum(delays),
                    "delay_sum_ns": int(sum(delays) * share * 2e4),
                    "delays": delays,
                }
            )
    return rows


def _csv(path: Path, heads: list[str], rows: list[list[object]]) -> None:
    path.write_text("\n".join(",".join(map(str, row)) for row in [heads, *rows]) + "\n")


def _put_relays(folder: Path, rows: list[dict]) -> None:
    heads = [name for name in rows[0] if name != "delays"]
    _csv(folder / "relays.csv", heads, [[row[name] for name in heads] for row in rows])
    bins = [f"d{i}" for i in range(BINS)]
    threads = [[row["relay"], 0, "main", row["busiest_ns"], row["inputs"], *row["delays"]] for row in rows]
    _csv(folder / "threads.csv", ["relay", "thread", "kind", "busy_ns", "inputs", *bins], threads)


def _of_relays(rows: list[dict], name: str) -> list[dict]:
    busiest = 100 * mean(row["busiest_ns"] for row in rows) / ((END_S - FROM_S) * 1e9)
    return [
        {"key": f"busiest.{name}", "label": f"busiest thread, {name}", "unit": "% of time", "value": busiest},
        {"key": f"cores.{name}", "label": f"all cores, {name}", "unit": "% of time", "value": busiest / 4},
        {
            "key": f"bound.{name}",
            "label": f"CPU-bound time, {name}",
            "unit": "% of time",
            "value": mean(row["cpu_bound_samples"] for row in rows),
        },
        {
            "key": f"delay.{name}",
            "label": f"queue delay, mean, {name}",
            "unit": "ms",
            "value": sum(row["delay_sum_ns"] for row in rows) / sum(row["inputs"] for row in rows) / 1e6,
        },
        {"key": f"late.{name}", "label": f"queue delay, 99 %, {name}", "unit": "ms", "value": busiest / 300},
    ]


def _quantities(first: dict, last: dict, goodput: list[float], builds: list[float], written: dict, rows: list) -> list:
    made = []
    for kind, times in (("first", first), ("last", last)):
        for size, values in times.items():
            for share, name in ((0.5, "median"), (0.95, "95 %")):
                label = f"time to {kind} byte, {size // 1024} KiB, {name}"
                key = f"{kind}_byte.{size}.{share}"
                made.append({"key": key, "label": label, "unit": "s", "value": _quantile(values, share)})
    gbit = mean(written.values()) * 8e-9
    made += [
        {"key": "goodput", "label": "goodput of a transfer, median", "unit": "Mbit/s", "value": median(goodput)},
        {"key": "build", "label": "time to build a circuit, median", "unit": "s", "value": median(builds)},
        {"key": "failed", "label": "transfers that failed", "unit": "%", "value": 2.5},
        {"key": "written", "label": "written by all relays", "unit": "Gbit/s", "value": gbit},
        *_of_relays(rows, "all relays"),
    ]
    for name in CLASSES:
        made += _of_relays([row for row in rows if row["class"] == name], name)
    return made


def _put_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")


def _with_all(times: dict[int, list[float]]) -> dict:
    return {"ALL": [one for values in times.values() for one in values], **{str(k): v for k, v in times.items()}}


def write_run(folder: Path, seed: int, arm_index: int, options: Options) -> None:
    draw = random.Random(1000 * seed + arm_index)
    arm, speed = options.arms[arm_index], 1 + 0.25 * arm_index
    first = {size: [round(0.2 + draw.lognormvariate(-1.2, 0.6), 6) for _ in range(n)] for size, n in SIZES.items()}
    rates = {size: [draw.lognormvariate(2.2, 0.4) * speed for _ in times] for size, times in first.items()}
    last = {
        size: [round(start + size * 8e-6 / rate, 6) for start, rate in zip(times, rates[size], strict=True)]
        for size, times in first.items()
    }
    goodput = [round(rate, 6) for size in rates if size >= 1 << 20 for rate in rates[size]]
    builds = [round(draw.lognormvariate(-0.7, 0.4), 6) for _ in range(40)]
    level = 2.0 * speed**0.1 + 0.02 * seed
    written = {str(second): int(1.25e8 * level * draw.gauss(1, 0.03)) for second in range(FROM_S, END_S)}
    rows = _relay_rows(draw, arm_index, arm, options)
    plots = folder / "tornet.plot.data"
    plots.mkdir(parents=True)
    _put_json(plots / "time_to_first_byte_recv.exit.json", _with_all(first))
    _put_json(plots / "time_to_last_byte_recv.exit.json", _with_all(last))
    _put_json(plots / "perfclient_goodput.exit.json", goodput)
    _put_json(plots / "perfclient_circuit_build_time.exit.json", builds)
    _put_json(plots / "relay_goodput.json", written)
    _put_relays(folder, rows)
    inputs = [{"key": "scenario", "name": "synthetic.yaml", "bytes": 7, "sha256": "00" * 32}]
    times = {"measure_from_ns": FROM_S * 10**9, "end_ns": END_S * 10**9}
    manifest = {"format": 1, "program": "synthetic", "scenario": "synthetic", "seed": seed, "arm": arm}
    manifest |= {"prices": options.prices, "times": times, "inputs": inputs, "config": _config(options)}
    _put_json(folder / "manifest.json", manifest)
    outcomes = {"done": 37, "timeout": 1 + seed % 2, "circuit-failed": 0, "unfinished": 1}
    values = _quantities(first, last, goodput, builds, written, rows)
    _put_json(folder / "summary.json", {"prices": options.prices, "outcomes": outcomes, "quantities": values})
    hashed = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in hashed]
    (folder / "results.sha256").write_text("".join(lines))


def write_results(folder: Path, options: Options | None = None) -> Path:
    """Write a whole folder of results and return it."""
    options = options or Options()
    for seed in options.seeds:
        for arm_index, arm in enumerate(options.arms):
            write_run(folder / f"seed-{seed}" / arm, seed, arm_index, options)
    _put_json(folder / "comparison.json", {"quantities": []})
    return folder


if __name__ == "__main__":
    write_results(Path(sys.argv[1]), Options(seeds=(1, 2), relays_of_class=2))
