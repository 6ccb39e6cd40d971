"""Loom in every role: beside tor in each combination, and as the only program of a network's relays.

Real clients choose their circuits by themselves in the second; what they negotiate there is shown by
`tools/testbed --all-relays loom`, which checks it too.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from conftest import MIDDLE, ROOT, SANITIZED

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="needs Loom")

SIZE = "8MB" if SANITIZED else "40MB"
# What is not negotiated yet is shown, not hidden: this check has its own place, where it may fail.
NOT_ASKED_HERE = {"negotiated"}


def run_testbed(relay: Path, directory: Path, *options: str) -> dict[str, object]:
    """Run tools/testbed and return its JSON when all checks hold that are asked for here."""
    command = [str(ROOT / "tools" / "testbed"), "--json", "--quiet", "--dir", str(directory), "--loom", str(relay)]
    command += ["--transfer", SIZE, "--ready-timeout", "300", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    failed = [check for check in result["checks"] if not check["ok"] and check["name"] not in NOT_ASKED_HERE]  # type: ignore[attr-defined]
    assert not failed and result["error"] is None and result["verified"], f"{failed} {result['error']}; see {directory}"
    return result


def test_every_combination_with_tor(relay: Path, run_directory: Path) -> None:
    result = run_testbed(relay, run_directory, "--mix")
    combinations = result["combinations"]
    assert isinstance(combinations, list)
    assert len({one["guard_middle_exit"] for one in combinations}) == 8
    assert all(one["verified"] for one in combinations)


def test_a_network_of_loom_alone(relay: Path, run_directory: Path) -> None:
    result = run_testbed(relay, run_directory, "--all-relays", "loom", "--relays", "5", "--clients", "2")
    (paths,) = (check["detail"] for check in result["checks"] if check["name"] == "paths")  # type: ignore[attr-defined]
    assert "LoomRelay" in paths and "Tor" not in paths and "Authority" not in paths
