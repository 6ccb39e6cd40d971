"""torrc - the lines of a tor's files, as far as a network is described by them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .errors import SwapError

INCLUDE_DEPTH_MAX = 31  # tor's own


def lines(path: Path, folder: Path, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield options and their values, those of included files among them; folder is where tor runs."""
    if depth > INCLUDE_DEPTH_MAX:
        raise SwapError(f"{path}: %include: expected files inside each other at most {INCLUDE_DEPTH_MAX} deep")
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SwapError(f"{path}: expected a torrc: {getattr(error, 'strerror', error)}") from error
    for line in text.splitlines():
        name, _, value = line.partition("#")[0].strip().partition(" ")
        if name == "%include":
            yield from lines(folder / value.strip().strip('"'), folder, depth + 1)
        elif name:
            yield name.lower(), value.strip().strip('"')


def fingerprints(value: str) -> set[str]:
    """Return those of a list with commas, in capitals and without dollar signs."""
    return {one.strip().lstrip("$").upper() for one in value.split(",") if one.strip()}
