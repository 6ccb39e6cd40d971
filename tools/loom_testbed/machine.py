"""machine - what a measurement was made on, so that figures of different people can be told apart."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

VERSION_SECONDS_MAX = 10


def facts() -> dict[str, object]:
    """Return the CPU's model, the cores that we may use, kernel, C library and OpenSSL."""
    return {
        "cpu": _cpu_model(),
        "architecture": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "threads_per_core": _threads_per_core(),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "openssl": _openssl(),
        "is_virtual": "hypervisor" in _cpuinfo(),
    }


def line(found: dict[str, object]) -> str:
    """Return the facts in one line."""
    kind = "virtual cores" if found["is_virtual"] else "cores"
    return f"{found['cpu']}, {found['cores']} {kind}, Linux {found['kernel']}, {found['openssl']}"


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


def _cpu_model() -> str:
    found = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    return found[1] if found else "unknown CPU"


def _threads_per_core() -> int:
    try:
        siblings = Path("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list").read_text().strip()
    except OSError:
        return 1
    return count_of(siblings)


def count_of(cpu_list: str) -> int:
    """Return how many CPUs a list such as 0,64-66 names."""
    count = 0
    for part in cpu_list.split(","):
        first, _, last = part.partition("-")
        count += int(last or first) - int(first) + 1
    return count


def _openssl() -> str:
    try:
        done = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=False,
                              timeout=VERSION_SECONDS_MAX)  # fmt: skip
    except OSError:
        return "OpenSSL unknown"
    return " ".join(done.stdout.split()[:2]) or "OpenSSL unknown"
