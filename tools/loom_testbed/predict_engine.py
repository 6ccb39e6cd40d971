"""predict_engine - what the engine says of a load: `loom predict`, run for one load after the other, some at a time."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from .errors import TestbedError
from .load_shape import MIDDLE, Load
from .progress import Progress

SECONDS_MAX = 600


class Priced(Protocol):
    """What the engine says of a load, whatever else it has."""

    @property
    def ns_per_cell(self) -> float:
        """Return the CPU time."""


Answer = TypeVar("Answer", bound=Priced)


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


def generator_beside(profile: Path) -> Path:
    """Return where the profile of the generator lies beside a relay's."""
    return profile.with_suffix(".load.yaml")


def command(loom: Path, profile: Path, load: Load, generator: Path | None = None) -> list[str]:
    """Return the command that predicts the load. generator: prices of its thread, of which an exit's has none."""
    is_priced = generator is not None and load.role == MIDDLE
    presses = ["--generator", str(generator)] if is_priced else []
    return [str(loom), "predict", "--profile", str(profile), "--json", *load.predict_options(), *presses]


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


def predict(
    loom: Path,
    profile: Path,
    loads: Sequence[Load],
    progress: Progress,
    generator_of: Callable[[Load], Path | None] = lambda load: None,
) -> tuple[dict[Load, Prediction], dict[Load, str]]:
    """Predict all loads, each pressed by the generator of it. Returns also those for which there is none, and why."""
    return ask_all(loads, lambda load: parse(load, said(command(loom, profile, load, generator_of(load)))), progress)


def ask_all(
    loads: Sequence[Load], ask: Callable[[Load], Answer], progress: Progress
) -> tuple[dict[Load, Answer], dict[Load, str]]:
    """Ask for all loads, as many at a time as there are cores. Returns also those without an answer, and why."""
    found: dict[Load, Answer] = {}
    failed: dict[Load, str] = {}
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        asked = {load: pool.submit(ask, load) for load in loads}
        for number, (load, answer) in enumerate(asked.items(), 1):
            try:
                found[load] = answer.result()
                told = f"{found[load].ns_per_cell:.0f} ns a cell"
            except TestbedError as error:
                failed[load] = told = str(error)
            progress.line(f"predicted {number} of {len(loads)}: {load.name}: {told}")
    return found, failed


def said(words: Sequence[str]) -> str:
    """Return what loom says on standard output; raise what it says when it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        raise TestbedError(f"loom predict is not done after {SECONDS_MAX} s") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"loom predict ended with status {done.returncode}"]
        raise TestbedError(lines[-1])
    return done.stdout
