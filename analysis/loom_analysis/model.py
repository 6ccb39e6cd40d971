"""model - what a run measured, as plain values: what results.py reads and everything else here looks at."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

ALL_CLASSES = "all relays"


@dataclass(frozen=True)
class Relays:
    """One row a relay, over the measured time."""

    names: list[str]
    classes: list[str]  # of the scenario's hardware
    is_loom: np.ndarray
    busiest: np.ndarray  # share of time that its busiest thread worked, CPU workers not
    cpu_bound: np.ndarray  # share of samples in which that thread was busy nearly all the time
    delays: np.ndarray  # [relay, bin]: how many inputs waited so long
    delay_edges_s: np.ndarray  # one more than bins

    def of(self, name: str) -> np.ndarray:
        """Return which rows are of a hardware class, or all of them for ALL_CLASSES."""
        if name == ALL_CLASSES:
            return np.ones(len(self.names), dtype=bool)
        return np.array([one == name for one in self.classes], dtype=bool)


@dataclass(frozen=True)
class Run:
    """One seed of one arm. Times are seconds, samples those of measured clients in the measured time."""

    seed: int
    arm: str
    first_byte: dict[int, np.ndarray]  # by bytes of the file
    last_byte: dict[int, np.ndarray]
    goodput_mbit: np.ndarray
    build_s: np.ndarray
    outcomes: dict[str, int]  # of transfers, by name
    written_times: np.ndarray
    written_gbit: np.ndarray  # by all relays in the second from then on
    relays: Relays
    values: dict[str, float]  # the single numbers that it is summed up in, by key; those that were measured
    named: tuple[tuple[str, str, str], ...]  # key, label and unit of all of them, in their order
    manifest: dict = field(default_factory=dict)
    host: dict = field(default_factory=dict)
    results_sha256: str = ""  # of the list of the run's hashes


@dataclass(frozen=True)
class Results:
    """All runs of an experiment; arms in the scenario's order, the first is the one compared with."""

    folder: str
    scenario: dict
    arms: list[str]
    runs: dict[tuple[str, int], Run]
    prices: str  # "uncalibrated", "calibrated" or "no CPU model"
    missing: list[str] = field(default_factory=list)  # what the scenario asked for and is not there

    @property
    def seeds(self) -> list[int]:
        return sorted({seed for _, seed in self.runs})

    def of(self, arm: str) -> list[Run]:
        """Return an arm's runs by seed."""
        return [self.runs[arm, seed] for seed in self.seeds if (arm, seed) in self.runs]

    def all_runs(self) -> list[Run]:
        return [run for arm in self.arms for run in self.of(arm)]

    @property
    def sizes(self) -> list[int]:
        return sorted({size for run in self.all_runs() for size in (*run.first_byte, *run.last_byte)})

    @property
    def classes(self) -> list[str]:
        """Return hardware classes in the scenario's order, those that some relay has."""
        used = {name for run in self.all_runs() for name in run.relays.classes}
        order = [one["name"] for one in self.scenario.get("hardware", {}).get("classes", [])]
        return [name for name in order if name in used] + sorted(used - set(order))
