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
