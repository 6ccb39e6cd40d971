"""A torrc that cannot be carried out stops the relay with one line on stderr: file, line, option, what was expected."""

from __future__ import annotations

import fcntl
import re
import socket
import subprocess
from pathlib import Path

import pytest
from conftest import MIDDLE
from lone_relay import TORRC, free_port, write_torrc

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="tor writes more than one line")

SECONDS_MAX = 20.0
OR_PORT_LINE = 3
DATA_DIRECTORY_LINE = 5
FIRST_ADDED_LINE = TORRC.count("\n") + 1

WRONG_LINES = [
    ("unknown option", "NoSuchOption 1", "NoSuchOption"),
    ("a number that is none", "ConnectionThreads many", "ConnectionThreads"),
    ("a number out of range", "ConnectionThreads 100000", "ConnectionThreads"),
    ("a boolean that is none", "AssumeReachable perhaps", "AssumeReachable"),
    ("a size that is none", "BandwidthRate fast", "BandwidthRate"),
    ("a policy that is none", "ExitPolicy maybe *:*", "ExitPolicy"),
    ("a nickname with a hyphen", "Nickname a-b", "Nickname"),
    ("an included file that is missing", "%include /nowhere/at/all.torrc", "%include"),
    ("an authority without a fingerprint", "DirAuthority B orport=1 127.0.0.1:1", "DirAuthority"),
    ("a folder that cannot be made", "DataDirectory /proc/nowhere", "DataDirectory"),
    ("a log file that cannot be opened", "Log notice file /nowhere/at/all.log", "Log"),
    ("a pid file that cannot be written", "PidFile /nowhere/at/all.pid", "PidFile"),
    ("a user that is none", "User nobody-of-that-name", "User"),
    ("too little bandwidth", "BandwidthRate 1 KByte", "BandwidthRate"),
]


def start(relay: Path, torrc: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the relay until it ends by itself."""
    command = [relay, "-f", torrc, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)


def must_be_one_line(ended: subprocess.CompletedProcess[str], place: str, option: str) -> None:
    """Check the exit status, the one line that says what is wrong, and that the log does not say it again."""
    assert ended.returncode > 0
    assert re.fullmatch(rf"{re.escape(place)}: {re.escape(option)}: expected .+\n", ended.stderr), ended.stderr
    logged = [line for line in ended.stdout.splitlines() if "[notice]" not in line and "Loom as root" not in line]
    assert logged == []


@pytest.fixture
def torrc(tmp_path: Path) -> Path:
    """Return a torrc that is good so far."""
    return write_torrc(tmp_path, free_port())


@pytest.mark.parametrize(("what", "wrong", "option"), WRONG_LINES)
def test_a_wrong_line(relay: Path, torrc: Path, what: str, wrong: str, option: str) -> None:
    torrc.write_text(torrc.read_text() + wrong + "\n")
    must_be_one_line(start(relay, torrc), f"{torrc}:{FIRST_ADDED_LINE}", option)


@pytest.mark.parametrize("how", [[], ["--quiet"], ["--hush"]])
def test_a_port_in_use(relay: Path, tmp_path: Path, how: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        torrc = write_torrc(tmp_path, listener.getsockname()[1])
        ended = start(relay, torrc, *how)
    must_be_one_line(ended, f"{torrc}:{OR_PORT_LINE}", "ORPort")
    assert ("[notice]" in ended.stdout) == (not how)


def test_a_metrics_port_in_use(relay: Path, torrc: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        torrc.write_text(torrc.read_text() + f"MetricsPort 127.0.0.1:{listener.getsockname()[1]}\n")
        must_be_one_line(start(relay, torrc), f"{torrc}:{FIRST_ADDED_LINE}", "MetricsPort")


def test_a_data_directory_in_use(relay: Path, torrc: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    with (data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        must_be_one_line(start(relay, torrc), f"{torrc}:{DATA_DIRECTORY_LINE}", "DataDirectory")


def test_an_option_that_is_missing(relay: Path, torrc: Path) -> None:
    kept = [line for line in torrc.read_text().splitlines(keepends=True) if not line.startswith("DirAuthority")]
    torrc.write_text("".join(kept))
    must_be_one_line(start(relay, torrc), str(torrc), "DirAuthority")


def test_a_wrong_word_on_the_command_line(relay: Path, torrc: Path) -> None:
    must_be_one_line(start(relay, torrc, "--Nickname", "a b"), "command line", "Nickname")


def test_a_torrc_that_is_missing(relay: Path, tmp_path: Path) -> None:
    torrc = tmp_path / "no-such-torrc"
    must_be_one_line(start(relay, torrc), f"{torrc}:0", "torrc")
