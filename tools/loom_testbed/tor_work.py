"""tor_work - what the engine says of a load on a relay that behaves as tor does: work and CPU per cell, throughput."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .errors import TestbedError
from .load_shape import Load
from .progress import Progress

TOR_IN_THE_ENGINE = ("--behaviour", "tor", "--mapping", "vanilla")
SECONDS_MAX = 600


@dataclass(frozen=True)
class Predicted:
    """A row of `loom predict`."""

    ns_per_cell: float
    cells_per_s: float
    utilisation: float  # of the main thread
    work_per_cell: Mapping[str, float]
    working_set: Mapping[str, float]

    @property
    def cells_per_s_most(self) -> float:
        """Return cells for a second that the thread works: as many as the relay can take."""
        return self.cells_per_s / self.utilisation if self.utilisation > 0 else 0.0


def command(loom: Path, profile: str, load: Load) -> list[str]:
    """Return the command that asks. profile: a name, or a path."""
    return [str(loom), "predict", "--profile", profile, "--json", *TOR_IN_THE_ENGINE, *load.predict_options()]


def parse(text: str) -> Predicted:
    """Read what it says."""
    row = json.loads(text)["rows"][0]
    main = row["utilisation"]["main"]
    return Predicted(row["cpu_ns_per_cell"], row["cells_per_s"], main, row["work_per_cell"], row["working_set"])


def ask(
    loom: Path, profile: str, loads: Sequence[Load], progress: Progress
) -> tuple[dict[Load, Predicted], dict[Load, str]]:
    """Ask for all loads, as many at a time as there are cores; also return those without an answer, and why."""
    found: dict[Load, Predicted] = {}
    failed: dict[Load, str] = {}
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        asked = {load: pool.submit(_said, command(loom, profile, load)) for load in loads}
        for number, (load, said) in enumerate(asked.items(), 1):
            try:
                found[load] = parse(said.result())
                told = f"{found[load].ns_per_cell:.0f} ns a cell"
            except TestbedError as error:
                failed[load] = told = str(error)
            progress.line(f"predicted {number} of {len(loads)}: {load.name}: {told}")
    return found, failed


def _said(words: Sequence[str]) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        raise TestbedError(f"loom predict is not done after {SECONDS_MAX} s") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"loom predict ended with status {done.returncode}"]
        raise TestbedError(lines[-1])
    return done.stdout
