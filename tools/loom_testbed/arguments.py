"""arguments - the values that both commands take, with errors that say what was expected."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import NoReturn

from .errors import TestbedError
from .rundir import REPOSITORY

LOOM_DEFAULT = REPOSITORY / "build" / "release" / "loom-relay"
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end with status 2."""
        print(f"{self.prog}: {message} (--help lists the options)", file=sys.stderr)
        sys.exit(2)


def size(text: str) -> int:
    """Parse a size such as 400MB."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", text)
    if found is None or found[2].upper() not in _UNITS or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; expected for example 400MB, 1GB or 64MiB")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def path(text: str) -> Path:
    """Parse a path, seen from here: the programs of a network run in directories of their own."""
    return Path(text).absolute()


def share(text: str) -> float:
    """Parse a share from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; expected a number from 0 to 1")
    return value


def interval(text: str) -> float:
    """Parse a time between two of something: a millisecond to an hour."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.001 <= value <= 3600.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no interval; expected seconds from 0.001 to 3600")
    return value


def count(least: int, most: int) -> _Count:
    """Return a parser of whole numbers from least to most."""
    return _Count(least, most)


class _Count:
    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        if not text.isdigit() or not self._least <= int(text) <= self._most:
            raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from {self._least} to {self._most}")
        return int(text)


def counts(least: int, most: int) -> _Counts:
    """Return a parser of whole numbers from least to most, with commas between."""
    return _Counts(least, most)


class _Counts:
    def __init__(self, least: int, most: int) -> None:
        self._one = _Count(least, most)

    def __call__(self, text: str) -> list[int]:
        numbers = [self._one(part) for part in text.split(",")]
        if len(set(numbers)) < len(numbers):
            raise argparse.ArgumentTypeError(f"{text!r}: a number is given twice")
        return numbers


def require_program(path: Path) -> None:
    """Raise when path is no program."""
    if not path.is_file() or not os.access(path, os.X_OK):
        raise TestbedError(f"--loom {path}: no such program; cmake --workflow --preset release builds it")
