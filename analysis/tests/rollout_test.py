"""Curves over the share of relays that run Loom: which arms make a line, of one scenario and of a sweep."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from loom_analysis import report, section_rollout
from loom_analysis.results import read_results
from loom_analysis.sweeps import read_sweep
from report_test import words
from synthetic import Options, write_results

ARMS = ("tor", "loom-10", "loom-50", "loom-100")
PERCENTS = (0, 10, 50, 100)
FIGURES = {"fig-rollout-throughput", "fig-rollout-latency", "fig-rollout-busiest", "fig-rollout-bound",
           "fig-rollout-cdfs"}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    options = Options(arms=ARMS, percents=PERCENTS, relays_of_class=2)
    return read_results(write_results(tmp_path_factory.mktemp("rollout"), options))


def with_arms(results, **changes):
    """Give each arm further settings: key=[value of each arm]."""
    arms = [arm | {key: values[i] for key, values in changes.items()} for i, arm in enumerate(results.scenario["arms"])]
    return replace(results, scenario=results.scenario | {"arms": arms})


def test_one_line(results):
    (line,) = section_rollout.lines(results)
    assert line.arms == dict(zip(PERCENTS, ARMS, strict=True))


def test_arms_that_differ_in_more_are_another_line(results):
    assert section_rollout.lines(with_arms(results, threads=[4, 1, 2, 4])) == [], "two shares, with none, are no curve"
    got = section_rollout.lines(with_arms(results, threads=[9, 4, 4, 4]))
    assert [line.arms for line in got] == [dict(zip(PERCENTS, ARMS, strict=True))], "nobody runs Loom in the first"


def test_two_arms_are_no_curve(tmp_path):
    assert not section_rollout.is_wanted(read_results(write_results(tmp_path)))


def test_the_page(results):
    page = report.render(results)
    assert all(f'id="{name}"' in page for name in FIGURES)
    text = words(page)
    for part in ("Rollout", "Throughput and fairness", "95 % interval (Student's t over 3 seeds)"):
        assert part in text


def write_sweep(folder: Path, percents: tuple[int, ...], **more: list[str]) -> Path:
    """Write a sweep over fractions and, beside them, over other values."""
    settings = []
    for key, values in (more or {"": [""]}).items():
        for value in values:
            for percent in percents:
                swept = {"rollout.fraction": str(percent / 100)} | ({key: value} if key else {})
                name = ",".join(f"{path}={one}" for path, one in swept.items())
                options = Options(arms=("rollout",), percents=(percent,), relays_of_class=2, seeds=(1, 2))
                write_results(folder / name, options)
                settings.append({"name": name, "set": swept, "arms": ["rollout"]})
    made = {"format": 1, "scenario": "x", "settings": settings, "seeds": {"first": 1, "last": 2}}
    (folder / "sweep.json").write_text(json.dumps(made))
    return folder


def test_settings_of_a_sweep_are_one_line(tmp_path):
    swept = read_sweep(write_sweep(tmp_path, PERCENTS))
    assert swept.arms[1] == "rollout.fraction=0.1" and not swept.missing
    (line,) = section_rollout.lines(swept)
    assert list(line.arms) == list(PERCENTS)


def test_other_values_of_a_sweep_are_other_lines(tmp_path):
    lines = section_rollout.lines(read_sweep(write_sweep(tmp_path, PERCENTS, duration_s=["10", "20"])))
    assert [line.label for line in lines] == ["duration_s 10", "duration_s 20"]
    assert all(list(line.arms) == list(PERCENTS) for line in lines)


def test_what_a_sweep_lacks_is_named(tmp_path):
    folder = write_sweep(tmp_path, PERCENTS)
    made = json.loads((folder / "sweep.json").read_text())
    made["seeds"]["last"] = 3
    (folder / "sweep.json").write_text(json.dumps(made))
    assert "seed 3 of rollout.fraction=0.5" in read_sweep(folder).missing
