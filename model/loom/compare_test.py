"""loom compare as people run it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(os.environ["LOOM_SOURCE_DIR"])
PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom"


def compare(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, "compare", *words], capture_output=True, text=True, check=False, cwd=cwd)


def test_two_arms_from_any_folder(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "analysis/tests/data/synthetic", tmp_path / "results")
    done = compare("results:tor", "results:loom", "--json", "--out", "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads((tmp_path / "out/compare.json").read_text())
    assert (tmp_path / "out/compare.html").read_text().startswith("<!doctype html>")


def test_no_results(tmp_path: Path) -> None:
    done = compare("a", "b", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "loom compare: a: there is no such folder\n")


def test_usage(tmp_path: Path) -> None:
    done = compare("a", cwd=tmp_path)
    assert done.returncode == 2
    assert "usage: loom compare" in done.stderr
