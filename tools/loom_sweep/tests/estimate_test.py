"""How long a sweep will take, and how that is said."""

import json
from pathlib import Path

from loom_sweep.estimate import Estimate, cpu_s, duration
from loom_sweep.progress import share_of


def test_a_twin_takes_no_time_of_its_own(tmp_path: Path) -> None:
    for arm, simulated, seconds in (("a", "a", 3.0), ("b", "b", 4.0), ("twin", "a", 3.0)):
        (tmp_path / arm).mkdir()
        (tmp_path / arm / "host.json").write_text(json.dumps({"simulated": simulated, "cpu_s": seconds}))
    assert cpu_s(tmp_path) == 7.0


def test_words() -> None:
    assert Estimate(30.0, "why").words(7, 2) == "about 2 min, 2 at once, of 30.0 s each (why)"
    assert Estimate(None, "why").words(7, 2) == "its time is not known: why"
    assert [duration(s) for s in (3.2, 99, 120, 7200, 36000)] == ["3 s", "99 s", "2 min", "2.0 h", "10.0 h"]


def test_how_far_a_job_is(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert share_of(log) == 0.0
    log.write_text("small: 6 relays\n15 %: 0 of 1 runs done\n40 %: 0 of 1 runs done, 1 under way in 2 s, 3 s left\n")
    assert share_of(log) == 0.4
