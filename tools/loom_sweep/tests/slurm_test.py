"""loom sweep --on slurm, on a real cluster of one node on loopback: the same results as here, whatever is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cluster
import pytest

ROOT = Path(os.environ.get("LOOM_SOURCE_DIR", Path(__file__).resolve().parents[3]))
PROGRAM = Path(os.environ.get("LOOM_BUILD_DIR", ROOT / "build/dev")) / "loom"
sys.path.insert(0, str(ROOT / "tests/sim"))

from run_test import SMALL, small_in  # noqa: E402

LACKING = cluster.lacks()
pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"no {', '.join(LACKING)} (Debian: slurm-wlm munge)")

SWEEP = ("--seeds", "1..2", "--set", "rollout.fraction=0,0.5,1", "--no-report")
JOBS = 6


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Cluster]:
    with cluster.Cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_in(tmp_path)


def words(*more: str) -> list[str]:
    return [str(PROGRAM), "sweep", "s.yaml", *SWEEP, *more]


def sweep(folder: Path, *more: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words(*more), capture_output=True, text=True, check=False, cwd=folder, env=env)


def hashes(out: Path) -> str:
    assert subprocess.run(["sha256sum", "--quiet", "-c", "results.sha256"], cwd=out, check=False).returncode == 0
    return (out / "results.sha256").read_text()


def there(out: Path) -> int:
    return len(list(out.glob("*/seed-*/[!.]*/manifest.json")))


def test_the_same_as_here(slurm: cluster.Cluster, folder: Path) -> None:
    done = sweep(folder, "--on", "slurm", "--out", "slurm", env=slurm.environment)
    assert done.returncode == 0, done.stderr + slurm.words()
    assert "2 at once" in done.stderr and f": {JOBS} tasks" in done.stderr
    here = sweep(folder, "--on", "local", "--out", "local")
    assert here.returncode == 0, here.stderr
    assert hashes(folder / "slurm") == hashes(folder / "local")


def test_killed_half_way(slurm: cluster.Cluster, folder: Path) -> None:
    """The sweep is killed, its tasks are not: started again it finds them and asks for none twice."""
    (folder / "s.yaml").write_text(SMALL.replace("duration_s: 4", "duration_s: 100"))
    command = words("--on", "slurm", "--at-once", "1", "--out", "out")
    first = subprocess.Popen(command, cwd=folder, env=slurm.environment, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)  # fmt: skip
    while there(folder / "out") < 1:
        assert first.poll() is None, slurm.words()
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    again = sweep(folder, "--on", "slurm", "--out", "out", env=slurm.environment)
    assert again.returncode == 0, again.stderr + slurm.words()
    assert "are in the queue from before" in again.stderr and "job array" not in again.stderr
    here = sweep(folder, "--out", "local")
    assert here.returncode == 0 and hashes(folder / "out") == hashes(folder / "local")


def test_a_task_that_is_cancelled_is_run_again_alone(slurm: cluster.Cluster, folder: Path) -> None:
    (folder / "s.yaml").write_text(SMALL.replace("duration_s: 4", "duration_s: 40"))
    command = words("--on", "slurm", "--out", "out")
    process = subprocess.Popen(command, cwd=folder, env=slurm.environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    while not (queued := slurm.call("squeue", "--noheader", "--array", "--me", "--format=%F_%K").stdout.split()):
        assert process.poll() is None, slurm.words()
        time.sleep(0.05)
    assert slurm.call("scancel", queued[-1]).returncode == 0
    _, said = process.communicate()
    assert process.returncode == 0, said + slurm.words()
    assert "1 of 6 failed; once more, alone" in said and said.count("job array") == 2
    here = sweep(folder, "--out", "local")
    assert here.returncode == 0 and hashes(folder / "out") == hashes(folder / "local")


def test_words_for_sbatch(slurm: cluster.Cluster, folder: Path) -> None:
    done = sweep(folder, "--on", "slurm", "--slurm=--partition=nowhere", "--out", "out", env=slurm.environment)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("loom sweep: sbatch: ")


def test_no_slurm(folder: Path) -> None:
    environment = {**os.environ, "PATH": str(bin_without_slurm(folder))}
    done = sweep(folder, "--on", "slurm", "--out", "out", env=environment)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "loom sweep: --on slurm: no program sbatch on PATH (Debian: slurm-client)"


def bin_without_slurm(folder: Path) -> Path:
    """Return a folder that has what starting Python takes."""
    path = folder / "bin"
    path.mkdir()
    for name in ("sh", "cmp", "dirname", "env", "cat"):
        (path / name).symlink_to(shutil.which(name) or name)
    return path
