"""errors - the two ways a run stops early."""

from __future__ import annotations


class TestbedError(Exception):
    """The run cannot go on; the text is one line for the person who started it."""

    __test__ = False  # not a test class, whatever pytest thinks of its name


class Interrupted(BaseException):
    """A signal asked us to stop. Not an Exception, so that no retry swallows it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.signal_number = signal_number
