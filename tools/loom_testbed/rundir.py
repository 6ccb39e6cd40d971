"""rundir - where runs keep their files. Logs stay; keys and caches go; the oldest runs go altogether."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from .errors import TestbedError
from .process import is_running

REPOSITORY = Path(__file__).resolve().parents[2]
RUNS = REPOSITORY / "build" / "testbed"
RUNS_KEPT_MAX = 20


def make(asked: Path | None) -> Path:
    """Make the directory of this run; one that was asked for must be new or empty."""
    if asked is None:
        _forget_oldest()
        asked = RUNS / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    try:
        asked.mkdir(parents=True, exist_ok=True)
        if any(asked.iterdir()):
            raise TestbedError(f"--dir {asked}: not empty; give a new or an empty directory")
    except OSError as error:
        raise TestbedError(f"--dir {asked}: {error.strerror}") from error
    return asked.resolve()


def keep_logs_only(directory: Path) -> None:
    """Remove what the processes stored, and keep what they logged and how they were configured."""
    for data in directory.glob("*/data"):
        shutil.rmtree(data, ignore_errors=True)


def _forget_oldest() -> None:
    if not RUNS.is_dir():
        return
    ended = [run for run in sorted(RUNS.iterdir()) if not _is_in_use(run)]
    for run in ended[: max(0, len(ended) - RUNS_KEPT_MAX + 1)]:
        shutil.rmtree(run, ignore_errors=True)


def _is_in_use(run: Path) -> bool:
    pid = run.name.rpartition("-")[2]
    return not pid.isdigit() or is_running(int(pid))
