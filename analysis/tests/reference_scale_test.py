"""Made-up runs at several scales beside made-up round trips of Shadow."""

import json
from pathlib import Path

import pytest
from loom_analysis.reference_scale import main

COMMITTED = Path(__file__).parents[2] / "scenarios"


def shadow(tmp_path: Path, median: float) -> Path:
    folder = tmp_path / "shadow2-x/results"
    folder.mkdir(parents=True)
    (folder / "round_trip_time.json").write_text(json.dumps([median - 0.1, median, median + 0.3]))
    return folder


def run(tmp_path: Path, scale: int, median: float) -> str:
    folder = tmp_path / f"run-{scale}-{median}"
    (folder / "tornet.plot.data").mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"config": {"topology": {"scale_permille": scale}}}))
    (folder / "tornet.plot.data/round_trip_time.exit.json").write_text(json.dumps([median, median, 9.0, 0.1]))
    return str(folder)


def fitted(capsys: pytest.CaptureFixture[str], *args: str) -> dict:
    assert main(list(args)) == 0
    return json.loads(capsys.readouterr().out)


def test_the_scale_is_where_the_line_reaches_shadow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = str(shadow(tmp_path, 0.5))
    runs = [run(tmp_path, 1000, 0.25), run(tmp_path, 3000, 0.65)]  # 0.05 s, and 0.2 s for each 1000
    found = fitted(capsys, theirs, *runs)
    assert found["scale_permille"] == 2250
    assert found["shadow"] == {"results": "shadow2-x", "round_trips": 3, "median_s": 0.5}
    assert found["runs"][1] == {"scale_permille": 3000, "round_trips": 4, "median_s": 0.65}
    assert fitted(capsys, theirs, runs[0])["scale_permille"] == 2000  # in proportion


def test_round_trips_that_do_not_grow_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = str(shadow(tmp_path, 0.5))
    assert main([theirs, run(tmp_path, 1000, 0.6), run(tmp_path, 2000, 0.5)]) == 1
    assert "grow with the scale" in capsys.readouterr().err
    assert main([theirs, str(tmp_path / "none")]) == 1


def test_the_scenario_has_the_scale_that_was_fitted() -> None:
    kept = json.loads((COMMITTED / "reference.scale.json").read_text())
    assert f"    scale_permille: {kept['scale_permille']}\n" in (COMMITTED / "reference.yaml").read_text()
    assert kept["shadow"]["results"] == "shadow2-0.05-1"
