"""chutney's basic networks verify with Loom as every relay that is no authority.

LOOM_CHUTNEY names a checkout of chutney (https://gitlab.torproject.org/tpo/core/chutney); without it there is nothing
to run.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

CHECKOUT = os.environ.get("LOOM_CHUTNEY", "")


@pytest.mark.skipif(not CHECKOUT, reason="LOOM_CHUTNEY names no checkout of chutney")
@pytest.mark.parametrize("flavour", ["basic-min", "basic"])
def test_chutney_verifies_its_network(relay: Path, flavour: str) -> None:
    command = [str(ROOT / "tools" / "chutney"), CHECKOUT, "--flavour", flavour, "--loom", str(relay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "Chutney succeeded" in done.stdout + done.stderr
