"""progress - one line that says how far a sweep is, drawn over on a terminal; else a line now and then."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from .estimate import duration

BAR_EVERY_S, LINE_EVERY_S = 0.5, 10.0
LOG_TAIL_BYTES = 4096
_SHARE = re.compile(rb"^(\d+) %: ", re.MULTILINE)


def share_of(log: Path) -> float:
    """Return how far a job is, as its `loom run` said it last."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - LOG_TAIL_BYTES))
            found = _SHARE.findall(file.read())
    except OSError:
        return 0.0
    return min(int(found[-1]) / 100, 1.0) if found else 0.0


class Progress:
    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._began = time.monotonic()
        self._shown = -LINE_EVERY_S
        self._is_terminal = sys.stderr.isatty()

    def line(self, text: str) -> None:
        """Say something that stays."""
        if self._is_terminal:
            print("\r\033[K", end="", file=sys.stderr)
        print(text, file=sys.stderr, flush=True)

    def show(self, done: int, running: Iterable[Path], what: str) -> None:
        """Say how many jobs have ended, and how far those are whose logs are running."""
        now = time.monotonic()
        if now - self._shown < (BAR_EVERY_S if self._is_terminal else LINE_EVERY_S):
            return
        self._shown = now
        share = (done + sum(map(share_of, running))) / self._jobs
        spent = now - self._began
        left = f", {duration(spent * (1 - share) / share)} left" if 0 < share < 1 else ""
        text = f"{100 * share:.0f} %: {done} of {self._jobs} jobs done, {what}, {duration(spent)}{left}"
        if self._is_terminal:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)
