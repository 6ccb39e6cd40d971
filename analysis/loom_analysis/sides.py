"""sides - the two things that are compared: arms of results of `loom run`, named as FOLDER or FOLDER:ARM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .model import Results, Run
from .results import ResultsError, read_results
from .settings_table import settings_rows

FINISHED = "comparison.json"  # loom run writes it last


@dataclass(frozen=True)
class Side:
    """An arm of a folder of results."""

    results: Results
    arm: str
    label: str

    @property
    def runs(self) -> list[Run]:
        return self.results.of(self.arm)

    @property
    def engine(self) -> str:
        return str(self.results.scenario.get("engine", "sim"))

    def samples(self, of) -> dict[int, np.ndarray]:
        """Return what `of` takes from each run, by seed; a run that measured nothing of it has none."""
        return {run.seed: got for run in self.runs if len(got := of(run))}

    def values(self, key: str) -> dict[int, float]:
        return {run.seed: run.values[key] for run in self.runs if key in run.values}


@dataclass(frozen=True)
class Pair:
    a: Side
    b: Side


def read_finished(name: str) -> Results:
    """Read a folder that loom run has come to its end with."""
    results = read_results(Path(name))
    if not (Path(name) / FINISHED).is_file():
        raise ResultsError(f"{name}: loom run has not finished: no {FINISHED} in it")
    return results


def _read(name: str) -> tuple[Results, str | None]:
    """Read FOLDER or FOLDER:ARM; a folder whose own name has a colon is taken first."""
    folder, arm = Path(name), None
    if not folder.is_dir() and ":" in name:
        before, _, arm = name.rpartition(":")
        folder = Path(before)
    if not folder.is_dir():
        raise ResultsError(f"{folder}: there is no such folder")
    results = read_finished(str(folder))
    if arm is not None and arm not in results.arms:
        raise ResultsError(f"{folder}: no arm \"{arm}\" in it; there are {', '.join(results.arms)}")
    return results, arm


def _arms(a: Results, arm_a: str | None, b: Results, arm_b: str | None) -> list[tuple[str, str]]:
    """Choose what is compared: the arms that are named; the only ones; those of the same name."""
    if arm_a and arm_b:
        return [(arm_a, arm_b)]
    of_a = [arm_a] if arm_a else a.arms
    of_b = [arm_b] if arm_b else b.arms
    if len(of_a) == 1 and len(of_b) == 1:
        return [(of_a[0], of_b[0])]
    shared = [(arm, arm) for arm in of_a if arm in of_b]
    if not shared:
        raise ResultsError(
            f"no arm of {a.folder} ({', '.join(of_a)}) has the name of one of {b.folder} ({', '.join(of_b)}): "
            "name one of each, FOLDER:ARM"
        )
    return shared


def _labels(a: Results, arm_a: str, b: Results, arm_b: str) -> tuple[str, str]:
    """Name the sides as shortly as tells them apart: by arm, by folder, by both, or by their place."""
    folders = Path(a.folder).name, Path(b.folder).name
    same_folder = Path(a.folder).resolve() == Path(b.folder).resolve()
    if same_folder and arm_a != arm_b:
        return arm_a, arm_b
    if folders[0] != folders[1]:
        return f"{folders[0]}:{arm_a}", f"{folders[1]}:{arm_b}"
    return f"A:{arm_a}", f"B:{arm_b}"


def pairs(name_a: str, name_b: str) -> list[Pair]:
    """Read both and say what is to be compared with what."""
    a, arm_a = _read(name_a)
    b, arm_b = _read(name_b)
    made = []
    for one, other in _arms(a, arm_a, b, arm_b):
        label, other_label = _labels(a, one, b, other)
        made.append(Pair(Side(a, one, label), Side(b, other, other_label)))
    return made


def settings_that_differ(pair: Pair) -> list[tuple[str, str, str]]:
    """List path, value of a, value of b; arms are left out, for they are what is compared."""
    of_a, of_b = (dict(settings_rows(side.results.scenario)) for side in (pair.a, pair.b))
    skipped = ("name", "about", "seeds", "arms")
    keys = [key for key in [*of_a, *(key for key in of_b if key not in of_a)] if not key.startswith(skipped)]
    return [(key, of_a.get(key, "-"), of_b.get(key, "-")) for key in keys if of_a.get(key) != of_b.get(key)]
