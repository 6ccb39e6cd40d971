"""A relay that is told to reload while it starts does so once it runs."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from lone_relay import free_port, write_torrc

SECONDS_MAX = 60.0


def test_a_reload_while_starting_waits(relay: Path, tmp_path: Path) -> None:
    torrc = write_torrc(tmp_path, free_port())
    with subprocess.Popen([relay, "-f", torrc], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        lines = iter(running.stdout)
        assert "running on Linux" in next(lines)  # it has no keys yet
        running.send_signal(signal.SIGHUP)
        running.send_signal(signal.SIGUSR2)
        try:
            assert any("Received reload signal" in line for line in lines)
        finally:
            running.send_signal(signal.SIGTERM)
        assert any("exiting cleanly" in line for line in lines)
        assert running.wait(SECONDS_MAX) == 0
