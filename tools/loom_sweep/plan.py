"""plan - what a sweep is: its jobs, and the words of the `loom run` that each of them is.

A job is a seed of a setting, with all arms. `loom run` makes its folders whole or not at all, and with --resume only
what is not there: so a job may be killed, and started again anywhere, at any time.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import SweepError
from .settings import Setting

PROGRAM = "LOOM_PROGRAM"  # as `loom sweep` says it
JOBS = "jobs"  # folder of logs and of what Slurm is asked


@dataclass(frozen=True)
class Job:
    setting: Setting
    seed: int

    @property
    def name(self) -> str:
        return f"{self.setting.name}/seed-{self.seed}"

    @property
    def log_name(self) -> str:
        return f"{self.setting.name}.seed-{self.seed}.log"


@dataclass(frozen=True)
class Checked:
    """What `loom run --check` says of one setting."""

    scenario: str
    arms: list[str]
    warm_up_s: int
    duration_s: int
    at_once: int  # runs that this machine has processors and memory for
    seeds_there: frozenset[int]


@dataclass(frozen=True)
class Sweep:
    scenario: Path
    options: tuple[str, ...]  # of every `loom run`
    settings: list[Setting]
    seeds: range
    out: Path
    program: Path

    @property
    def jobs(self) -> list[Job]:
        return [Job(setting, seed) for setting in self.settings for seed in self.seeds]

    def words(self, setting: Setting, seeds: str, *more: str) -> list[str]:
        """Return the command of some seeds of a setting."""
        folder = str(self.out / setting.name)
        return [str(self.program), "run", str(self.scenario), *self.options, *setting.words, "--seed", seeds,
                "--out", folder, "--resume", *more]  # fmt: skip

    def job_words(self, job: Job) -> list[str]:
        return self.words(job.setting, str(job.seed), "--part", "--at-once", "1", "--threads", "1")

    def job_command(self, job: Job) -> str:
        return shlex.join(self.job_words(job))

    def log(self, job: Job) -> Path:
        return self.out / JOBS / job.log_name

    @property
    def all_seeds(self) -> str:
        return f"{self.seeds[0]}..{self.seeds[-1]}"


def find_program() -> Path:
    named = os.environ.get(PROGRAM)
    if not named:
        raise SweepError(f"expected {PROGRAM} in the environment: run it as `loom sweep`")
    return Path(named)


def last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def check(sweep: Sweep, setting: Setting) -> Checked:
    """Read the scenario with its values as every job will, and see what is there already."""
    words = sweep.words(setting, sweep.all_seeds, "--check", "--json")
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise SweepError(last_line(done.stderr))
    found = json.loads(done.stdout)
    return Checked(found["scenario"], found["arms"], found["warm_up_s"], found["duration_s"], found["at_once"],
                   frozenset(found["seeds_there"]))  # fmt: skip


def check_all(sweep: Sweep) -> list[Checked]:
    """Check every setting, before anything is run; on a terminal, say how far that is."""
    made = []
    for n, setting in enumerate(sweep.settings):
        if sys.stderr.isatty():
            print(f"\r\033[Kreading setting {n + 1} of {len(sweep.settings)}", end="", file=sys.stderr, flush=True)
        made.append(check(sweep, setting))
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    return made


def clear_leftovers(sweep: Sweep, jobs: Sequence[Job]) -> None:
    """Take away what `loom run` had not finished when it was killed, of jobs that nobody runs now."""
    for job in jobs:
        for path in (sweep.out / job.setting.name / f"seed-{job.seed}").glob(".*"):
            shutil.rmtree(path, ignore_errors=True)


def missing(sweep: Sweep, checked: Sequence[Checked]) -> list[Job]:
    return [
        Job(setting, seed)
        for setting, found in zip(sweep.settings, checked, strict=True)
        for seed in sweep.seeds
        if seed not in found.seeds_there
    ]
