"""The picture of a sensitivity: what it shows, and that it is drawn."""

import json

import pytest
from loom_analysis import tornado


def variant(profile, threads, cells_per_s):
    return {"profile": profile, "threads": threads, "cells_per_s": cells_per_s}


def number(name, least, most):
    return {"name": name, "source": "kernel", "cells_per_s": {"least": least, "most": most}}


ONE = {"variants": [variant("loom", 1, 200.0)], "numbers": [number("reads", [220.0], [150.0])]}
TWO = {
    "variants": [variant("tor", 0, 100.0), variant("loom", 2, 400.0)],
    "numbers": [number("reads", [125.0, 400.0], [100.0, 300.0]), number("wakes", [100.0, 400.0], [100.0, 396.0])],
}


def test_one_variant_is_shown_by_its_throughput():
    what, rows = tornado.effects(ONE)
    assert what == "throughput of loom, 1 threads"
    assert rows == [("reads", pytest.approx(10), pytest.approx(-25))]


def test_several_are_shown_by_the_ratio_of_the_last_to_the_first():
    what, rows = tornado.effects(TWO)
    assert what == "throughput of loom, 2 threads by tor, 0 threads"
    assert rows[0] == ("reads", pytest.approx(-20), pytest.approx(-25))
    assert rows[1] == ("wakes", pytest.approx(0), pytest.approx(-1))


@pytest.mark.parametrize("result", [ONE, TWO])
def test_it_is_drawn(tmp_path, result):
    source, picture = tmp_path / "s.json", tmp_path / "s.svg"
    source.write_text(json.dumps(result))
    assert tornado.main([str(source), str(picture)]) == 0
    assert picture.read_text().count("<path") > 10


def test_what_is_wrong_is_said_in_one_line(tmp_path, capsys):
    source = tmp_path / "s.json"
    source.write_text("{}")
    assert tornado.main([str(source), str(tmp_path / "s.svg")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert tornado.main([]) == 2
