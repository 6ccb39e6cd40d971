"""A torrc that cannot be carried out stops the relay with one line: file, line, option, what was expected."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

import pytest
from conftest import MIDDLE

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="tor writes more than one line")

SECONDS_MAX = 20.0
OR_PORT_LINE = 3
GOOD = """\
Nickname LoomMiddle1
Address 127.0.0.1
ORPort 127.0.0.1:{port}
DirAuthority A orport=1 no-v2 v3ident={zeros} 127.0.0.1:1 {zeros}
DataDirectory {directory}/data
TestingTorNetwork 1
AssumeReachable 1
ExitPolicy reject *:*
"""
FIRST_ADDED_LINE = GOOD.count("\n") + 1

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
]


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def start(relay: Path, torrc: Path) -> subprocess.CompletedProcess[str]:
    """Run the relay until it ends by itself."""
    return subprocess.run([relay, "-f", torrc], capture_output=True, text=True, timeout=SECONDS_MAX, check=False)


def must_be_one_line(ended: subprocess.CompletedProcess[str], torrc: Path, line: int, option: str) -> None:
    """Check the exit status, and the one line that says what is wrong."""
    assert ended.returncode > 0
    lines = (ended.stdout + ended.stderr).splitlines()
    said = [text for text in lines if "[notice]" not in text and "running Loom as root" not in text]
    assert len(said) == 1, said
    assert re.search(rf"{re.escape(str(torrc))}:{line}: {re.escape(option)}: expected .+", said[0]), said[0]


@pytest.mark.parametrize(("what", "wrong", "option"), WRONG_LINES)
def test_a_wrong_line(relay: Path, tmp_path: Path, what: str, wrong: str, option: str) -> None:
    torrc = tmp_path / "torrc"
    torrc.write_text(GOOD.format(port=free_port(), directory=tmp_path, zeros="0" * 40) + wrong + "\n")
    must_be_one_line(start(relay, torrc), torrc, FIRST_ADDED_LINE, option)


def test_a_port_in_use(relay: Path, tmp_path: Path) -> None:
    torrc = tmp_path / "torrc"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        torrc.write_text(GOOD.format(port=listener.getsockname()[1], directory=tmp_path, zeros="0" * 40))
        must_be_one_line(start(relay, torrc), torrc, OR_PORT_LINE, "ORPort")


def test_a_torrc_that_is_missing(relay: Path, tmp_path: Path) -> None:
    torrc = tmp_path / "no-such-torrc"
    ended = start(relay, torrc)
    assert ended.returncode > 0
    said = (ended.stdout + ended.stderr).splitlines()
    assert len(said) == 1 and str(torrc) in said[0] and "expected" in said[0], said
