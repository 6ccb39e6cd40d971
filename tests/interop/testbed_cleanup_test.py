"""A testbed that is stopped or killed, early or in the middle of a transfer, leaves no process behind."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from conftest import ROOT
from loom_testbed.process import is_running

# The kernel ends a child with its parent once setpriv has asked for it; a tor that was younger looks for its owner
# each 15 s.
GONE_SECONDS_MAX = 60.0
CHILDREN = (b"tor", b"setpriv")


def processes_of(directory: Path) -> list[int]:
    """Return the living processes whose command line names the directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if command[0].endswith(CHILDREN) and any(str(directory).encode() in word for word in command):
            found.append(int(process.name))
    return [pid for pid in found if is_running(pid)]


def read_until(moment: str, lines: Iterable[str]) -> list[str]:
    """Return the lines up to the one that has the moment in it; the last one is another if none has."""
    read = [""]
    for line in lines:
        read.append(line)
        if moment in line:
            break
    return read


def wait_until(is_so: Callable[[], bool]) -> bool:
    """Wait for it; a child that is between two programs has no command line for a moment."""
    deadline = time.monotonic() + GONE_SECONDS_MAX
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


@pytest.mark.parametrize("moment", ["started ", "moving "])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left(run_directory: Path, moment: str, number: signal.Signals) -> None:
    command = [str(ROOT / "tools" / "testbed"), "--middle", "tor", "--transfer", "100GB", "--dir", str(run_directory)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as testbed:
        assert testbed.stderr is not None
        lines = read_until(moment, testbed.stderr)
        assert moment in lines[-1], lines
        assert wait_until(lambda: processes_of(run_directory) != []), lines
        testbed.send_signal(number)
        testbed.stderr.read()
    assert testbed.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert wait_until(lambda: processes_of(run_directory) == []), processes_of(run_directory)
