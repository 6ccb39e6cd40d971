"""A tor with libloom-price.so and another machine's prices carries in Shadow what `loom predict` says of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from loom_testbed import tor_work
from loom_testbed.bench_shadow_tor import ASKED_PREDICTED, ELSEWHERE
from loom_testbed.load_shape import Load
from loom_testbed.predict_engine import said
from loom_testbed.shadow_relay import Keys, Pace, make_keys, saturate_tor

LOADS = (
    Load(links=2, circuits=16, run=4, record_cells=8, threads=0),
    Load(links=12, circuits=96, run=6, record_cells=31, cipher="chacha", threads=0),
)


@pytest.fixture(scope="module")
def keys(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Return keys for all runs."""
    if shutil.which("tor") is None:
        pytest.skip("tor is not installed")
    return make_keys(programs / "loom-relay", tmp_path_factory.mktemp("keys") / "relay", sinks=6)


@pytest.mark.parametrize("load", LOADS, ids=lambda load: f"{load.links}-links")
@pytest.mark.parametrize("profile", ELSEWHERE, ids=lambda profile: profile.stem)
def test_throughput_is_as_predicted(programs: Path, keys: Keys, tmp_path: Path, profile: Path, load: Load) -> None:
    carried = saturate_tor(load, Pace(profile), keys, tmp_path / "run", programs).cells_per_s
    predicted = tor_work.parse(said(tor_work.command(programs / "loom", str(profile), load))).cells_per_s
    print(f"{profile.stem}, {load.name}: {carried:.0f} cells/s, predicted {predicted:.0f}, {carried / predicted:.4f}")
    assert carried == pytest.approx(predicted, rel=ASKED_PREDICTED)
