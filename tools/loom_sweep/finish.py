"""finish - what a sweep leaves when all jobs are there: tables of each setting and over all, hashes, a report."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from loom_analysis.results import ResultsError
from loom_analysis.sweeps import MANIFEST, read_sweep

from . import table
from .errors import SweepError
from .files import sha256, write
from .plan import Checked, Sweep, last_line

FORMAT = 1
HASHES = "results.sha256"
REPORT = "report.html"
OF_SETTING = ("comparison.json", "summary.json")  # what `loom run` writes over the seeds of one


def forget(sweep: Sweep) -> None:
    """Take away what says that the sweep is whole, before more is run."""
    for name in (HASHES, table.CSV, table.JSON, REPORT):
        (sweep.out / name).unlink(missing_ok=True)


def write_manifest(sweep: Sweep, checked: Sequence[Checked]) -> None:
    settings = [
        {"name": setting.name, "set": dict(setting.values), "arms": found.arms}
        for setting, found in zip(sweep.settings, checked, strict=True)
    ]
    made = {"format": FORMAT, "scenario": checked[0].scenario, "settings": settings,
            "seeds": {"first": sweep.seeds[0], "last": sweep.seeds[-1]}}  # fmt: skip
    write(sweep.out / MANIFEST, json.dumps(made, indent=1) + "\n")


def _compare_seeds(sweep: Sweep) -> None:
    """Have `loom run` put the seeds of each setting together; it runs nothing, as all of them are there."""
    for setting in sweep.settings:
        words = sweep.words(setting, sweep.all_seeds)
        done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise SweepError(last_line(done.stderr))


def _hash_lines(sweep: Sweep, arms: dict[str, list[str]]) -> list[str]:
    """Return lines as sha256sum writes them: hashes that each run has of its own files, then those of the tables."""
    lines = []
    for setting in sweep.settings:
        for name in (f"{setting.name}/{one}" for one in OF_SETTING):
            if (sweep.out / name).is_file():
                lines.append(f"{sha256(sweep.out / name)}  {name}")
        for run in (f"{setting.name}/seed-{seed}/{arm}" for seed in sweep.seeds for arm in arms[setting.name]):
            for line in (sweep.out / run / HASHES).read_text(encoding="utf-8").splitlines():
                digest, name = line.split("  ", 1)
                lines.append(f"{digest}  {run}/{name}")
    return lines + [f"{sha256(sweep.out / name)}  {name}" for name in (MANIFEST, table.CSV, table.JSON)]


def finish(sweep: Sweep, checked: Sequence[Checked]) -> list[list[Any]]:
    """Return the lines of the table over all settings."""
    arms = {setting.name: found.arms for setting, found in zip(sweep.settings, checked, strict=True)}
    _compare_seeds(sweep)
    write_manifest(sweep, checked)
    lines = table.save(sweep, arms)
    write(sweep.out / HASHES, "\n".join(_hash_lines(sweep, arms)) + "\n")
    return lines


def write_report(sweep: Sweep) -> None:
    from loom_analysis import report  # here, as drawing alone needs it and it takes seconds to load

    try:
        write(sweep.out / REPORT, report.render(read_sweep(sweep.out)))
    except (ResultsError, OSError) as error:
        raise SweepError(f"the report: {error}") from error
