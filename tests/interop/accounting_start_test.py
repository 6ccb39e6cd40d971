"""A relay whose AccountingMax is used up starts asleep, whoever has counted and however it ended: Loom and tor go on
where the other one stopped."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import MIDDLE
from lone_relay import free_port, write_torrc
from loom_testbed.plan import TOR

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="has both already")

MAX = 40 * 2**20
OPTIONS = """\
AccountingMax 40 MBytes
AccountingStart month {day} 0:00
SocksPort 0
ContactInfo a@test.test
"""
# As tor 0.4.9 writes it.
STATE = """\
# Tor state file last generated on 2026-11-21 17:27:02 local time
# Other times below are in UTC
# You *do not* need to edit this file.

AccountingBytesReadInInterval {read}
AccountingBytesWrittenInInterval 1024
AccountingIntervalStart {start}
AccountingSecondsActive 4711
LastRotatedOnionKey 2026-11-21 17:26:54
LastWritten 2026-11-21 17:27:02
TorVersion Tor 0.4.9.11
"""
SECONDS_MAX = 60.0


def is_listening(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def counted(torrc: Path) -> int:
    """Return how many bytes the state says were read in this interval."""
    lines = (torrc.parent / "data" / "state").read_text().splitlines()
    (value,) = (line.split()[1] for line in lines if line.startswith("AccountingBytesReadInInterval "))
    return int(value)


@contextmanager
def running(program: Path, torrc: Path, until: str) -> Iterator[subprocess.Popen[str]]:
    """Run the relay, from when it has logged this until it is ended."""
    command = [program, "-f", torrc]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line)
                if until in line:
                    break
            assert until in lines[-1], "".join(lines)
            yield process
        finally:
            process.terminate()
            process.stdout.read()
            process.wait(SECONDS_MAX)


@pytest.fixture
def or_port() -> int:
    """Return a port for the relay."""
    return free_port()


@pytest.fixture
def torrc(tmp_path: Path, or_port: int) -> Path:
    """Return the torrc of a relay with an interval that neither began nor ends during the test."""
    path = write_torrc(tmp_path, or_port)
    day = (time.localtime().tm_mday + 13) % 28 + 1
    path.write_text(path.read_text() + OPTIONS.format(day=day))
    (tmp_path / "data").mkdir(mode=0o700)
    return path


def write_state(torrc: Path, read: int) -> None:
    """Write a state of tor's, of the interval that we are in."""
    day = int(torrc.read_text().split("AccountingStart month ")[1].split()[0])
    now = time.localtime()
    month = now.tm_mon if now.tm_mday >= day else now.tm_mon - 1
    start = time.mktime((now.tm_year, month, day, 0, 0, 0, 0, 0, -1))
    text = STATE.format(read=read, start=time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(start)))
    (torrc.parent / "data" / "state").write_text(text)


def test_it_stays_asleep(relay: Path, torrc: Path, or_port: int) -> None:
    write_state(torrc, MAX)
    for program, number in ((relay, signal.SIGKILL), (relay, signal.SIGTERM), (Path(TOR), signal.SIGKILL),
                            (relay, signal.SIGTERM)):
        with running(program, torrc, "Going dormant. Blowing away remaining connections.") as process:
            time.sleep(0.1)
            assert not is_listening(or_port), program
            process.send_signal(number)
        assert MAX <= counted(torrc) < MAX + 2**20, program


def test_nearly_used_up_nobody_is_let_in(relay: Path, torrc: Path, or_port: int) -> None:
    write_state(torrc, MAX * 97 // 100)
    for program in (relay, Path(TOR)):
        with running(program, torrc, "Bandwidth soft limit reached; commencing hibernation. No new connections"):
            time.sleep(0.1)
            assert not is_listening(or_port), program
        assert MAX * 97 // 100 <= counted(torrc) < MAX, program


def test_one_that_has_enough_left_serves(relay: Path, torrc: Path, or_port: int) -> None:
    write_state(torrc, MAX // 2)
    for program in (Path(TOR), relay):
        with running(program, torrc, "Configured hibernation."):
            deadline = time.monotonic() + SECONDS_MAX
            while not is_listening(or_port) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert is_listening(or_port), program
            time.sleep(1.2)
            assert is_listening(or_port), program
        assert MAX // 2 <= counted(torrc) < MAX * 95 // 100, program
