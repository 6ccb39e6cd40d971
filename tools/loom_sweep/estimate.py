"""estimate - how long a sweep will take: from runs of it that are there, else from the beginning of its first job.

The first seconds of a network, in which circuits are built and nothing is full yet, cost less than later ones; so what
is said from them is what it will take at least, about.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .plan import Checked, Job, Sweep, last_line

PILOT_SHARE = 0.1  # of the simulated time of one job
PILOT = ".pilot"


@dataclass(frozen=True)
class Estimate:
    job_s: float | None  # processor time of one job; None: not known
    why: str

    def words(self, jobs: int, at_once: int) -> str:
        if self.job_s is None:
            return f"its time is not known: {self.why}"
        rounds = -(-jobs // at_once)
        return f"about {duration(rounds * self.job_s)}, {at_once} at once, of {self.job_s:.1f} s each ({self.why})"


def duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def cpu_s(folder: Path) -> float:
    """Return processor time of all that was simulated for a folder seed-N; a twin takes none of its own."""
    hosts = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/host.json"))]
    return sum({host["simulated"]: host["cpu_s"] for host in hosts}.values())


def _from_there(sweep: Sweep, there: Sequence[Job]) -> Estimate | None:
    took = [cpu_s(sweep.out / job.setting.name / f"seed-{job.seed}") for job in there]
    if not took:
        return None
    return Estimate(sum(took) / len(took), f"as the {len(took)} that are there")


def _pilot(sweep: Sweep, checked: Checked, job: Job) -> Estimate:
    all_s = checked.warm_up_s + checked.duration_s
    pilot_s = max(1, round(all_s * PILOT_SHARE))
    folder = sweep.out / PILOT
    shutil.rmtree(folder, ignore_errors=True)
    changes = ("--set", "bootstrap_s=0", "--set", "warm_up_s=0", "--set", f"duration_s={pilot_s}")
    words = [str(sweep.program), "run", str(sweep.scenario), *sweep.options, *job.setting.words, *changes, "--seed",
             str(job.seed), "--out", str(folder), "--part", "--at-once", "1", "--threads", "1"]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    took = cpu_s(folder / f"seed-{job.seed}") if done.returncode == 0 else None
    shutil.rmtree(folder, ignore_errors=True)
    if took is None:
        return Estimate(None, f"a trial of {pilot_s} s failed: {last_line(done.stderr)}")
    return Estimate(took * all_s / pilot_s, f"its first {pilot_s} simulated seconds of {all_s} took {took:.1f} s")


def estimate(sweep: Sweep, checked: Sequence[Checked], missing: Sequence[Job]) -> Estimate:
    there = [job for job in sweep.jobs if job not in set(missing)]
    first = sweep.settings.index(missing[0].setting)
    return _from_there(sweep, there) or _pilot(sweep, checked[first], missing[0])
