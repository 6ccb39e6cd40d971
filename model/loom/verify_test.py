"""loom verify as people run it."""

import json
import os
import subprocess
from pathlib import Path

PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom"


def verify(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, "verify", *words], capture_output=True, text=True, check=False)


def test_some_gates() -> None:
    done = verify("k8", "K10", "K14")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines() if line.startswith("K")] == ["K8", "K10", "K14"]
    assert "ok     0 of 100, upper, two-sided" in done.stdout
    assert "0.03622   0.03615 to 0.03625" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed")


def test_json_says_the_same() -> None:
    got = json.loads(verify("K14", "--json").stdout)
    assert (got["passed"], got["failed"], got["gates"][0]["gate"]) == (4, 0, "K14")


def test_usage() -> None:
    done = verify("K99")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no gate" in done.stderr


def test_all_gates() -> None:
    done = verify()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    names = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("K")]
    assert names == [f"K{number}" for number in range(1, 16)]
    assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed")
