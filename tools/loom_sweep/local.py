"""local - runs jobs on this machine, so many side by side; they end with us, whatever ends us."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from .plan import Job, Sweep, clear_leftovers, last_line
from .progress import Progress

POLL_S = 0.05


@dataclass(frozen=True)
class Failure:
    job: Job
    why: str


def _start(sweep: Sweep, job: Job) -> subprocess.Popen[bytes]:
    """Start a job whose words go to its log. `loom run` in turn ends what it started when it ends."""
    with sweep.log(job).open("wb") as log:
        words = ["setpriv", "--pdeathsig", "KILL", "--", *sweep.job_words(job)]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def why_it_failed(sweep: Sweep, job: Job, status: int | None = None) -> str:
    try:
        said = last_line(sweep.log(job).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        said = "it has no log"
    return f"ended by signal {-status}" if status is not None and status < 0 else said


class Local:
    """Runs what it is given, and says what failed."""

    def __init__(self, sweep: Sweep, at_once: int) -> None:
        self._sweep = sweep
        self._at_once = at_once
        self._running: dict[Job, subprocess.Popen[bytes]] = {}

    @property
    def at_once(self) -> int:
        return self._at_once

    def run(self, jobs: Sequence[Job], progress: Progress) -> list[Failure]:
        return self._run(jobs, progress, self._at_once)

    def run_alone(self, jobs: Sequence[Job], progress: Progress) -> list[Failure]:
        """Run one after the other, with all of the machine to itself."""
        return self._run(jobs, progress, 1)

    def stop(self) -> None:
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()

    def _run(self, jobs: Sequence[Job], progress: Progress, at_once: int) -> list[Failure]:
        clear_leftovers(self._sweep, jobs)
        waiting, failures, ended = list(reversed(jobs)), [], 0
        while waiting or self._running:
            while waiting and len(self._running) < at_once:
                job = waiting.pop()
                self._running[job] = _start(self._sweep, job)
            for job, process in list(self._running.items()):
                if (status := process.poll()) is None:
                    continue
                del self._running[job]
                ended += 1
                if status != 0:
                    failures.append(Failure(job, why_it_failed(self._sweep, job, status)))
                    progress.line(f"{job.name} failed: {failures[-1].why}")
            progress.show(ended, [self._sweep.log(job) for job in self._running], f"{len(self._running)} running")
            time.sleep(POLL_S)
        return failures
