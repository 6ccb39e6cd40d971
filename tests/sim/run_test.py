"""loom run as people run it: mistakes are one line and write nothing; results are the same whatever the threads."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(os.environ["LOOM_SOURCE_DIR"])
PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom"
TABLE = ROOT / "scenarios/data/relays-2024-05.txt"

# A few seconds of six relays, in which everything of a scenario is there once.
SMALL = """\
name: small
warm_up_s: 2
duration_s: 4
seeds: {first: 1, last: 2}
network:
    relays: relays.txt
    rows: 6
topology: {latencies: countries.latency, loss_ppm: 100}
hardware:
    tor_profile: tor.yaml
    loom_profile: loom.yaml
    classes: [{name: any, cores: 2, slower_permille: 5000}]
arms:
    - {name: tor, percent: 0}
    - {name: loom, percent: 50, order: random}
traffic:
    users: [{country: DE, share: 1}, {country: US, share: 1}]
    servers: {count: 2}
    clients:
        - name: perf
          measured: true
          hosts: 4
          pause_ms: 500
          circuit_age_s: 0
          files: [{bytes: 51200, share: 3, timeout_s: 15}, {bytes: 1048576}]
        - {name: load, hosts: 4, sessions: 2, pause_ms: 500, guards: 1, files: [{bytes: 1048576}]}
    load: {written_mbit: 60, tolerance_percent: 100}
"""
RELAYS = """\
# Six relays.
weight capacity rate burst country flags
100 9000000 1073741824 1073741824 DE FG
100 9000000 1073741824 1073741824 FR FGS
100 9000000 1073741824 1073741824 US F
50 9000000 1073741824 1073741824 FI F
50 9000000 1073741824 1073741824 NL EF
50 9000000 1073741824 1073741824 DE EF
"""


def small_in(tmp_path: Path) -> Path:
    """Put the small scenario and all that it names into the folder; return it."""
    (tmp_path / "s.yaml").write_text(SMALL)
    (tmp_path / "relays.txt").write_text(RELAYS)
    shutil.copy(ROOT / "topologies/data/countries.latency", tmp_path)
    for name, source in (("tor", "tor-0.4.9-xeon"), ("loom", "loom-xeon")):
        shutil.copy(ROOT / f"model/cost/profiles/{source}.yaml", tmp_path / f"{name}.yaml")
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the small scenario and all that it names."""
    return small_in(tmp_path)


def run(folder: Path, *words: str, scenario: str = "s.yaml") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "run", scenario, *words], capture_output=True, text=True, check=False, cwd=folder
    )


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*")) if path.is_file()
    }


def assert_refused(folder: Path, expected: str, *words: str) -> None:
    before = files_of(folder)
    done = run(folder, "--out", "out", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(expected), done.stderr
    assert files_of(folder) == before
    assert not (folder / "out").exists()


# What is wrong, how it comes about (old and new text), and how the line begins.
BROKEN = [
    ("a key left out", "warm_up_s: 2\n", "",
     's.yaml:1: expected a key "warm_up_s" with a whole number from 0 to 86400'),
    ("a key that nobody knows", "duration_s", "durations_s",
     "s.yaml:3: durations_s: no such key: expected name, about,"),
    ("a key twice", "name: small", "name: small\nname: large", "s.yaml:2: name: expected each key once"),
    ("no YAML", "seeds: {first: 1", "seeds: {first: [1", "s.yaml:4: expected YAML"),
    ("a number out of range", "duration_s: 4", "duration_s: 0",
     "s.yaml:3: duration_s: expected a whole number from 1 to"),
    ("text for a number", "hosts: 4\n", "hosts: four\n",
     's.yaml:22: traffic.clients[0].hosts: expected a whole number'),
    ("an unknown choice", "order: random", "order: alphabet",
     's.yaml:15: arms[1].order: expected weight, capacity or random, found "alphabet"'),
    ("seeds that end before they begin", "last: 2", "last: 0",
     "s.yaml:4: seeds.last: expected a number from 1 to 1000"),
    ("a name that is no folder", "name: loom", "name: ../loom", "s.yaml:15: arms[1].name: expected at most 64 of A-Z"),
    ("a name twice", "name: load", "name: perf", "s.yaml:26: traffic.clients[1].name: expected each name once"),
    ("an architecture that is not there", "order: random", "architecture: proc",
     's.yaml:15: arms[1].architecture: expected vanilla, poc or full, found "proc"'),
    ("an empty list", "files: [{bytes: 1048576}]", "files: []",
     "s.yaml:26: traffic.clients[1].files: expected 1 to 256 items, found 0"),
    ("an unknown country", "country: US, share", "country: XX, share",
     's.yaml:17: traffic.users[1].country: expected a country of the table of latencies, found "XX"'),
    ("a file that is not there", "loom.yaml", "gone.yaml",
     "s.yaml:11: hardware.loom_profile: expected a file that can be read: gone.yaml: No such file"),
    ("no network", "    relays: relays.txt\n    rows: 6\n", "    scale_permille: 10\n",
     "s.yaml:5: network: expected one of relays, inline and generated"),
    ("no machine for a relay", "cores: 2,", "cores: 2, capacity_mbit_most: 20,",
     "s.yaml:12: hardware.classes: expected a class for each capacity, found none for 72 Mbit/s"),
    ("one profile of two", "    tor_profile: tor.yaml\n", "",
     "s.yaml:9: hardware: expected both tor_profile and loom_profile, or none"),
    ("more relays than the table has", "rows: 6", "rows: 7",
     "s.yaml:7: network.rows: relays.txt: expected 7 rows, found 6"),
]


@pytest.mark.parametrize(("old", "new", "expected"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_scenario(folder: Path, old: str, new: str, expected: str) -> None:
    assert old in SMALL
    (folder / "s.yaml").write_text(SMALL.replace(old, new, 1))
    assert_refused(folder, expected)


# Which file, its text, and how the line begins.
BROKEN_FILES = [
    ("a table cut in a row", "relays.txt", RELAYS[:-12], "relays.txt:8: country: expected two capital letters"),
    ("a table cut in the flags", "relays.txt", RELAYS[:-2], "relays.txt: expected a whole table, found a last line"),
    ("a table cut between rows", "relays.txt", RELAYS[:RELAYS.rindex("50 ")],
     "s.yaml:7: network.rows: relays.txt: expected 6"),
    ("a table of another form", "relays.txt", "weight\n1\n", "relays.txt:1: expected the columns"),
    ("a relay nowhere", "relays.txt", RELAYS.replace("FI", "XX"),
     's.yaml:6: network.relays: expected countries of countries.latency, found "XX"'),
    ("latencies cut", "countries.latency", "AD 1.0\nDE 2.0\n", "countries.latency:2: DE: expected 2 latencies"),
    ("a profile without prices", "tor.yaml", "profile: tor\nmachine: x\ncalibrated: false\n",
     'tor.yaml:1: expected a key "hardware"'),
]


@pytest.mark.parametrize(
    ("name", "text", "expected"), [case[1:] for case in BROKEN_FILES], ids=[case[0] for case in BROKEN_FILES]
)
def test_a_broken_input(folder: Path, name: str, text: str, expected: str) -> None:
    (folder / name).write_text(text)
    assert_refused(folder, expected)


def test_usage(folder: Path) -> None:
    assert run(folder, scenario="nowhere.yaml").stderr == "nowhere.yaml: No such file or directory\n"
    for words in (("--seed", "x"), ("--threads", "0"), ("--at-once", "257"), ("--what",), ("more",)):
        done = run(folder, *words)
        assert done.returncode == 2
        assert "usage: loom run" in done.stderr
    assert_refused(folder, "/nowhere/relays: No such file or directory", "--network", "/nowhere/relays")


def test_check_runs_nothing(folder: Path) -> None:
    before = files_of(folder)
    done = run(folder, "--check", "--out", "out")
    assert (done.returncode, done.stdout) == (0, "")
    assert "6 relays of 6, 8 client hosts, 2 arms, 2 seeds, CPU prices: uncalibrated" in done.stderr
    assert files_of(folder) == before


def deterministic(folder: Path) -> dict[str, str]:
    """Return results.sha256 of each folder below, and check it against the files."""
    made = {}
    for listing in sorted(folder.rglob("results.sha256")):
        for line in listing.read_text().splitlines():
            digest, name = line.split("  ", 1)
            assert hashlib.sha256((listing.parent / name).read_bytes()).hexdigest() == digest
        made[str(listing.parent.relative_to(folder))] = listing.read_text()
    return made


def test_the_same_bytes_for_any_number_of_threads(folder: Path) -> None:
    shapes = {"one": (1, 1), "again": (1, 1), "two": (2, 1), "beside": (1, 2)}
    for name, (threads, at_once) in shapes.items():
        words = ("--seed", "1", "--threads", str(threads), "--at-once", str(at_once), "--out", name)
        assert run(folder, *words).returncode == 0
        host = json.loads((folder / name / "seed-1/tor/host.json").read_text())
        assert (host["threads"], host["runs_at_once"]) == (threads, at_once)
    one = deterministic(folder / "one")
    assert sorted(one) == ["seed-1/loom", "seed-1/tor"]
    assert all(text.count("\n") == 15 for text in one.values())
    for name in shapes:
        assert deterministic(folder / name) == one


@pytest.mark.parametrize(
    ("words", "at_once", "threads"),
    [
        (("--at-once", "3", "--threads", "2"), 3, 2),
        (("--at-once", "9", "--threads", "1"), 4, 1),  # there are four runs
        (("--threads", "256"), 1, 256),
        (("--at-once", "1"), 1, os.cpu_count()),
        (("--seed", "1"), min(2, os.cpu_count()), max(1, os.cpu_count() // 2)),
    ],
)
def test_how_runs_share_the_machine(folder: Path, words: tuple[str, ...], at_once: int, threads: int) -> None:
    done = run(folder, "--check", *words)
    assert f"; {at_once} at once, threads each: {threads}\n" in done.stderr


def test_a_run_that_cannot_write_stops_the_others(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/seed-1").write_text("in the way")
    done = run(folder, "--out", "out", "--at-once", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == "out/seed-1/tor: cannot be written: Not a directory"
    assert [path.name for path in (folder / "out").iterdir()] == ["seed-1"]


def test_a_run_whose_process_is_killed(folder: Path) -> None:
    text = SMALL.replace("duration_s: 4", "duration_s: 4000")
    (folder / "s.yaml").write_text(text)
    words = [PROGRAM, "run", "s.yaml", "--out", "out", "--at-once", "1"]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    while not children.read_text():
        time.sleep(0.01)
    os.kill(int(children.read_text()), signal.SIGKILL)
    out, said = parent.communicate(timeout=30)
    assert (parent.returncode, out) == (1, "")
    assert said.splitlines()[-1] == "s.yaml: seed 1, tor: its process ended without a result: Killed"
    assert not list(folder.glob("out/seed-*"))


def test_what_a_run_leaves(folder: Path) -> None:
    done = run(folder, "--out", "out")
    assert done.returncode == 0
    assert "paired difference [95 %]" in done.stdout
    assert "uncalibrated" in done.stdout
    assert "load: all relays wrote" in done.stdout
    assert "CPU-bound:" in done.stdout
    assert sorted(deterministic(folder / "out")) == [f"seed-{n}/{arm}" for n in (1, 2) for arm in ("loom", "tor")]
    where = folder / "out/seed-2/loom"
    manifest = json.loads((where / "manifest.json").read_text())
    assert (manifest["seed"], manifest["arm"], manifest["prices"]) == (2, "loom", "uncalibrated")
    assert manifest["config"]["traffic"]["clients"][0]["circuit_timeout_s"] == 60
    assert manifest["network"]["relays_that_run_loom"] == 3
    assert {one["name"] for one in manifest["inputs"]} >= {"s.yaml", "relays.txt", "countries.latency"}
    relays = (where / "relays.csv").read_text().splitlines()
    assert len(relays) == 7
    times = json.loads((where / "tornet.plot.data/time_to_last_byte_recv.exit.json").read_text())
    assert len(times["ALL"]) > 4
    assert not list(folder.glob("out/seed-*/.*"))


def test_arms_that_do_the_same_are_simulated_once(folder: Path) -> None:
    arms = """\
    - {name: tor, percent: 0}
    - {name: full-0, percent: 100, threads: 0}
    - {name: poc-0, percent: 100, threads: 0, architecture: poc}
    - {name: poc-1, percent: 100, threads: 1, architecture: poc}
    - {name: vanilla, percent: 100, architecture: vanilla}
"""
    begin, end = SMALL.index("    - {name: tor"), SMALL.index("traffic:")
    (folder / "s.yaml").write_text(SMALL[:begin] + arms + SMALL[end:])
    done = run(folder, "--seed", "1", "--out", "out")
    assert done.returncode == 0
    assert sorted(line.split(",")[1] for line in done.stderr.splitlines() if ": as " in line) == [
        " poc-0: as full-0", " vanilla: as full-0"]
    made = deterministic(folder / "out")
    assert sorted(made) == [f"seed-1/{arm}" for arm in ("full-0", "poc-0", "poc-1", "tor", "vanilla")]
    for arm in ("poc-0", "vanilla"):
        where = folder / "out/seed-1" / arm
        assert json.loads((where / "host.json").read_text())["simulated"] == "full-0"
        assert json.loads((where / "manifest.json").read_text())["arm"] == arm
        lines = zip(made["seed-1/full-0"].splitlines(), made[f"seed-1/{arm}"].splitlines(), strict=True)
        assert [a == b for a, b in lines] == [False, False] + 13 * [True]  # manifest and summary name the arm
    assert made["seed-1/poc-1"].splitlines()[2:] != made["seed-1/full-0"].splitlines()[2:]
    shutil.rmtree(folder / "out/seed-1/full-0")
    done = run(folder, "--seed", "1", "--out", "out", "--resume")
    assert "seed 1, full-0: " in done.stderr
    assert ": as " not in done.stderr
    assert deterministic(folder / "out") == made


def test_another_table_and_a_second_run_in_the_same_place(folder: Path) -> None:
    assert run(folder, "--seed", "1", "--out", "out").returncode == 0
    first = deterministic(folder / "out")
    text = (folder / "s.yaml").read_text().replace("    rows: 6\n", "    scale_permille: 1\n")
    (folder / "s.yaml").write_text(text)
    done = run(folder, "--seed", "1", "--out", "out", "--network", str(TABLE), "--check")
    assert "relays of 7183" in done.stderr
    (folder / "s.yaml").write_text(SMALL.replace("hosts: 4", "hosts: 5"))
    assert run(folder, "--seed", "1", "--out", "out").returncode == 0
    assert deterministic(folder / "out") != first


def test_bench(folder: Path) -> None:
    words = [PROGRAM, "bench", "sim", folder / "s.yaml", "--seconds", "2", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    made = json.loads(done.stdout)
    assert made["cells_relayed"] > 1000
    assert made["cells_per_core_second"] > 1000
    state = made["bytes_of_state"]
    assert 100 < state["circuit_half"] < 10_000
    assert 100 < state["idle_link_side"] < 100_000
    assert 100 < state["client"] < 100_000
    assert subprocess.run([PROGRAM, "bench"], capture_output=True, check=False).returncode == 2


def test_bench_balance() -> None:
    words = [PROGRAM, "bench", "balance", "--threads", "2", "--load", "20", "--seconds", "2", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    arms = json.loads(done.stdout)
    assert [(arm["threads"], arm["policy"]) for arm in arms] == [
        (1, "round-robin"), (2, "round-robin"), (2, "least-busy"), (2, "moving")]  # fmt: skip
    assert all(0 < arm["idlest"] <= arm["busiest"] < 0.75 and arm["moves"] == 0 for arm in arms)
    words[-2] = "0"
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, "--seconds" in done.stderr) == (2, True)
