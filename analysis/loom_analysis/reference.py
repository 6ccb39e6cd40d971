"""reference - a simulation of Loom beside what Shadow measured on the same network, under the names of tornettools.

    build/venv/bin/python -m loom_analysis.reference results/reference/seed-1/tor .../shadow2-0.05-1/results

Prints a table: how many values, both medians, their difference, and Kolmogorov-Smirnov's distance with what chance
alone would make of it; and whether that is as near as is asked (Asked). Shadow's files name no kind of circuit, or
".exit"; ours are those of exit circuits.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .distances import distance

SIZES = ("51200", "1048576", "5242880")


@dataclass(frozen=True)
class Asked:
    """How far medians may be apart, in percent, and the distributions."""

    percent: float
    ks: float = 1.0


TIMES_ASKED = Asked(20, 0.20)
BUILDS_ASKED = Asked(20)
GOODPUT_ASKED = Asked(10)
ERRORS_ASKED_POINTS = 1.0
LISTS = {
    "round_trip_time": ("round trip time [s]", None),
    "perfclient_circuit_build_time": ("circuit build time [s]", BUILDS_ASKED),
}
BY_SIZE = {
    "time_to_first_byte_recv": "time to first byte [s]",
    "time_to_last_byte_recv": "time to last byte [s]",
}


class MissingError(Exception):
    """A file that is not there, or is of another kind."""


@dataclass(frozen=True)
class Row:
    """One quantity on both sides. Relative: of the second, to the first."""

    label: str
    theirs: np.ndarray
    ours: np.ndarray
    asked: Asked | None = None


def read(folder: Path, name: str) -> object:
    """Return what a side has under one of tornettools' names."""
    for file in (folder / f"{name}.exit.json", folder / f"{name}.json"):
        if file.is_file():
            return json.loads(file.read_text())
    raise MissingError(f"{folder}: expected {name}.json or {name}.exit.json")


def error_percent(folder: Path) -> np.ndarray:
    """Return the share of failed transfers of each client."""
    found = read(folder, "error_rate")
    rates = found.get("ALL", []) if isinstance(found, dict) else []
    return np.array([rate[0] if isinstance(rate, list) else rate for rate in rates], dtype=float)


def goodput(folder: Path) -> np.ndarray:
    """Return what all relays wrote in each second, in Gbit."""
    found = read(folder, "relay_goodput")
    if not isinstance(found, dict):
        raise MissingError(f"{folder}: expected relay_goodput by second")
    return np.array(list(found.values()), dtype=float) * 8 / 1e9


def rows(theirs: Path, ours: Path) -> list[Row]:
    """Collect all quantities of which both sides have values."""
    out = [Row(label, *(np.array(read(side, name), dtype=float) for side in (theirs, ours)), asked)
           for name, (label, asked) in LISTS.items()]
    for name, label in BY_SIZE.items():
        by_size = [read(side, name) for side in (theirs, ours)]
        out += [Row(f"{label}, {int(size) // 1024} KiB", *(np.array(one.get(size, []), dtype=float) for one in by_size),
                    TIMES_ASKED) for size in SIZES if all(isinstance(one, dict) for one in by_size)]
    out.append(Row("relay goodput [Gbit/s]", goodput(theirs), goodput(ours), GOODPUT_ASKED))
    return out


def text_of(row: Row) -> str:
    """Return a line of the table."""
    if not len(row.theirs) or not len(row.ours):
        return f"{row.label:38} {len(row.theirs):6} {len(row.ours):6}   no values on one side"
    medians = float(np.median(row.theirs)), float(np.median(row.ours))
    percent = 100 * (medians[1] / medians[0] - 1)
    far = distance(row.theirs, row.ours)
    held = ""
    if row.asked:
        held = "yes" if abs(percent) <= row.asked.percent and far.ks <= row.asked.ks else "no"
    return (f"{row.label:38} {len(row.theirs):6} {len(row.ours):6} {medians[0]:9.3f} {medians[1]:9.3f} "
            f"{percent:+7.1f} % {far.ks:6.2f} {far.ks_by_chance:6.2f} {held:>5}".rstrip())


def table(theirs: Path, ours: Path) -> str:
    """Return the whole table."""
    lines = [f"{'':38} {'values':>13} {'medians':>19}", f"{'':38} {'Shadow':>6} {'Loom':>6} {'Shadow':>9} {'Loom':>9} "
             f"{'differ':>9} {'KS':>6} {'chance':>6} {'held':>5}"]
    lines += [text_of(row) for row in rows(theirs, ours)]
    errors = [float(np.mean(error_percent(side))) for side in (theirs, ours)]
    is_held = abs(errors[1] - errors[0]) <= ERRORS_ASKED_POINTS
    lines.append(f"{'failed transfers, of a client [%]':38} {'':13} {errors[0]:9.2f} {errors[1]:9.2f} "
                 f"{'yes' if is_held else 'no':>29}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="loom_analysis.reference", description=__doc__.partition("\n")[0])
    parser.add_argument("ours", type=Path, help="a folder of a seed and arm that loom run wrote")
    parser.add_argument("theirs", type=Path, help="a folder with results of Shadow")
    args = parser.parse_args(arguments)
    try:
        sys.stdout.write(table(args.theirs, args.ours / "tornet.plot.data"))
    except (MissingError, OSError, json.JSONDecodeError) as error:
        print(f"loom_analysis.reference: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
