"""Real clients' data goes through Loom, byte for byte, whatever its number of threads; and the testbed itself works.

LOOM_TRANSFER_ROUNDS repeats the first with 400 MB (tools/test --long: 20 times in a row).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import MIDDLE, ROOT, SANITIZED

LONG_ROUNDS = int(os.environ.get("LOOM_TRANSFER_ROUNDS", "0"))
SIZE = "8MB" if SANITIZED else "40MB"
WAYS = [("2", "2", "auto")] + ([] if SANITIZED else [("1", "2", "auto"), ("0", "1", "off")])


def run_testbed(directory: Path, *options: str) -> dict[str, object]:
    """Run tools/testbed and return its JSON; its checks are in there and in its exit status."""
    command = [str(ROOT / "tools" / "testbed"), "--json", "--quiet", "--dir", str(directory), *options]
    command += ["--ready-timeout", "300" if SANITIZED else "120"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    failed = [check for check in result["checks"] if not check["ok"]]  # type: ignore[attr-defined]
    assert done.returncode == 0, f"{failed} {result['error']}; logs in {directory}"
    assert result["verified"] is True
    return result


@pytest.mark.skipif(MIDDLE == "tor", reason="needs Loom")
@pytest.mark.parametrize(("threads", "middles", "conflux"), WAYS)
def test_every_byte_arrives(relay: Path, run_directory: Path, threads: str, middles: str, conflux: str) -> None:
    options = ["--threads", threads, "--middles", middles, "--conflux", conflux]
    result = run_testbed(run_directory, "--loom", str(relay), "--transfer", SIZE, *options)
    loom = result["loom"]
    assert isinstance(loom, dict) and loom["cells_received"] > 0


@pytest.mark.skipif(SANITIZED, reason="tor is not built with a sanitizer")
def test_the_testbed_works_with_tor_in_the_middle(run_directory: Path) -> None:
    run_testbed(run_directory, "--middle", "tor", "--transfer", SIZE)


@pytest.mark.skipif(LONG_ROUNDS == 0, reason="LOOM_TRANSFER_ROUNDS says how often")
@pytest.mark.parametrize("round_number", range(1, LONG_ROUNDS + 1))
def test_a_large_transfer_again_and_again(relay: Path, run_directory: Path, round_number: int) -> None:
    run_testbed(run_directory, "--loom", str(relay), "--threads", "2", "--clients", "4", "--transfer", "400MB")
