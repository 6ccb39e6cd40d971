"""A full relay in Shadow carries what its virtual cores allow: a cell takes c ns, and nothing else takes time.

The closed form: a core alone does 1/c cells a second, two hyperthreads that are both busy 2/s of that, and a relay has
as many busy threads as it has connection threads (its main thread, when it has none) and logical cores are there for.
A thread takes a core of its own before it takes half of one. So with n busy threads on k cores, p = max(0, n - k) of
which are shared, throughput is

    (n - 2 p + p 2/s) / c

Each generator has windows of its own in each direction, and each thread has links of some. A generator's way in and
way out may be on two threads, of which one shares its core and so is late with what the other hands to it. CIRCUITS of
each generator have windows for so many cells that nobody waits meanwhile for a window.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from loom_testbed.load_shape import Load
from loom_testbed.shadow_relay import Keys, Pace, make_keys, one_price_profile, saturate

ROOT = Path(__file__).resolve().parents[2]
CELL_NS = 50_000  # far above what a network of 2 ms takes for a window of cells; and few cells are cheap
SMT_PERMILLE = 1600
GENERATORS = 4
CIRCUITS = 16
TOLERANCE = 0.03


def cores_worth(threads: int, cores: int, threads_per_core: int) -> float:
    """Return how many undisturbed cores do as much as the relay's threads do together."""
    busy = min(max(threads, 1), cores * threads_per_core)
    shared = max(0, busy - cores)
    return busy - 2 * shared + shared * 2 * 1000 / SMT_PERMILLE


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
    """Return a load of one way in and one way out."""
    return Load(links=2, circuits=CIRCUITS, run=4, record_cells=8, threads=threads)


@pytest.mark.parametrize("ahead_us", [0, None], ids=["strict", "default"])
@pytest.mark.parametrize("threads_per_core", [1, 2])
@pytest.mark.parametrize("cores", [1, 2, 3])
@pytest.mark.parametrize("threads", [0, 1, 2, 4])
def test_throughput_is_the_closed_form(
    programs: Path,
    keys: Keys,
    profile: Path,
    tmp_path: Path,
    threads: int,
    cores: int,
    threads_per_core: int,
    ahead_us: int | None,
) -> None:
    pace = Pace(profile, cores, threads_per_core, ahead_us)
    found = saturate(shape(threads), pace, keys, tmp_path / "run", programs, generators=GENERATORS)
    expected = cores_worth(threads, cores, threads_per_core) * 1e9 / CELL_NS
    print(f"{found.cells_per_s:.0f} cells/s, {found.cells_per_s / expected:.4f} of {expected:.0f}")
    assert found.cells_per_s == pytest.approx(expected, rel=TOLERANCE)


def test_the_same_experiment_twice_is_the_same(programs: Path, keys: Keys, profile: Path, tmp_path: Path) -> None:
    reports = []
    for name in ("first", "second"):
        found = saturate(shape(2), Pace(profile, 2, 1), keys, tmp_path / "run", programs, seconds=1, generators=2)
        (tmp_path / "run").rename(tmp_path / name)  # paths are the same, too
        reports.append(found.reports)
    assert reports[0] == reports[1]
