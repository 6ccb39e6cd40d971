"""The program around Shadow, without Shadow."""

import json
import stat

import pytest
from loom_shadow import pattern, run
from loom_shadow.errors import ShadowError
from small_plan import plan, relay


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_without_shadow_one_line_says_where_it_is_from(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LOOM_SHADOW", raising=False)
    assert run.main([str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert said.startswith("error Shadow is not here: no program shadow on PATH") and said.count("\n") == 1
    assert "https://shadow.github.io/docs/guide/install_shadow.html" in said
    monkeypatch.setenv("LOOM_SHADOW", "/nowhere/shadow")
    assert run.main([str(tmp_path)]) == 1
    assert "LOOM_SHADOW=/nowhere/shadow is no program" in capsys.readouterr().out


def test_progress_and_the_last_words_of_shadow(tmp_path, capsys):
    said = "50%% - simulated: 00:01:40/00:03:20, realtime: 1"
    shadow = program(tmp_path / "shadow", f"printf '{said}\\n' >&2; echo no such host >&2; exit 3")
    with pytest.raises(ShadowError, match=r"status 3: no such host \(.*shadow.log\)"):
        run.run_shadow(shadow, tmp_path, 200.0)
    assert capsys.readouterr().out == "progress 0.5000\n"


def test_a_plan_of_another_format_is_refused(tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps(plan(format=2)))
    with pytest.raises(ShadowError, match="expected format 1, found 2"):
        run.read_plan(tmp_path)


def test_a_relay_that_is_not_built(tmp_path):
    with pytest.raises(ShadowError, match="build loom-relay"):
        run.programs(plan(relays=[relay("x", 0, program="loom")]), tmp_path)


def test_bytes_that_are_lost_doubled_or_swapped_show():
    at = 262139 - 100  # over the end of the block
    data = bytes(pattern.piece(at, 4096))
    assert len(data) == 4096 and pattern.matches(at, data)
    for wrong in (data[1:], data[:50] + data[49:], data[498:996] + data[:498] + data[996:], data[:-1] + b"\0"):
        assert not pattern.matches(at, wrong) or wrong == data
