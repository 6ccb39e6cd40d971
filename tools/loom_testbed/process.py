"""process - child processes that never outlive us.

Each child is started through setpriv, which asks the kernel to kill it when we die (even by kill -9). The kernel
ties that to the thread that started the child, so children are started from the main thread only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from .errors import TestbedError

STOP_SECONDS = 10.0
LOG_TAIL_LINES = 12


class Child:
    """One process of the network, started in its own directory with its output in files there."""

    def __init__(self, name: str, command: Sequence[str], directory: Path) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("children must be started from the main thread, or they die with the thread that did")
        self.name = name
        self.directory = directory
        self.log_path = directory / "notice.log"
        self.stderr_path = directory / "stderr.log"
        self.stop_asked = False
        with (directory / "stdout.log").open("ab") as out, self.stderr_path.open("ab") as err:
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,  # an interrupt typed at the terminal reaches us alone; we stop the children
            )
        self.pid = self._popen.pid

    def exit_status(self) -> int | None:
        """Return None while it runs, else its status (-N when signal N ended it)."""
        return self._popen.poll()

    def is_alive(self) -> bool:
        """Say whether it still runs."""
        return self.exit_status() is None

    def kill(self) -> None:
        """Kill it at once and wait for its end."""
        self.stop_asked = True
        if self.is_alive():
            self._popen.kill()
        self._popen.wait()

    def ask_to_stop(self) -> None:
        """Send SIGTERM, once."""
        self.stop_asked = True
        if self.is_alive():
            self._popen.terminate()

    def log_tail(self) -> str:
        """Return the last lines it wrote, for an error message."""
        lines: list[str] = []
        for path in (self.log_path, self.directory / "stdout.log", self.stderr_path):
            if path.exists():
                lines += path.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"


def require_alive(children: Iterable[Child]) -> None:
    """Raise when one of children has ended without being asked to."""
    for child in children:
        status = child.exit_status()
        if status is not None and not child.stop_asked:
            raise TestbedError(f"{child.name} ended with status {status}; its last lines:\n{child.log_tail()}")


def stop_all(children: Sequence[Child], seconds_max: float = STOP_SECONDS) -> None:
    """Ask all to stop at once, and kill those that do not within seconds_max."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline and any(child.is_alive() for child in children):
        time.sleep(0.02)
    for child in children:
        child.kill()


def is_running(pid: int) -> bool:
    """Say whether a process with this id exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def send_hangup(child: Child) -> None:
    """Send SIGHUP: a tor then retries its directory downloads at once."""
    if child.is_alive():
        os.kill(child.pid, signal.SIGHUP)
