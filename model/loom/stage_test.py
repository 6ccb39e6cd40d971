"""loom stage as people run it, on the real network of May 2024: deterministic, and mistakes write nothing."""

import lzma
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ["LOOM_SOURCE_DIR"])
PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom"
DATA = ROOT.parent / "shared/data/network-2024-05"
COMMITTED = ROOT / "scenarios/data/relays-2024-05.txt"
REPLACED = ("--replace", "EU=DE", "--replace", "AP=SG")
COLUMNS = "weight capacity rate burst country flags"

needs_data = pytest.mark.skipif(not DATA.exists(), reason="../shared is not here")


def stage(out: Path, *more: str, **files: Path) -> subprocess.CompletedProcess[str]:
    paths = {
        "consensus": DATA / "consensus-microdesc.xz",
        "relays": DATA / "relayinfo_staging.json.xz",
        "latency": ROOT / "topologies/data/countries.latency",
    } | files
    options = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
    return subprocess.run(
        [PROGRAM, "stage", *options, "--out", out, *more], capture_output=True, text=True, check=False
    )


@needs_data
def test_the_committed_table_is_what_the_command_makes(tmp_path: Path) -> None:
    done = stage(tmp_path / "a.txt", *REPLACED)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "a.txt").read_bytes() == COMMITTED.read_bytes()


def test_the_committed_table_names_nobody() -> None:
    lines = COMMITTED.read_text().splitlines()
    rows = lines[lines.index(COLUMNS) + 1 :]
    assert len(rows) > 6000
    for row in rows:
        *numbers, country, flags = row.split(" ")
        assert len(numbers) == 4
        assert all(number.isdecimal() for number in numbers)
        assert len(country) == 2
        assert set(flags) <= set("ABDEFGHMS-")


def assert_refused(done: subprocess.CompletedProcess[str], folder: Path, expected: str) -> None:
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert expected in done.stderr
    assert not (folder / "a.txt").exists()
    assert not list(folder.glob("a.txt.*"))


@needs_data
@pytest.mark.parametrize("share", [0.001, 0.3, 0.5, 0.98])
def test_a_truncated_consensus(tmp_path: Path, share: float) -> None:
    whole = lzma.decompress((DATA / "consensus-microdesc.xz").read_bytes())
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: int(share * len(whole))])
    line = whole[: int(share * len(whole))].count(b"\n")
    done = stage(tmp_path / "a.txt", *REPLACED, consensus=cut)
    assert_refused(done, tmp_path, "cut:")
    assert int(done.stderr.split(":")[1]) in (line, line + 1)


@needs_data
def test_truncated_packed_files(tmp_path: Path) -> None:
    for name, option in (("consensus-microdesc.xz", "consensus"), ("relayinfo_staging.json.xz", "relays")):
        cut = tmp_path / "cut.xz"
        cut.write_bytes((DATA / name).read_bytes()[:100000])
        done = stage(tmp_path / "a.txt", *REPLACED, **{option: cut})
        assert_refused(done, tmp_path, "cut.xz: expected a whole file packed by xz")


@needs_data
def test_an_unknown_country(tmp_path: Path) -> None:
    done = stage(tmp_path / "a.txt", "--replace", "AP=SG")
    assert_refused(done, tmp_path, 'country_code: expected a country of countries.latency, found "EU"')
    assert done.stderr.startswith("relayinfo_staging.json.xz:")
    done = stage(tmp_path / "a.txt", "--replace", "EU=XX", "--replace", "AP=SG")
    assert_refused(done, tmp_path, 'found "XX"')


@needs_data
def test_an_old_table_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    assert stage(tmp_path / "a.txt").returncode == 1
    assert (tmp_path / "a.txt").read_text() == "old"


def test_usage(tmp_path: Path) -> None:
    assert subprocess.run([PROGRAM], capture_output=True, check=False).returncode == 2
    assert subprocess.run([PROGRAM, "stag"], capture_output=True, check=False).returncode == 2
    assert subprocess.run([PROGRAM, "--help"], capture_output=True, check=False).returncode == 0
    assert subprocess.run([PROGRAM, "stage", "--help"], capture_output=True, check=False).returncode == 0
    assert stage(tmp_path / "a.txt", "--replace", "EU").returncode == 2
    assert stage(tmp_path / "a.txt", "more").returncode == 2
    done = subprocess.run([PROGRAM, "stage", "--out", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("loom stage: expected --consensus FILE\n")
