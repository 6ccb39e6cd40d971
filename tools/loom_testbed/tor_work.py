"""tor_work - what the engine says of a load on a relay that behaves as tor does: work and CPU per cell, throughput."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import predict_engine
from .load_shape import Load
from .progress import Progress

TOR_IN_THE_ENGINE = ("--behaviour", "tor", "--mapping", "vanilla")


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
    """Ask for all loads; also return those without an answer, and why."""
    return predict_engine.ask_all(
        loads, lambda load: parse(predict_engine.said(command(loom, profile, load))), progress
    )
