"""Children die when they are told to, when they do not listen, and when we are killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from loom_testbed import procstat
from loom_testbed.errors import TestbedError
from loom_testbed.process import Child, is_running, require_alive, stop_all


def test_stop_all_kills_what_does_not_listen(tmp_path: Path) -> None:
    deaf = Child("deaf", ["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"], tmp_path)
    time.sleep(0.2)
    stop_all([deaf], seconds_max=0.3)
    assert deaf.exit_status() == -signal.SIGKILL


def test_an_unasked_end_is_an_error_that_shows_the_log(tmp_path: Path) -> None:
    child = Child("broken", ["sh", "-c", "echo out of luck >&2; exit 3"], tmp_path)
    while child.is_alive():
        time.sleep(0.01)
    with pytest.raises(TestbedError, match=r"broken ended with status 3(.|\n)*out of luck"):
        require_alive([child])


def test_children_die_with_a_killed_parent(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from loom_testbed.process import Child\n"
        "print(Child('c', ['sleep', '60'], Path(sys.argv[2])).pid, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(Path(__file__).resolve().parents[2]), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        while Path(f"/proc/{child}/comm").read_text() != "sleep\n":  # until then nothing ties it to its parent
            time.sleep(0.01)
        assert is_running(child)
        comm = Path(f"/proc/{child}/comm")
        while comm.read_text() != "sleep\n":  # setpriv has asked the kernel before it becomes the program
            time.sleep(0.01)
        parent.kill()
    deadline = time.monotonic() + 5
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(child)


def test_cpu_time_is_counted_by_thread() -> None:
    before = procstat.sample(os.getpid())
    spent_until = time.thread_time() + 0.05
    while time.thread_time() < spent_until:
        pass
    after = procstat.sample(os.getpid())
    assert before is not None and after is not None
    used = procstat.difference(before, after)
    assert 50_000_000 <= used.cpu_ns < 5_000_000_000
    assert used.rss_kb > 0 and used.rss_peak_kb >= used.rss_kb


def test_a_process_that_is_gone_has_no_sample() -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    assert procstat.sample(ended.pid) is None
