"""table - CSV of observations: a line of names, then values. Names are opaque, numbers whole and bounded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from .manifest import ObservationsError

OPAQUE = re.compile(r"[a-z]{1,8}[0-9]{1,9}")  # no address, fingerprint or nickname looks like that
ROWS_MAX = 10_000_000


def name(text: str) -> str:
    if not OPAQUE.fullmatch(text):
        raise ValueError(f"{text!r} is no opaque name, such as r12")
    return text


def name_or_none(text: str) -> str | None:
    return name(text) if text else None


def whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,20}", text) or not least <= int(text) <= most:
            raise ValueError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return read


def one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is not one of {', '.join(words)}")
        return text

    return read


def rows(path: Path, data: bytes, columns: dict[str, Callable[[str], object]]) -> list[tuple]:
    """Return the rows of a table with just these columns; an ObservationsError names file and line."""
    try:
        lines = data.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise ObservationsError(f"{path}: {error}") from error
    if not lines or lines[0].split(",") != list(columns):
        raise ObservationsError(f"{path}:1: expected {','.join(columns)}")
    if len(lines) > ROWS_MAX:
        raise ObservationsError(f"{path}: more than {ROWS_MAX} lines")
    read, found = list(columns.values()), []
    for number, line in enumerate(lines[1:], 2):
        fields = line.split(",")
        if len(fields) != len(read):
            raise ObservationsError(f"{path}:{number}: expected {len(read)} values, found {len(fields)}")
        try:
            found.append(tuple(one(field) for one, field in zip(read, fields, strict=True)))
        except ValueError as error:
            raise ObservationsError(f"{path}:{number}: {error}") from error
    return found
