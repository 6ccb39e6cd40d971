"""A load is one word for the generator and for the engine; impossible ones are refused."""

import pytest
from loom_testbed.load_designs import FITTED, HELD_OUT
from loom_testbed.load_shape import EXIT, SUITES, Load


def test_the_generator_and_the_engine_are_told_the_same() -> None:
    load = Load(links=12, circuits=96, run=6, record_cells=20, cipher="chacha", threads=2)
    assert load.generator_options() == ["--links", "12", "--circuits", "96", "--run", "6", "--record-cells", "20",
                                        "--cipher", "TLS_CHACHA20_POLY1305_SHA256"]  # fmt: skip
    assert load.predict_options() == ["--threads", "2", "--role", "middle", "--links", "12", "--circuits", "96",
                                      "--run", "6", "--record-cells", "20", "--cipher", "chacha"]  # fmt: skip
    slow = load.at_rate(5000)
    assert slow.generator_options()[-2:] == slow.predict_options()[-2:] == ["--rate", "5000"]
    assert Load(role=EXIT, links=1, circuits=1).generator_options()[:2] == ["--role", "exit"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "guard", "links": 8},
        {"links": 3},
        {"links": 0},
        {"links": 2000, "circuits": 2000},
        {"circuits": 9, "links": 20},
        {"run": 0},
        {"run": 32},
        {"record_cells": 32},
        {"cipher": "des"},
        {"threads": 17},
        {"rate": -1},
        {"links": 0, "role": EXIT},
    ],
)
def test_what_no_generator_can_make_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))} "):
        Load(**wrong)


def test_what_is_held_out_is_not_fitted() -> None:
    assert not set(FITTED) & set(HELD_OUT)
    assert len(set(FITTED)) == len(FITTED)
    assert len({load.name for load in HELD_OUT}) == len(HELD_OUT)


def test_what_is_held_out_covers_what_predictions_are_asked_for() -> None:
    assert len(HELD_OUT) >= 12
    assert {load.role for load in HELD_OUT} == {"middle", "exit"}
    assert {load.threads for load in HELD_OUT} == {0, 1, 2}
    assert {load.cipher for load in HELD_OUT} == set(SUITES)
    assert {1, 31} <= {load.record_cells for load in HELD_OUT}
    assert {1, 31} <= {load.run for load in HELD_OUT}
    assert {1, 500} <= {load.links for load in HELD_OUT}
    assert min(load.circuits for load in HELD_OUT) == 1
    assert max(load.circuits for load in HELD_OUT) >= 10000
