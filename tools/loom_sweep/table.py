"""table - one table over all settings, arms and quantities of a sweep: medians, means and their intervals over seeds.

A seed is one observation. The interval of the median is that between two of the ordered values: it assumes nothing of
their distribution, and needs six seeds. That of the mean is Student's.
Differences are taken seed by seed against the first arm of the first setting, which has the same seeds.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loom_analysis.statistics import LEVEL, Estimate, estimate, median_interval, paired

from .files import write
from .plan import Sweep

CSV, JSON = "table.csv", "table.json"
DIGITS = 12  # as in the files of `loom run`
COLUMNS = ("setting", "arm", "key", "label", "unit", "seeds", "median", "median_low", "median_high", "mean",
           "mean_low", "mean_high", "difference", "difference_low", "difference_high")  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One quantity of one arm; values by seed, of seeds that measured it."""

    setting: str
    arm: str
    key: str
    label: str
    unit: str
    values: dict[int, float]


def _rows_of(folder: Path, setting: str, arm: str, seeds: range) -> list[Row]:
    rows: dict[str, Row] = {}
    for seed in seeds:
        summary = json.loads((folder / f"seed-{seed}" / arm / "summary.json").read_text(encoding="utf-8"))
        for one in summary["quantities"]:
            row = rows.setdefault(one["key"], Row(setting, arm, one["key"], one["label"], one["unit"], {}))
            if one["value"] is not None:
                row.values[seed] = one["value"]
    return list(rows.values())


def read_rows(sweep: Sweep, arms: dict[str, list[str]]) -> list[Row]:
    """Read what all runs are summed up in; arms: by name of the setting."""
    return [
        row
        for setting in sweep.settings
        for arm in arms[setting.name]
        for row in _rows_of(sweep.out / setting.name, setting.name, arm, sweep.seeds)
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")


def _interval(got: Estimate | None) -> tuple[float | None, float | None, float | None]:
    if got is None:
        return None, None, None
    if got.half is None:
        return got.mean, None, None
    return got.mean, got.low, got.high


def _cells(row: Row, first: Row | None) -> list[Any]:
    values = list(row.values.values())
    median, low, high = median_interval(values) or (None, None, None)
    pair = paired(first.values, row.values) if first else None
    numbers = (median, low, high, *_interval(estimate(values)), *_interval(pair.difference if pair else None))
    return [row.setting, row.arm, row.key, row.label, row.unit, len(values), *map(_rounded, numbers)]


def made_of(rows: list[Row]) -> list[list[Any]]:
    """Return the table's lines, in the order of COLUMNS; None where there is nothing."""
    if not rows:
        return []
    firsts = {row.key: row for row in rows if (row.setting, row.arm) == (rows[0].setting, rows[0].arm)}
    return [_cells(row, None if row is firsts.get(row.key) else firsts.get(row.key)) for row in rows]


def csv_of(lines: list[list[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(["" if cell is None else cell for cell in line] for line in lines)
    return out.getvalue()


def json_of(lines: list[list[Any]], rows: list[Row]) -> str:
    quantities = [
        dict(zip(COLUMNS, line, strict=True)) | {"values": {str(seed): value for seed, value in row.values.items()}}
        for line, row in zip(lines, rows, strict=True)
    ]
    words = {
        "level": LEVEL,
        "median": "between two of the ordered values of seeds; of fewer than six seeds none",
        "mean": "Student's t over seeds",
        "difference": "paired by seed, to the first arm of the first setting; its mean, Student's t",
    }
    return json.dumps({"intervals": words, "quantities": quantities}, indent=1, ensure_ascii=False) + "\n"


def save(sweep: Sweep, arms: dict[str, list[str]]) -> list[list[Any]]:
    rows = read_rows(sweep, arms)
    lines = made_of(rows)
    write(sweep.out / CSV, csv_of(lines))
    write(sweep.out / JSON, json_of(lines, rows))
    return lines


# What is printed: a few quantities of each arm; all of them are in the files.
PRINTED = ("written", "goodput", "failed", "fairness", "bound.all relays", "busiest.all relays")


def _printed_keys(lines: list[list[Any]]) -> list[str]:
    keys = list(dict.fromkeys(line[2] for line in lines))
    times = [key for key in keys if key.startswith(("first_byte.", "last_byte.")) and key.endswith(".0.5")]
    wanted = {*PRINTED, *times[:1], *times[-1:]}
    return [key for key in keys if key in wanted]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def printed(lines: list[list[Any]]) -> str:
    """Write the medians of what people look for first, with their intervals (of the mean, with few seeds)."""
    keys = _printed_keys(lines)
    out = []
    for key in keys:
        members = [dict(zip(COLUMNS, line, strict=True)) for line in lines if line[2] == key]
        out.append(f"{members[0]['label']}, {members[0]['unit']}")
        for one in members:
            low, high = one["median_low"], one["median_high"]
            name = f"{one['setting']}, {one['arm']}"
            interval = f" [{_number(low)}, {_number(high)}]" if low is not None else ""
            mean = f"mean {_number(one['mean'])}"
            if one["mean_low"] is not None:
                mean += f" [{_number(one['mean_low'])}, {_number(one['mean_high'])}]"
            out.append(f"    {name:<44} median {_number(one['median'])}{interval}, {mean}")
    return "\n".join(out)
