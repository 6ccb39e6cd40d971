"""A relay under test that runs alone: its torrc, and a port for it."""

from __future__ import annotations

import socket
from pathlib import Path

TORRC = """\
Nickname LoomMiddle1
Address 127.0.0.1
ORPort 127.0.0.1:{port}
DirAuthority A orport=1 no-v2 v3ident={zeros} 127.0.0.1:1 {zeros}
DataDirectory {directory}/data
TestingTorNetwork 1
AssumeReachable 1
ExitPolicy reject *:*
"""


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def write_torrc(directory: Path, port: int) -> Path:
    """Write a torrc that is good, with its authority where nobody is."""
    path = directory / "torrc"
    path.write_text(TORRC.format(port=port, directory=directory, zeros="0" * 40))
    return path
