"""reference_scale - the scale of latencies at which a network has the round trip times that Shadow measured on it.

    build/venv/bin/python -m loom_analysis.reference_scale .../shadow2-0.05-1/results results/{a,b}/seed-1/tor

Each run of the network has a scale (topology.scale_permille) and a median of round trip times. Latencies grow with the
scale and what relays and TCP add does not, so the medians lie on a line: through all runs by least squares, or, where
all have the same scale, through the origin. Where it reaches Shadow's median is the scale. Nothing else of the results
is looked at. Prints JSON: what scenarios/reference.scale.json keeps.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .reference import MissingError, read

ROUND_PERMILLE = 10  # of a scale: the median is no better known


@dataclass(frozen=True)
class Run:
    """The median of a run's round trips, and the scale that it had."""

    scale_permille: int
    round_trips: int
    median_s: float


def run_of(folder: Path) -> Run:
    """Read what loom run wrote of a seed and arm."""
    topology = json.loads((folder / "manifest.json").read_text())["config"]["topology"]
    trips = np.array(read(folder / "tornet.plot.data", "round_trip_time"), dtype=float)
    if not len(trips):
        raise MissingError(f"{folder}: expected round trips, found none")
    return Run(topology["scale_permille"], len(trips), float(np.median(trips)))


def line(runs: list[Run]) -> tuple[float, float]:
    """Return seconds at scale 0, and seconds a permille, each run weighted by its round trips."""
    weights = np.sqrt([run.round_trips for run in runs])
    scales = np.array([run.scale_permille for run in runs], dtype=float)
    medians = np.array([run.median_s for run in runs])
    if len(set(scales)) == 1:
        return 0.0, float(np.average(medians, weights=weights**2) / scales[0])
    slope, offset = np.polyfit(scales, medians, 1, w=weights)
    return float(offset), float(slope)


def fit(theirs: Path, folders: list[Path]) -> dict[str, object]:
    """Return the scale and what it was fitted on."""
    trips = np.array(read(theirs, "round_trip_time"), dtype=float)
    runs = [run_of(folder) for folder in folders]
    offset, slope = line(runs)
    if slope <= 0:
        raise MissingError("expected round trips that grow with the scale: more or longer runs")
    exact = (float(np.median(trips)) - offset) / slope
    return {
        "quantity": "round_trip_time, median",
        "shadow": {"results": theirs.resolve().parent.name, "round_trips": len(trips),
                   "median_s": round(float(np.median(trips)), 6)},
        "runs": [{"scale_permille": run.scale_permille, "round_trips": run.round_trips,
                  "median_s": round(run.median_s, 6)} for run in runs],
        "scale_permille": round(exact / ROUND_PERMILLE) * ROUND_PERMILLE,
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="loom_analysis.reference_scale", description=__doc__.partition("\n")[0])
    parser.add_argument("theirs", type=Path, help="a folder with results of Shadow")
    parser.add_argument("ours", type=Path, nargs="+", help="folders of a seed and arm that loom run wrote")
    args = parser.parse_args(arguments)
    try:
        print(json.dumps(fit(args.theirs, args.ours), indent=1))
    except (MissingError, OSError, json.JSONDecodeError, KeyError) as error:
        print(f"loom_analysis.reference_scale: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
