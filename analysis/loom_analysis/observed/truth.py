"""truth - which circuit each series was of, and where that ran: for the scorer alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .manifest import ObservationsError
from .table import name, rows

NAME = "truth.csv"


@dataclass(frozen=True)
class Circuit:
    """Where a flow or stream ran."""

    circuit: str
    client: str
    guard: str
    middle: str
    exit: str


def read_truth(folder: Path) -> dict[str, Circuit]:
    """Return the circuit of each series; the folder may be another than that of the observations."""
    path = folder / NAME
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ObservationsError(f"{path}: {error.strerror}") from error
    columns = dict.fromkeys(("series", "circuit", "client", "guard", "middle", "exit"), name)
    found = rows(path, data, columns)
    if len({series for series, *_ in found}) != len(found):
        raise ObservationsError(f"{path}: a series twice")
    return {series: Circuit(*rest) for series, *rest in found}
