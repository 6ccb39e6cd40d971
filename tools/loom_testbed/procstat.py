"""procstat - CPU time and memory of a process, as the kernel counts them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
STAT_UTIME_FIELD = 11  # counted after the ")" that ends the name: man 5 proc, fields 14 and 15
STAT_STIME_FIELD = 12


@dataclass(frozen=True)
class ThreadTime:
    """One thread: its name, the nanoseconds it has run, and how often it went to sleep by itself."""

    tid: int
    name: str
    cpu_ns: int
    sleeps: int = 0


@dataclass(frozen=True)
class ProcessSample:
    """What a process had used at one moment."""

    pid: int
    user_s: float
    system_s: float
    rss_kb: int
    rss_peak_kb: int
    open_files: int
    sleeps: int
    threads: list[ThreadTime] = field(default_factory=list)

    @property
    def cpu_ns(self) -> int:
        """User and system time of its living threads; exact, where user_s and system_s are rounded to a clock tick."""
        return sum(thread.cpu_ns for thread in self.threads)


def sample(pid: int) -> ProcessSample | None:
    """Read a process's use so far; None when it has ended."""
    root = Path(f"/proc/{pid}")
    try:
        fields = (root / "stat").read_text().rpartition(")")[2].split()
        status = (root / "status").read_text()
        tasks = sorted((root / "task").iterdir(), key=lambda task: int(task.name))
        threads = [read_thread(task) for task in tasks]
        open_files = len(os.listdir(root / "fd"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    return ProcessSample(
        pid=pid,
        user_s=int(fields[STAT_UTIME_FIELD]) / CLOCK_TICKS,
        system_s=int(fields[STAT_STIME_FIELD]) / CLOCK_TICKS,
        rss_kb=_status_number(status, "VmRSS"),
        rss_peak_kb=_status_number(status, "VmHWM"),
        open_files=open_files,
        sleeps=sum(thread.sleeps for thread in threads if thread is not None),
        threads=[thread for thread in threads if thread is not None],
    )


def read_thread(task: Path) -> ThreadTime | None:
    """Read one /proc/PID/task/TID; None when that thread has just ended."""
    try:
        name = (task / "comm").read_text().strip()
        cpu_ns = int((task / "schedstat").read_text().split()[0])
        sleeps = _status_number((task / "status").read_text(), "voluntary_ctxt_switches")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return ThreadTime(tid=int(task.name), name=name, cpu_ns=cpu_ns, sleeps=sleeps)


def _status_number(status: str, key: str) -> int:
    found = re.search(rf"^{key}:\s+(\d+)", status, re.MULTILINE)
    return int(found.group(1)) if found else 0


def tcp_aborts_for_memory() -> int:
    """Return how many connections of this machine the kernel has reset because TCP had no memory left (netstat(8))."""
    lines = [line.split() for line in Path("/proc/net/netstat").read_text().splitlines() if line.startswith("TcpExt:")]
    return int(dict(zip(*lines, strict=True)).get("TCPAbortOnMemory", 0)) if len(lines) == 2 else 0


@dataclass(frozen=True)
class ProcessUse:
    """What a process used between two samples; memory is that of the later one."""

    pid: int
    user_s: float
    system_s: float
    cpu_ns: int
    rss_kb: int
    rss_peak_kb: int
    sleeps: int
    threads: list[ThreadTime]


def difference(before: ProcessSample, after: ProcessSample) -> ProcessUse:
    """Return the use between two samples of one process."""
    ran_before = {thread.tid: thread.cpu_ns for thread in before.threads}
    threads = [ThreadTime(t.tid, t.name, t.cpu_ns - ran_before.get(t.tid, 0)) for t in after.threads]
    return ProcessUse(
        pid=after.pid,
        user_s=round(after.user_s - before.user_s, 2),
        system_s=round(after.system_s - before.system_s, 2),
        cpu_ns=sum(thread.cpu_ns for thread in threads),
        rss_kb=after.rss_kb,
        rss_peak_kb=after.rss_peak_kb,
        sleeps=after.sleeps - before.sleeps,
        threads=threads,
    )
