"""Whose malloc the relay has: the build's, LD_PRELOAD's or --allocator's; and it says what is so."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from loom_testbed.bench_memory import LIBRARIES, find_library

SECONDS_MAX = 60


def version(relay: Path, *words: str, preload: str = "") -> subprocess.CompletedProcess[str]:
    """Ask the relay for its version."""
    environment = {**os.environ, "LD_PRELOAD": preload}
    return subprocess.run([relay, *words, "--version"], env=environment, capture_output=True, text=True,
                          timeout=SECONDS_MAX, check=False)  # fmt: skip


def installed(allocator: str) -> str:
    """Return the path of its library, or skip."""
    path = find_library(allocator)
    if path is None:
        pytest.skip(f"{allocator} is not installed")
    return path


@pytest.mark.parametrize("allocator", LIBRARIES)
def test_the_one_asked_for_is_in_force(relay: Path, allocator: str) -> None:
    installed(allocator)
    done = version(relay, "--allocator", allocator)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"\nMemory is allocated by {allocator} " in done.stdout


@pytest.mark.parametrize("allocator", [name for name in LIBRARIES if name != "system"])
def test_preloading_overrides_the_build_and_is_overridden(relay: Path, allocator: str) -> None:
    path = installed(allocator)
    assert f"\nMemory is allocated by {allocator} " in version(relay, preload=path).stdout
    assert "\nMemory is allocated by system " in version(relay, "--allocator", "system", preload=path).stdout


@pytest.mark.parametrize("wanted", ["hoard", "/nowhere/libmalloc.so", "/etc/hostname"])
def test_what_cannot_be_had_is_refused_in_one_line(relay: Path, wanted: str) -> None:
    done = version(relay, "--allocator", wanted)
    assert done.returncode == 1 and done.stdout == ""
    ours = [line for line in done.stderr.splitlines() if not line.startswith("ERROR: ld.so")]
    assert len(ours) == 1 and ours[0].startswith(f"--allocator {wanted}: ")
