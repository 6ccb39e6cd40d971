"""What the interop tests share: the relay under test, and networks of the real tor around it.

LOOM_RELAY names the relay (ctest sets it). LOOM_INTEROP_MIDDLE=tor puts the real tor in its place: a test that fails
then is itself wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from loom_testbed import arguments, plan  # noqa: E402  (the path must be set first)

MIDDLE = os.environ.get("LOOM_INTEROP_MIDDLE", "loom")
SANITIZED = os.environ.get("LOOM_KIND", "") in ("asan", "tsan")
MEGABYTE = 1_000_000


@pytest.fixture(scope="session")
def relay() -> Path:
    """Return the relay under test."""
    path = Path(os.environ.get("LOOM_RELAY", arguments.LOOM_DEFAULT)).resolve()
    if MIDDLE == "loom" and not path.is_file():
        pytest.skip(f"{path} is not built")
    return path


@pytest.fixture
def run_directory(tmp_path: Path) -> Iterator[Path]:
    """Return a directory for a network; a failed test leaves it to be read."""
    yield tmp_path / "network"


def one_middle_plan(relay: Path, directory: Path, clients: int, threads: int = 2) -> plan.Plan:
    """Return a network in which every circuit goes through the one middle under test."""
    directory.mkdir(parents=True, exist_ok=True)
    return plan.Plan(
        middles=(plan.Relay(MIDDLE, threads if MIDDLE == "loom" else None),),
        loom=relay,
        directory=directory,
        clients=clients,
        conflux=False,
        ready_seconds_max=300.0 if SANITIZED else 120.0,
    )
