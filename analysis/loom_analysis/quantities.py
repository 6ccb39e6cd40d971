"""quantities - the single numbers that a run is summed up in. summary.json names them and has their values; what is
added here is how the report shows them.
"""

from __future__ import annotations

from dataclasses import dataclass

from .model import ALL_CLASSES, Results
from .statistics import Estimate, Paired, estimate, paired

# By the first part of the key: digits after the point, which way is better, the plot of differences that shows it.
_SHOWN = {
    "first_byte": (3, "less", "clients"),
    "last_byte": (3, "less", "clients"),
    "goodput": (2, "more", "clients"),
    "fairness": (3, "more", "clients"),
    "build": (3, "less", "clients"),
    "failed": (2, "less", "clients"),
    "written": (3, "more", "relays"),
    "busiest": (1, "", "relays"),
    "cores": (1, "", "relays"),
    "bound": (2, "less", "relays"),
    "delay": (4, "less", "relays"),
    "late": (3, "less", "relays"),
    "core_wait": (4, "less", ""),
}


@dataclass(frozen=True)
class Quantity:
    key: str
    label: str
    unit: str
    digits: int = 3
    better: str = ""  # "less", "more", or neither
    group: str = ""  # of the plot of differences that shows it; "": the table alone

    def by_seed(self, results: Results, arm: str) -> dict[int, float]:
        """Return values by seed; a run that measured nothing of it has none."""
        return {run.seed: run.values[self.key] for run in results.of(arm) if self.key in run.values}

    def estimate(self, results: Results, arm: str) -> Estimate | None:
        return estimate(list(self.by_seed(results, arm).values()))

    def paired(self, results: Results, arm: str) -> Paired | None:
        return paired(self.by_seed(results, results.arms[0]), self.by_seed(results, arm))


def size_label(size: int) -> str:
    """Name a file's size as people do: "50 KiB"; bytes when it is no whole number of a unit."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def _shown(key: str, label: str, unit: str) -> Quantity:
    kind, _, of = key.partition(".")
    digits, better, group = _SHOWN.get(kind, (3, "", ""))
    is_of_class = unit != "s" and of not in ("", ALL_CLASSES)
    return Quantity(key, label, unit, digits, better, "" if is_of_class else group)


def quantities(results: Results) -> list[Quantity]:
    """List what the report compares, in its order: that of summary.json, without what no run measured."""
    runs = results.all_runs()
    return [_shown(*one) for one in runs[0].named if any(one[0] in run.values for run in runs)]


def find(made: list[Quantity], key: str) -> Quantity | None:
    return next((one for one in made if one.key == key), None)


def estimate_of(results: Results, made: list[Quantity], key: str, arm: str) -> Estimate | None:
    """Estimate by key; None also when there is no such quantity."""
    one = find(made, key)
    return one.estimate(results, arm) if one else None
