"""loom sweep as people run it: mistakes are one line, what is killed goes on, a failed job is named and run alone."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(os.environ["LOOM_SOURCE_DIR"])
PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom"
sys.path.insert(0, str(ROOT / "tests/sim"))

from run_test import SMALL, files_of, small_in  # noqa: E402

SWEEP = ("--seeds", "1..2", "--set", "rollout.fraction=0,0.5,1")
SETTINGS = ("rollout.fraction=0", "rollout.fraction=0.5", "rollout.fraction=1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_in(tmp_path)


def call(folder: Path, *words: str, program: Path = PROGRAM) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *words], capture_output=True, text=True, check=False, cwd=folder)


def sweep(folder: Path, *words: str, program: Path = PROGRAM) -> subprocess.CompletedProcess[str]:
    return call(folder, "sweep", "s.yaml", "--no-report", *words, program=program)


def hashes(out: Path) -> str:
    assert subprocess.run(["sha256sum", "--quiet", "-c", "results.sha256"], cwd=out, check=False).returncode == 0
    return (out / "results.sha256").read_text()


def job_folders(out: Path) -> list[str]:
    return sorted(str(path.parent.relative_to(out)) for path in out.glob("*/seed-*/[!.]*/manifest.json"))


def slow_down(folder: Path) -> None:
    """Make each job take some seconds."""
    (folder / "s.yaml").write_text(SMALL.replace("duration_s: 4", "duration_s: 40"))


def test_settings_and_seeds(folder: Path) -> None:
    one = sweep(folder, *SWEEP, "--out", "one", "--at-once", "1")
    assert one.returncode == 0, one.stderr
    assert "small: 3 settings x 2 seeds = 6 jobs, arms of each: 1" in one.stderr
    assert "estimate: about" in one.stderr and "1 at once" in one.stderr
    assert "written by all relays, Gbit/s" in one.stdout and "rollout.fraction=0.5, rollout" in one.stdout
    wanted = [f"{setting}/seed-{seed}/rollout" for setting in SETTINGS for seed in (1, 2)]
    assert job_folders(folder / "one") == sorted(wanted)

    many = sweep(folder, *SWEEP, "--out", "many", "--at-once", "3")
    assert many.returncode == 0, many.stderr
    assert hashes(folder / "one") == hashes(folder / "many")
    assert len(hashes(folder / "one").splitlines()) > 6 * 8

    again = sweep(folder, *SWEEP, "--out", "one")
    assert again.returncode == 0 and "6 are there" in again.stderr
    assert hashes(folder / "one") == hashes(folder / "many")


def test_a_report(folder: Path) -> None:
    done = call(folder, "sweep", "s.yaml", "--seeds", "1..2", "--set", "rollout.fraction=0,1", "--out", "out")
    assert done.returncode == 0, done.stderr
    page = (folder / "out/report.html").read_text()
    assert page.startswith("<!doctype html>") and "rollout.fraction=0 less" not in page
    assert "rollout.fraction=1 less rollout.fraction=0" in page
    assert call(folder, "report", "out", "--out", "again.html").returncode == 0
    assert (folder / "again.html").read_text() == page.replace(str(folder / "out"), "out")


def test_the_table(folder: Path) -> None:
    done = sweep(folder, "--seeds", "1..2", "--set", "arms[1].percent=50,100", "--out", "out")
    assert done.returncode == 0, done.stderr
    with (folder / "out/table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["setting"], row["arm"]) for row in rows} == {
        (f"arms[1].percent={percent}", arm) for percent in (50, 100) for arm in ("tor", "loom")
    }
    quantities = json.loads((folder / "out/table.json").read_text())["quantities"]
    assert len(quantities) == len(rows)
    of_tor = [one for one in quantities if one["arm"] == "tor" and one["key"] == "written"]
    assert of_tor[0]["values"] == of_tor[1]["values"], "tor does not depend on how many of the others run Loom"
    assert [one["difference"] for one in of_tor] == [None, 0.0]
    values = list(of_tor[0]["values"].values())
    assert of_tor[0]["median"] == pytest.approx(sum(values) / 2) == of_tor[0]["mean"]
    assert of_tor[0]["mean_low"] < of_tor[0]["mean"] < of_tor[0]["mean_high"]
    assert of_tor[0]["median_low"] is None, "two seeds are too few"


def test_a_setting_is_what_run_makes_of_it(folder: Path) -> None:
    """So an arm of a percentage, run by itself, is the setting of that fraction."""
    assert sweep(folder, "--seeds", "2", "--set", "rollout.fraction=0.5", "--out", "out").returncode == 0
    assert call(folder, "run", "s.yaml", "--seed", "2", "--out", "run").returncode == 0
    mine, theirs = folder / "out/rollout.fraction=0.5/seed-2/rollout", folder / "run/seed-2/loom"
    for name in ("relays.csv", "threads.csv", "transfers.csv", "relay_series.csv"):
        assert (mine / name).read_bytes() == (theirs / name).read_bytes(), name


def test_more_seeds_later(folder: Path) -> None:
    assert sweep(folder, "--seeds", "1..2", "--out", "out").returncode == 0
    done = sweep(folder, "--seeds", "1..3", "--out", "out")
    assert done.returncode == 0 and "1 settings x 3 seeds = 3 jobs, arms of each: 2, 2 are there" in done.stderr
    assert "as the 2 that are there" in done.stderr
    assert sweep(folder, "--seeds", "1..3", "--out", "other").returncode == 0
    assert hashes(folder / "out") == hashes(folder / "other")


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_killed_half_way(folder: Path, by: signal.Signals) -> None:
    slow_down(folder)
    words = [PROGRAM, "sweep", "s.yaml", *SWEEP, "--out", "out", "--at-once", "2"]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(job_folders(folder / "out")) < 2:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(by)
    process.wait()
    wait_for_end(folder / "out")
    there = {name: (folder / "out" / name / "host.json").stat().st_mtime_ns for name in job_folders(folder / "out")}
    assert 2 <= len(there) < 6 and not (folder / "out/results.sha256").exists()

    again = sweep(folder, *SWEEP, "--out", "out")
    assert again.returncode == 0, again.stderr
    assert f"{len(there)} are there" in again.stderr
    for name, when in there.items():
        assert (folder / "out" / name / "host.json").stat().st_mtime_ns == when, "it was not run again"
    assert not list((folder / "out").glob("*/seed-*/.*")), "nothing half finished is left"
    assert sweep(folder, *SWEEP, "--out", "whole").returncode == 0
    assert hashes(folder / "out") == hashes(folder / "whole")


def wait_for_end(out: Path) -> None:
    """Wait until nobody writes into out: what a killed sweep started ends with it."""
    while any(str(out) in line for line in command_lines()):
        time.sleep(0.02)


def command_lines() -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return lines


FAILS = """#!/bin/sh
# The program, but for jobs of seed 2 of one setting, of which so many fail first.
case "$*" in
*rollout.fraction=0.5*"--seed 2 "*--part*)
    tries=$(cat {count} 2>/dev/null || echo 0)
    echo $((tries + 1)) >{count}
    [ "$tries" -ge {fails} ] || {{ echo "no room on the disk" >&2; exit 1; }} ;;
esac
exec {program} "$@"
"""


def failing(folder: Path, fails: int) -> dict[str, str]:
    """Return an environment in which a sweep starts a program that fails so many times."""
    program = folder / "failing"
    program.write_text(FAILS.format(count=folder / "count", fails=fails, program=PROGRAM))
    program.chmod(0o755)
    return {**os.environ, "LOOM_PROGRAM": str(program)}


def sweep_by(folder: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Start it as `loom sweep` does, by another program."""
    command = [ROOT / "tools/lib/python", "-m", "loom_sweep.cli", "s.yaml", "--no-report", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


def test_a_failed_job_is_run_again_alone(folder: Path) -> None:
    done = sweep_by(folder, failing(folder, 1), *SWEEP, "--out", "out")
    assert done.returncode == 0, done.stderr
    assert "rollout.fraction=0.5/seed-2 failed: no room on the disk" in done.stderr
    assert "1 of 6 failed; once more, alone" in done.stderr
    assert sweep(folder, *SWEEP, "--out", "other").returncode == 0
    assert hashes(folder / "out") == hashes(folder / "other")


def test_a_job_that_always_fails(folder: Path) -> None:
    done = sweep_by(folder, failing(folder, 99), *SWEEP, "--out", "out")
    assert done.returncode == 1
    assert "1 of 6 jobs failed" in done.stderr and "rollout.fraction=0.5/seed-2: no room on the disk" in done.stderr
    assert len(job_folders(folder / "out")) == 5, "the others are kept"
    assert not (folder / "out/results.sha256").exists() and not (folder / "out/table.csv").exists()
    assert sweep(folder, *SWEEP, "--out", "out").returncode == 0
    assert hashes(folder / "out")


@pytest.mark.parametrize(("words", "expected"), [
    (["--set", "rollout.fraction=2"],
     's.yaml: rollout.fraction: expected a number from 0 to 1 with at most two digits behind the point, found "2"'),
    (["--set", "traffic.clients[0].hosts=0"],
     's.yaml: traffic.clients[0].hosts: expected a whole number from 1 to 4194304, found "0"'),
    (["--set", "traffic.clients[7].hosts=1"],
     "s.yaml: --set traffic.clients[7].hosts=1: expected an item that is there"),
    (["--set", "network=x"], "s.yaml: --set network=x: expected the path of a single value"),
    (["--set", "duration_s"],
     '--set: expected PATH=VALUE, or values with commas between them, found "duration_s"'),
    (["--set", "duration_s=1,,2"],
     '--set: expected PATH=VALUE, or values with commas between them, found "duration_s=1,,2"'),
    (["--set", "duration_s=1,1"], '--set: expected each value once, found "duration_s=1,1"'),
    (["--set", "duration_s=1", "--set", "duration_s=2"],
     "--set: expected each path once, found duration_s again"),
    (["--seeds", "3..1"], '--seeds: expected the first and the last of at most 1000 as 1..10, found "3..1"'),
])  # fmt: skip
def test_mistakes(folder: Path, words: list[str], expected: str) -> None:
    before = files_of(folder)
    done = sweep(folder, *words, "--out", "out")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"loom sweep: {expected}\n"
    assert files_of(folder) == before, "nothing is written"


def test_a_check_runs_nothing(folder: Path) -> None:
    done = sweep(folder, *SWEEP, "--out", "out", "--check")
    assert done.returncode == 0 and "estimate: about" in done.stderr
    assert job_folders(folder / "out") == []


def test_two_in_one_folder(folder: Path) -> None:
    slow_down(folder)
    words = [PROGRAM, "sweep", "s.yaml", "--seeds", "1..100", "--out", "out"]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not job_folders(folder / "out"):
        time.sleep(0.02)
    done = sweep(folder, *SWEEP, "--out", "out")
    process.kill()
    process.wait()
    assert done.returncode == 1 and done.stderr == f"loom sweep: {folder}/out: another sweep is at work in it\n"


def test_hashes_are_those_of_the_files(folder: Path) -> None:
    assert sweep(folder, "--seeds", "1", "--out", "out").returncode == 0
    lines = dict(reversed(line.split("  ", 1)) for line in (folder / "out/results.sha256").read_text().splitlines())
    for name, digest in lines.items():
        assert hashlib.sha256((folder / "out" / name).read_bytes()).hexdigest() == digest, name
    assert {"table.csv", "table.json", "sweep.json", "as-written/comparison.json"} <= lines.keys()
