"""loom report as people run it: the program finds its Python environment and says what is wrong in one line."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(os.environ["LOOM_SOURCE_DIR"])
PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom"


def report(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, "report", *words], capture_output=True, text=True, check=False, cwd=cwd)


def test_a_report_from_any_folder(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "analysis/tests/data/synthetic", tmp_path / "results")
    done = report("results", "--out", "page.html", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "page.html\n", "")
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


def test_no_results(tmp_path: Path) -> None:
    done = report("results", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("loom report: results: no results of loom run")
    assert done.stderr.count("\n") == 1


def test_usage(tmp_path: Path) -> None:
    done = report(cwd=tmp_path)
    assert done.returncode == 2
    assert "usage: loom report" in done.stderr


def test_outside_of_the_project(tmp_path: Path) -> None:
    shutil.copy(PROGRAM, tmp_path / "loom")
    done = subprocess.run([tmp_path / "loom", "report", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no tools/lib/python" in done.stderr
