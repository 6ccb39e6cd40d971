"""What the tests in Shadow share: where the programs are, and whether there is a Shadow to run them in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from loom_testbed import shadow  # noqa: E402  (the path must be set first)


@pytest.fixture(scope="session")
def programs() -> Path:
    """Return the folder of the programs under test; skip where Shadow is not installed."""
    if shadow.find() is None:
        pytest.skip(f"Shadow is not installed (expected on the PATH or in {shadow.VARIABLE}; see README.md)")
    return Path(os.environ["LOOM_BUILD_DIR"]).resolve()
