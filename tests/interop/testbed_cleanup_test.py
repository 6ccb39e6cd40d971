"""A testbed that is stopped or killed, early or in the middle of a transfer, leaves no process behind."""

from __future__ import annotations

import signal
import subprocess
import time
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


@pytest.mark.parametrize("moment", ["started ", "moving "])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left(run_directory: Path, moment: str, number: signal.Signals) -> None:
    command = [str(ROOT / "tools" / "testbed"), "--middle", "tor", "--transfer", "100GB", "--dir", str(run_directory)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as testbed:
        assert testbed.stderr is not None
        for line in testbed.stderr:
            if moment in line:
                break
        assert processes_of(run_directory)
        testbed.send_signal(number)
        testbed.stderr.read()
    assert testbed.returncode == (-number if number == signal.SIGKILL else 128 + number)
    deadline = time.monotonic() + GONE_SECONDS_MAX
    while processes_of(run_directory) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(run_directory) == []
