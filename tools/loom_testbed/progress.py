"""progress - what a person sees on stderr while it runs: lines, and a bar when it is a terminal."""

from __future__ import annotations

import sys
import time
from typing import TextIO

BAR_WIDTH = 30
PLAIN_EVERY_SECONDS = 5.0


class Progress:
    """Writes to stderr; quiet=True writes nothing."""

    def __init__(self, quiet: bool = False, out: TextIO = sys.stderr) -> None:
        self._quiet = quiet
        self._out = out
        self._terminal = out.isatty()
        self._started = time.monotonic()
        self._bar_shown = False
        self._plain_at = 0.0

    def line(self, text: str) -> None:
        """Write one line with the time since the start."""
        if self._quiet:
            return
        self._clear_bar()
        print(f"{time.monotonic() - self._started:7.1f} s  {text}", file=self._out, flush=True)

    def bar(self, text: str, done: int, total: int) -> None:
        """Show how far a transfer is; a line every few seconds where there is no terminal."""
        if self._quiet or total == 0:
            return
        share = min(1.0, done / total)
        if not self._terminal:
            if time.monotonic() - self._plain_at >= PLAIN_EVERY_SECONDS:
                self._plain_at = time.monotonic()
                self.line(f"{text}: {share:4.0%} of {total / 1e6:.0f} MB")
            return
        filled = round(share * BAR_WIDTH)
        print(f"\r{text} [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {share:4.0%}", end="", file=self._out, flush=True)
        self._bar_shown = True

    def _clear_bar(self) -> None:
        if self._bar_shown:
            print("\r\033[K", end="", file=self._out)
            self._bar_shown = False
