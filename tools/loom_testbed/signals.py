"""signals - turns the signals that ask us to stop into one exception in the main thread."""

from __future__ import annotations

import signal
from types import FrameType

from .errors import Interrupted

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _raise(number: int, _frame: FrameType | None) -> None:
    ignore()  # the first one is enough; a second must not break the cleaning up
    raise Interrupted(number)


def catch() -> None:
    """Let the stopping signals raise Interrupted."""
    for number in STOPPING:
        signal.signal(number, _raise)


def ignore() -> None:
    """Ignore the stopping signals from here on."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
