"""slurm - runs jobs as job arrays of Slurm; the folder of results must be one that its nodes share.

What was asked of Slurm is kept in jobs/slurm.json, so that a sweep that was ended finds its tasks again: they go on
without it, and are not asked for twice. Whether a task did its work is seen by its results, not by Slurm's memory.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import SweepError
from .files import write
from .local import Failure, why_it_failed
from .plan import JOBS, Job, Sweep, check_all, clear_leftovers, last_line, missing
from .progress import Progress

ARRAY_MAX = 1000  # tasks of one array; Slurm's own bound is 1001 when nobody set it
POLL_S, POLL_SECONDS_MAX = 0.5, 5.0
PATIENCE_S = 120.0  # for a controller that does not answer
SETTLE_S = 3.0  # until files that another node wrote are seen here
RECORD = "slurm.json"
NEEDED = ("sbatch", "squeue")
SCRIPT = """#!/bin/sh
command=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" {commands})
eval "$command"
"""


@dataclass(frozen=True)
class Task:
    array: str  # Slurm's number of it
    index: int


def _need_programs() -> None:
    for name in NEEDED:
        if shutil.which(name) is None:
            raise SweepError(f"--on slurm: no program {name} on PATH (Debian: slurm-client)")


def _call(words: Sequence[str], text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, input=text, capture_output=True, text=True, check=False)


def _index_list(indexes: Sequence[int]) -> str:
    """Write "0-3,7"."""
    parts: list[list[int]] = []
    for index in sorted(indexes):
        if parts and parts[-1][1] == index - 1:
            parts[-1][1] = index
        else:
            parts.append([index, index])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


class Slurm:
    """Runs what it is given, and says what failed."""

    def __init__(self, sweep: Sweep, at_once: int | None, words: str) -> None:
        _need_programs()
        self._sweep = sweep
        self._at_once = at_once
        self._words = shlex.split(words)
        self._folder = sweep.out / JOBS
        self._arrays: dict[str, list[str]] = self._read_record()  # names of jobs by index

    @property
    def at_once(self) -> int:
        """Return how many there may be side by side: what was asked for, or the processors of the cluster."""
        if self._at_once:
            return self._at_once
        found = _call(["sinfo", "--noheader", "--format=%C"])  # of each partition allocated/idle/other/total
        totals = [int(line.rpartition("/")[2]) for line in found.stdout.split() if line.count("/") == 3]
        return max([*totals, 1])

    def run(self, jobs: Sequence[Job], progress: Progress) -> list[Failure]:
        there = self._queued()
        names = {job.name for job in self._sweep.jobs}
        if others := sorted(name for name in there if name not in names):
            raise SweepError(f"{self._sweep.out}: jobs of another sweep are in the queue, {others[0]} say; scancel "
                             + " ".join(sorted({task.array for task in there.values()})))  # fmt: skip
        if there:
            progress.line(f"{len(there)} are in the queue from before")
        fresh = [job for job in jobs if job.name not in there]
        clear_leftovers(self._sweep, fresh)
        for i in range(0, len(fresh), ARRAY_MAX):
            self._submit(fresh[i : i + ARRAY_MAX], progress)
        return self._wait(jobs, progress)

    def run_alone(self, jobs: Sequence[Job], progress: Progress) -> list[Failure]:
        """Run each with a whole node to itself."""
        for job in jobs:
            self._submit([job], progress, "--exclusive")
        return self._wait(jobs, progress)

    def stop(self) -> None:
        """Leave what is queued; say how to take it away."""
        if queued := self._queued():
            arrays = " ".join(sorted({task.array for task in queued.values()}))
            print(f"\n{len(queued)} jobs go on without it; to end them: scancel {arrays}")

    def _read_record(self) -> dict[str, list[str]]:
        try:
            return json.loads((self._folder / RECORD).read_text(encoding="utf-8"))
        except OSError:
            return {}
        except ValueError as error:
            raise SweepError(f"{self._folder / RECORD}: {error}") from error

    def _write_commands(self, jobs: Sequence[Job]) -> Path:
        """Write a line for each task; a file that a queued task reads never changes."""
        lines = [f"{self._sweep.job_command(job)} >{shlex.quote(str(self._sweep.log(job)))} 2>&1\n" for job in jobs]
        text = "".join(lines)
        path = self._folder / f"commands-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        write(path, text)
        return path

    def _submit(self, jobs: Sequence[Job], progress: Progress, *more: str) -> None:
        commands = self._write_commands(jobs)
        side_by_side = f"%{self._at_once}" if self._at_once else ""
        words = ["sbatch", "--parsable", f"--array={_index_list(range(len(jobs)))}{side_by_side}",
                 "--job-name=loom-sweep", "--cpus-per-task=1", f"--chdir={os.getcwd()}",
                 f"--output={self._folder}/slurm-%A_%a.out", *more, *self._words]  # fmt: skip
        done = _call(words, SCRIPT.format(commands=shlex.quote(str(commands))))
        if done.returncode != 0:
            raise SweepError(f"sbatch: {last_line(done.stderr)}")
        array = done.stdout.strip().partition(";")[0]  # a cluster's name may follow
        self._arrays[array] = [job.name for job in jobs]
        write(self._folder / RECORD, json.dumps(self._arrays, indent=1) + "\n")
        progress.line(f"job array {array}: {len(jobs)} tasks")

    def _queued(self) -> dict[str, Task]:
        """Return jobs by name that Slurm has not ended; waits for a controller that is away for a while."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            done = _call(["squeue", "--noheader", "--array", "--me", "--format=%F %K %T"])
            if done.returncode == 0:
                break
            if time.monotonic() > deadline:
                raise SweepError(f"squeue: {last_line(done.stderr)}")
            time.sleep(POLL_SECONDS_MAX)
        self._running = 0
        out = {}
        for array, index, state in (line.split() for line in done.stdout.splitlines()):
            if array in self._arrays and index.isdigit() and state != "COMPLETING":
                out[self._arrays[array][int(index)]] = Task(array, int(index))
                self._running += state == "RUNNING"
        return out

    def _wait(self, jobs: Sequence[Job], progress: Progress) -> list[Failure]:
        pause = POLL_S
        while queued := self._queued():
            waiting = [job for job in jobs if job.name in queued]
            if not waiting:
                break
            logs = [self._sweep.log(job) for job in waiting]
            progress.show(len(jobs) - len(waiting), logs, f"{self._running} running")
            time.sleep(pause)
            pause = min(pause * 1.2, POLL_SECONDS_MAX)
        return self._failed(jobs)

    def _failed(self, jobs: Sequence[Job]) -> list[Failure]:
        left = self._not_there(jobs)
        if left:
            time.sleep(SETTLE_S)
            left = self._not_there(left)
        return [Failure(job, self._why(job)) for job in left]

    def _not_there(self, jobs: Sequence[Job]) -> list[Job]:
        lacking = set(missing(self._sweep, check_all(self._sweep)))
        return [job for job in jobs if job in lacking]

    def _why(self, job: Job) -> str:
        """Return what Slurm said of its last task, else what the job said."""
        for array, names in reversed(self._arrays.items()):
            if job.name in names:
                said = self._folder / f"slurm-{array}_{names.index(job.name)}.out"
                if said.is_file() and (text := said.read_text(encoding="utf-8", errors="replace").strip()):
                    return last_line(text)
                break
        return why_it_failed(self._sweep, job)
