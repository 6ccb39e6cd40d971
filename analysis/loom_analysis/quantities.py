"""quantities - the single numbers that a run is summed up in: what each is called, its unit, and how to get it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .model import ALL_CLASSES, Results, Run
from .statistics import Estimate, Paired, estimate, histogram_quantile, paired

LATE = 0.99  # the quantile that stands for the slow end


@dataclass(frozen=True)
class Quantity:
    """value gives None where a run has nothing to say."""

    key: str
    label: str
    unit: str
    digits: int
    better: str  # "less", "more" or "" when neither is
    group: str  # of the plot that shows it; "" for the table alone
    value: Callable[[Run], float | None]

    def by_seed(self, results: Results, arm: str) -> dict[int, float]:
        values = {run.seed: self.value(run) for run in results.of(arm)}
        return {seed: value for seed, value in values.items() if value is not None and math.isfinite(value)}

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


def _quantile(samples: np.ndarray | None, probability: float) -> float | None:
    return float(np.quantile(samples, probability)) if samples is not None and len(samples) else None


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def written_mean_gbit(run: Run) -> float | None:
    """Return what all relays wrote together, in the mean of the measured seconds."""
    return _mean(run.written_gbit)


def delay_mean_ms(run: Run, name: str) -> float | None:
    rows = run.relays.of(name)
    inputs = run.relays.inputs[rows].sum()
    return 1e3 * float(run.relays.delay_sum_s[rows].sum()) / float(inputs) if inputs else None


def delay_late_ms(run: Run, name: str) -> float | None:
    counts = run.relays.delays[run.relays.of(name)].sum(axis=0)
    return 1e3 * histogram_quantile(run.relays.delay_edges_s, counts, LATE) if counts.sum() else None


def _transfers(sizes: list[int]) -> list[Quantity]:
    made = []
    for words, attribute in (("first byte", "first_byte"), ("last byte", "last_byte")):
        for size in sizes:
            for name, probability in (("median", 0.5), ("95 %", 0.95)):
                made.append(
                    Quantity(
                        f"{attribute}.{size}.{probability}",
                        f"time to {words}, {size_label(size)}, {name}",
                        "s",
                        3,
                        "less",
                        "clients",
                        lambda run, a=attribute, s=size, p=probability: _quantile(getattr(run, a).get(s), p),
                    )
                )
    made.append(
        Quantity(
            "goodput",
            "goodput of a transfer, median",
            "Mbit/s",
            2,
            "more",
            "clients",
            lambda run: _quantile(run.goodput_mbit, 0.5),
        )
    )
    made.append(
        Quantity(
            "build",
            "time to build a circuit, median",
            "s",
            3,
            "less",
            "clients",
            lambda run: _quantile(run.build_s, 0.5),
        )
    )
    made.append(
        Quantity("failed", "transfers that failed", "%", 2, "less", "clients", lambda run: run.failed_percent)
    )
    return made


def _of_class(name: str) -> list[Quantity]:
    group = "relays" if name == ALL_CLASSES else ""
    return [
        Quantity(
            f"busiest.{name}",
            f"busiest thread, mean of {name}",
            "% of time",
            1,
            "less",
            group,
            lambda run: None if (got := _mean(run.relays.busiest[run.relays.of(name)])) is None else 100 * got,
        ),
        Quantity(
            f"bound.{name}",
            f"CPU-bound time, {name}",
            "% of time",
            2,
            "less",
            group,
            lambda run: None if (got := _mean(run.relays.cpu_bound[run.relays.of(name)])) is None else 100 * got,
        ),
        Quantity(
            f"delay.{name}",
            f"queue delay of an input, mean, {name}",
            "ms",
            4,
            "less",
            group,
            lambda run: delay_mean_ms(run, name),
        ),
        Quantity(
            f"late.{name}",
            f"queue delay, {100 * LATE:.0f} % at most, {name}",
            "ms",
            3,
            "less",
            group,
            lambda run: delay_late_ms(run, name),
        ),
    ]


def quantities(results: Results) -> list[Quantity]:
    """List what the report compares, in its order."""
    made = _transfers(results.sizes)
    made.append(Quantity("written", "written by all relays", "Gbit/s", 3, "more", "relays", written_mean_gbit))
    names = [ALL_CLASSES, *results.classes] if len(results.classes) > 1 else [ALL_CLASSES]
    for name in names:
        made += _of_class(name)
    return made


def find(made: list[Quantity], key: str) -> Quantity:
    return next(one for one in made if one.key == key)
