"""A full relay in Shadow carries what a virtual core allows: a cell takes c ns, and nothing else takes time."""

from __future__ import annotations

from pathlib import Path

import pytest
from loom_testbed.load_shape import Load
from loom_testbed.shadow_relay import Keys, Pace, make_keys, one_price_profile, saturate

ROOT = Path(__file__).resolve().parents[2]
CELL_NS = 40_000  # far above what a network of 2 ms takes for a window of cells
SMT_PERMILLE = 1600
TOLERANCE = 0.03


@pytest.fixture(scope="module")
def keys(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Return keys for all runs."""
    return make_keys(programs / "loom-relay", tmp_path_factory.mktemp("keys") / "relay")


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a profile in which a cell that is received takes CELL_NS, and all else nothing."""
    template = (ROOT / "model/cost/profiles/loom-xeon.yaml").read_text()
    path = tmp_path_factory.mktemp("profile") / "cell.yaml"
    path.write_text(one_price_profile(template, "cells_received", CELL_NS, SMT_PERMILLE))
    return path


def shape(threads: int) -> Load:
    """Return a load of one way in and one way out: one thread has both."""
    return Load(links=2, circuits=8, run=4, record_cells=8, threads=threads)


@pytest.mark.parametrize("threads", [0, 1])
@pytest.mark.parametrize("cores", [1, 3])
def test_throughput_is_the_closed_form(
    programs: Path, keys: Keys, profile: Path, tmp_path: Path, threads: int, cores: int
) -> None:
    found = saturate(shape(threads), Pace(profile, cores, 2), keys, tmp_path / "run", programs)
    expected = 1e9 / CELL_NS
    print(f"{threads} threads, {cores} cores: {found.cells_per_s:.0f} cells/s, {found.cells_per_s / expected:.4f}")
    assert found.cells_per_s == pytest.approx(expected, rel=TOLERANCE)


def test_the_same_experiment_twice_is_the_same(programs: Path, keys: Keys, profile: Path, tmp_path: Path) -> None:
    reports = []
    for name in ("first", "second"):
        found = saturate(shape(1), Pace(profile, 2, 1), keys, tmp_path / "run", programs, seconds=1)
        (tmp_path / "run").rename(tmp_path / name)  # paths are the same, too
        reports.append(found.report)
    assert reports[0] == reports[1]
