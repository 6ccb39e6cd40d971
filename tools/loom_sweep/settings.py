"""settings - what a sweep varies: values of the scenario by path, every one with every other."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import SweepError

SEEDS_MAX = 1000  # as of a scenario
SETTINGS_MAX = 1000
AS_WRITTEN = "as-written"
NAME_BYTES_MAX = 180  # of a folder, with room for what is put behind it
_OTHERS = re.compile(r"[^A-Za-z0-9_.+=,\[\]-]+")


@dataclass(frozen=True)
class Setting:
    """One combination of values; its results are in a folder of this name."""

    name: str
    values: tuple[tuple[str, str], ...]  # path and value

    @property
    def changes(self) -> list[str]:
        return [f"{path}={value}" for path, value in self.values]

    @property
    def words(self) -> list[str]:
        """Return them as `loom run` takes them."""
        return [word for change in self.changes for word in ("--set", change)]


def read_seeds(text: str) -> range:
    found = re.fullmatch(r"(\d{1,10})(?:\.\.(\d{1,10}))?", text)
    first = int(found[1]) if found else 0
    last = int(found[2] or first) if found else -1
    if not 0 <= last - first < SEEDS_MAX or last >= 1 << 32:
        raise SweepError(f'--seeds: expected the first and the last of at most {SEEDS_MAX} as 1..10, found "{text}"')
    return range(first, last + 1)


def _folder_name(values: Sequence[tuple[str, str]], taken: set[str]) -> str:
    name = ",".join(f"{path}={value}" for path, value in values) or AS_WRITTEN
    name = _OTHERS.sub("_", name)[:NAME_BYTES_MAX].lstrip(".") or "_"
    unique, n = name, 1
    while unique in taken:
        n += 1
        unique = f"{name}_{n}"
    return unique


def _read_axis(text: str) -> list[tuple[str, str]]:
    path, sign, values = text.partition("=")
    if not path or not sign or not all(values.split(",")):
        raise SweepError(f'--set: expected PATH=VALUE, or values with commas between them, found "{text}"')
    if len(set(values.split(","))) < len(values.split(",")):
        raise SweepError(f'--set: expected each value once, found "{text}"')
    return [(path, value) for value in values.split(",")]


def read_settings(words: Sequence[str]) -> list[Setting]:
    """Return all combinations, the first --set the slowest to change."""
    axes = [_read_axis(word) for word in words]
    paths = [axis[0][0] for axis in axes]
    if again := next((path for path in paths if paths.count(path) > 1), None):
        raise SweepError(f"--set: expected each path once, found {again} again")
    settings: list[Setting] = []
    taken: set[str] = set()
    for values in itertools.product(*axes):
        if len(settings) == SETTINGS_MAX:
            raise SweepError(f"--set: expected at most {SETTINGS_MAX} combinations of values")
        name = _folder_name(values, taken)
        taken.add(name)
        settings.append(Setting(name, tuple(values)))
    return settings
