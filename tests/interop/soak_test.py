"""A soak of some minutes: nothing crashes, warns, leaks or arrives wrong while clients and circuits come and go.

LOOM_SOAK_MINUTES is how long; `tools/soak --minutes 120` is the real one.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import MIDDLE, ROOT

MINUTES = int(os.environ.get("LOOM_SOAK_MINUTES", "1"))
STARTS_AND_ENDS_SECONDS_MAX = 1800

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="reads Loom's own counters")


def test_a_network_stays_as_it_was(relay: Path, run_directory: Path) -> None:
    command = [str(ROOT / "tools" / "soak"), "--minutes", str(MINUTES), "--leave-every", "15", "--loom", str(relay),
               "--dir", str(run_directory), "--json"]  # fmt: skip
    limit = MINUTES * 60 + STARTS_AND_ENDS_SECONDS_MAX
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=limit, check=False)
    result = json.loads(done.stdout)
    failed = [check for check in result["checks"] if not check["ok"]]
    assert done.returncode == 0 and result["ok"] and not failed, (failed, result["error"], result["visits"])
    assert result["clients_left"] >= MINUTES and result["visits"]["verified"] > 20 * MINUTES
    assert (run_directory / "soak.json").is_file()
