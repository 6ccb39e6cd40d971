"""predict_engine - what the engine says of a load: `loom predict`, run for one load after the other, some at a time."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .errors import TestbedError
from .load_shape import Load
from .progress import Progress

SECONDS_MAX = 600


@dataclass(frozen=True)
class Prediction:
    """One row of `loom predict`: a load on a relay with so many threads."""

    load: Load
    ns_per_cell: float
    cells_per_s: float
    utilisation: float  # of the busiest thread
    work_per_cell: dict[str, float]
    delay_ns: dict[str, float]  # p50, p99; of a load with a rate

    @property
    def cells_per_busy_s(self) -> float:
        """Return cells for a second that the busiest thread works: as many as the relay can take."""
        return self.cells_per_s / self.utilisation if self.utilisation > 0 else 0.0


def command(loom: Path, profile: Path, load: Load, extra: Sequence[str] = ()) -> list[str]:
    """Return the command that predicts the load."""
    return [str(loom), "predict", "--profile", str(profile), "--json", *load.predict_options(), *extra]


def parse(load: Load, text: str) -> Prediction:
    """Return what it said."""
    row = json.loads(text)["rows"][0]
    used = row["utilisation"]
    delay = row.get("delay_us") or {}
    return Prediction(
        load=load,
        ns_per_cell=row["cpu_ns_per_cell"],
        cells_per_s=row["cells_per_s"],
        utilisation=max([used["main"], *used["connection"]]),
        work_per_cell=row["work_per_cell"],
        delay_ns={name: 1000.0 * value for name, value in delay.items() if name in ("p50", "p99", "mean")},
    )


def predict(loom: Path, profile: Path, loads: Sequence[Load], progress: Progress, extra: Sequence[str] = ()) -> dict[Load, Prediction]:
    """Predict all loads, as many at a time as there are cores. Raise TestbedError when one cannot be."""
    found: dict[Load, Prediction] = {}
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        said = pool.map(lambda load: _said(command(loom, profile, load, extra), load), loads)
        for load, text in zip(loads, said, strict=True):
            found[load] = parse(load, text)
            progress.line(f"predicted {len(found)} of {len(loads)}: {load.name}: {found[load].ns_per_cell:.0f} ns a cell")
    return found


def _said(words: Sequence[str], load: Load) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        raise TestbedError(f"{load.name}: loom predict is not done after {SECONDS_MAX} s") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"loom predict ended with status {done.returncode}"]
        raise TestbedError(f"{load.name}: {lines[-1]}")
    return done.stdout
