"""loom-topology as people run it: the committed table comes out of its source again; mistakes write nothing."""

import lzma
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ["LOOM_SOURCE_DIR"])
PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom-topology"
COUNTRIES = ROOT.parent / "shared/data/latency/countries.graphml.xz"
COMMITTED = ROOT / "topologies/data/countries.latency"
CITIES = ROOT / "topologies/data/cities.latency"
SOURCE = "countries.graphml.xz (Shadow, before 2014)"

GOOD = (
    "graph [ node [ id 1 country_code \"DE\" ] node [ id 2 country_code \"US\" ]\n"
    " edge [ source 1 target 1 latency 0 ] edge [ source 2 target 2 latency \"5 ms\" ]\n"
    " edge [ source 1 target 2 latency \"44 ms\" ] ]\n"
)


def topology(*args: str | Path, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([PROGRAM, *args], input=text, capture_output=True, check=False)


@pytest.mark.skipif(not COUNTRIES.exists(), reason="../shared is not here")
def test_the_committed_table_is_what_the_command_makes(tmp_path: Path) -> None:
    out = tmp_path / "countries.latency"
    done = topology("generate", "graphml:-", out, SOURCE, text=lzma.decompress(COUNTRIES.read_bytes()))
    assert (done.returncode, done.stderr) == (0, b"")
    assert out.read_bytes() == COMMITTED.read_bytes()


@pytest.mark.parametrize(
    ("good", "bad", "error"),
    [
        ('"44 ms"', '"-1 ms"', "edge 1 - 2: expected a latency with a known unit, or in milliseconds"),
        ('"44 ms"', "0", "edge 1 - 2: expected a latency above 0"),
        ("edge [ source 1 target 1 latency 0 ]", "", "node 1: expected a self loop, for two hosts at the same node"),
        ('edge [ source 1 target 2 latency "44 ms" ]', "", "node 2: expected a way to the first node"),
        ('"US"', '"DE"', "node 2: expected each country once, DE is also that of node 1"),
        ('"US"', '"Europe"', "node 2: expected a country code of two letters"),
        ("] ]", "]", "expected a graph in GML"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(tmp_path: Path, good: str, bad: str, error: str) -> None:
    graph = tmp_path / "a.gml"
    graph.write_text(GOOD.replace(good, bad))
    done = topology("generate", graph, tmp_path / "b.latency")
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"{graph}: {error}")
    assert [path.name for path in tmp_path.iterdir()] == ["a.gml"]


def test_cities_have_the_latencies_of_their_distances(tmp_path: Path) -> None:
    """Without the file that the committed table is of: the rows of three of its countries."""
    places = tmp_path / "zone.tab"
    places.write_text("DE\t+5230+01322\tEurope/Berlin\nUS\t+404251-0740023\tAmerica/New_York\n"
                      "RU\t+5443+02030\tEurope/Kaliningrad\nRU\t+554521+0373704\tEurope/Moscow\n")
    out = tmp_path / "three.latency"
    assert topology("generate", f"cities:{places}", out, "three places").returncode == 0
    made = [line.split() for line in out.read_text().splitlines() if not line.startswith("#")]
    committed = {line.split()[0]: line.split()[1:] for line in CITIES.read_text().splitlines() if line[0] != "#"}
    names = list(committed)
    assert [row[0] for row in made] == ["DE", "RU", "US"]
    for row in made:
        assert row[1:] == [committed[row[0]][names.index(other[0])] for other in made[:len(row) - 1]]
    assert topology("generate", f"cities:{tmp_path}/none", out).returncode == 1
    places.write_text("DE\tBerlin\n")
    assert topology("generate", f"cities:{places}", tmp_path / "none.latency").returncode == 1
    assert not (tmp_path / "none.latency").exists()


def test_forms_follow_names_and_the_result_passes_check(tmp_path: Path) -> None:
    graph = tmp_path / "a.gml"
    graph.write_text(GOOD)
    for before, after in (("a.gml", "b.graphml"), ("b.graphml", "c.gml")):
        assert topology("generate", tmp_path / before, tmp_path / after).returncode == 0
        assert topology("check", tmp_path / after).returncode == 0
    assert topology("check", graph).returncode == 1
    assert topology("place", tmp_path / "b.graphml", "US", "DE").stdout == b"US 2\nDE 1\n"
    assert topology("place", graph, "EU").returncode == 1
    assert topology("generate", graph, tmp_path / "a.txt").returncode == 1
    assert not (tmp_path / "a.txt").exists()
    assert topology("show", graph).returncode == 0
    assert topology("draw", graph).returncode == 2
