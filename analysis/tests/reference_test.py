"""A made-up run beside made-up results of Shadow."""

import json
from pathlib import Path

import pytest
from loom_analysis.reference import main


def write(folder: Path, ending: str, factor: float, errors: float) -> None:
    folder.mkdir(parents=True)
    times = {size: [factor * n for n in range(1, 101)] for size in ("51200", "1048576", "5242880")}
    files = {
        "round_trip_time": times["51200"],
        "perfclient_circuit_build_time": times["51200"],
        "time_to_first_byte_recv": times,
        "time_to_last_byte_recv": times,
        "error_rate": {"ALL": [[errors, 2.5], [0.0, 2.5]]},
    }
    for name, content in files.items():
        (folder / f"{name}{ending}.json").write_text(json.dumps(content))
    (folder / "relay_goodput.json").write_text(json.dumps({"1": 1e9 * factor, "2": 1e9 * factor}))


def test_the_table_says_how_far_they_are_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "theirs", "", 1.0, 5.0)
    write(tmp_path / "ours/tornet.plot.data", ".exit", 1.25, 10.0)
    assert main([str(tmp_path / "ours"), str(tmp_path / "theirs")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 2 + 6 + 1 + 1
    assert lines[2].split()[-8:] == ["100", "100", "50.500", "63.125", "+25.0", "%", "0.20", "0.19"]
    assert [line.split()[-1] for line in lines[3:]] == ["no"] * 9  # by 25 %, or 2.5 points
    assert "relay goodput [Gbit/s]" in lines[10]
    assert lines[11].split()[-3:] == ["2.50", "5.00", "no"]


def test_what_is_near_enough_is_held(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "theirs", "", 1.0, 5.0)
    write(tmp_path / "ours/tornet.plot.data", ".exit", 1.09, 6.0)
    assert main([str(tmp_path / "ours"), str(tmp_path / "theirs")]) == 0
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()[3:]] == ["yes"] * 9


def test_what_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "theirs", "", 1.0, 5.0)
    assert main([str(tmp_path / "ours"), str(tmp_path / "theirs")]) == 1
    assert "expected round_trip_time.json" in capsys.readouterr().err
