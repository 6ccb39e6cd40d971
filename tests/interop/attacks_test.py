"""What loom-attack does to the relay: it lives, keeps its cap, and an innocent transfer goes on beside it.

With LOOM_LONG all attacks, at Loom and at the real tor, and what the innocent keeps with each is compared (tools/test
--long).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

LONG = "LOOM_LONG" in os.environ
SECONDS_MAX = 3000 if LONG else 200
ATTACKS = ("sniper", "unread", "extends")


def bench(relay: Path, directory: Path, *arguments: str) -> dict:
    """Run tools/bench attacks and return its JSON, whatever it says of it."""
    command = [str(ROOT / "tools" / "bench"), "attacks", *arguments, "--loom", str(relay), "--json", "--quiet"]
    done = subprocess.run(
        [*command, "--dir", directory], capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(LONG, reason="all of them run")
@pytest.mark.parametrize("attack", ATTACKS)
def test_the_relay_lives_and_keeps_its_cap(attack: str, relay: Path, run_directory: Path) -> None:
    result = bench(relay, run_directory, "--relay", "loom", "--defences", "off", "--attack", attack, "--seconds", "2")
    assert result["failures"] == []
    (turn,) = result["turns"]
    assert turn["alive"] and turn["during"] > 0
    assert turn["attacker"]["opened"] > 0 and turn["attacker"]["circuits"] > 0


@pytest.mark.skipif(not LONG, reason="takes many minutes")
def test_innocents_keep_what_they_keep_with_tor(relay: Path, run_directory: Path) -> None:
    if shutil.which("tor") is None:
        pytest.skip("tor is not installed")
    assert bench(relay, run_directory, "--defences", "both")["failures"] == []
