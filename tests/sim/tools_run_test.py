"""tools/run as a whole, of a small scenario: it builds, and leaves results, plots and a report."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from run_test import RELAYS, SMALL, deterministic

ROOT = Path(os.environ["LOOM_SOURCE_DIR"])
NAME = "tools-run-test"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / f"{NAME}.yaml").write_text(SMALL)
    (tmp_path / "relays.txt").write_text(RELAYS)
    shutil.copy(ROOT / "topologies/data/countries.latency", tmp_path)
    for name, source in (("tor", "tor-0.4.9-xeon"), ("loom", "loom-xeon")):
        shutil.copy(ROOT / f"model/cost/profiles/{source}.yaml", tmp_path / f"{name}.yaml")
    yield tmp_path
    shutil.rmtree(ROOT / "results" / NAME, ignore_errors=True)


def test_a_small_scenario(folder: Path) -> None:
    words = [ROOT / "tools/run", f"{NAME}.yaml"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "paired difference [95 %]" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(f"results/{NAME}/report.html: the report, after ")
    results = ROOT / "results" / NAME
    assert sorted(deterministic(results)) == [f"seed-{n}/{arm}" for n in (1, 2) for arm in ("loom", "tor")]
    assert (results / "report.html").read_text().startswith("<!doctype html>")
    assert len(list((results / "plots").glob("*.svg"))) == 8


def test_a_broken_scenario(folder: Path) -> None:
    (folder / f"{NAME}.yaml").write_text(SMALL.replace("duration_s: 4", "duration_s: 0"))
    done = subprocess.run([ROOT / "tools/run", f"{NAME}.yaml"], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 1
    assert done.stderr.endswith("duration_s: expected a whole number from 1 to 604800, found \"0\"\n"), done.stderr
    assert not (ROOT / "results" / NAME).exists()
