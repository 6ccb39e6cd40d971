"""networks - every run of an experiment attacked and scored: one value of each measure a network.

Likelihoods for the information gain of a network are fitted on the other seeds of its arm: an attacker who adapts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..measures.information import Trial, held_out_gain
from ..observed.attacked import (
    flow_pairs,
    flow_scores,
    rate_of_flows,
    spread_of_probes,
    spread_of_trips,
    trip_pairs,
)
from ..observed.manifest import ObservationsError
from ..observed.reader import Observations, read_observations
from ..observed.scorer import guard_measures, link_measures, path_measures

SHORT_S = 60.0  # what a hurried adversary looks at
OBSERVED = "observed"  # the folder of a run


@dataclass(frozen=True)
class Settings:
    """How series are attacked: bins taken together, and the least window."""

    attack_bin_ms: int
    window_s: float


@dataclass(frozen=True)
class Network:
    """One run. values: by measure; what the run does not show is not there."""

    seed: int
    arm: str
    values: dict[str, float]
    trials: list[Trial] = field(default_factory=list)
    percentiles: np.ndarray = field(default_factory=lambda: np.zeros(0))
    counts: dict[str, int] = field(default_factory=dict)  # of what values are made of


def _guards(seen: Observations, truth: Path, settings: Settings) -> tuple[dict, dict, list[Trial], np.ndarray]:
    together = max(1, round(settings.attack_bin_ms * 1e6 / seen.manifest.bin_ns))
    scores = flow_scores(seen, settings.window_s, together)
    if not scores:
        return {}, {}, [], np.zeros(0)
    got = guard_measures(seen, scores, truth)
    short = guard_measures(seen, flow_scores(seen, SHORT_S, together, SHORT_S), truth)
    values = {
        "guard-percentile": got.area, "guard-percentile-60s": short.area, "guard-first": got.first,
        "guard-top-fifth": got.top_fifth, "guard-coverage": got.calibrated_coverage,
        "guard-set": got.calibrated_size, "guard-ruled-out": got.guard_ruled_out,
    }
    return values, {"flows": got.flows}, got.trials, got.percentiles


def _paths(seen: Observations, truth: Path, settings: Settings) -> tuple[dict, dict]:
    together = max(1, round(settings.attack_bin_ms * 1e6 / seen.manifest.bin_ns))
    got = path_measures(flow_pairs(seen, settings.window_s, together), truth)
    values = {"path-all": got.all_area, "path-one": got.one_area, "path-false": got.false_share}
    counts = {"pairs with one path": got.all_pairs, "with one relay in common": got.one_pairs,
              "with none": got.none_pairs}
    return {name: value for name, value in values.items() if value is not None}, counts


def _links(seen: Observations, truth: Path) -> tuple[dict, dict]:
    got = link_measures(trip_pairs(seen), truth)
    if got is None:
        return {}, {}
    values = {"link-ks": got.ks_area, "link-means": got.means_area, "link-error": got.error}
    return values, {"pairs at two servers of one circuit": got.same, "of two circuits": got.different}


def score_network(run: Path, arm: str, settings: Settings) -> Network:
    """Attack what lies in a run's folder, and compare with its truth."""
    seen = read_observations(run / OBSERVED)
    values, counts, trials, percentiles = _guards(seen, run, settings)
    for more, how_many in (_paths(seen, run, settings), _links(seen, run)):
        values |= more
        counts |= how_many
    alone = {"flow-rate": rate_of_flows(seen), "probe-spread": spread_of_probes(seen),
             "trip-spread": spread_of_trips(seen)}
    values |= {name: value for name, value in alone.items() if value is not None}
    return Network(seen.manifest.seed, arm, values, trials, percentiles, counts)


def _with_gains(networks: list[Network]) -> list[Network]:
    """Add the held-out information gain, for which each arm needs two networks."""
    gains = {}
    for arm in {one.arm for one in networks}:
        trials = [trial for one in networks if one.arm == arm for trial in one.trials]
        if len({one.seed for one in trials}) > 1:
            gains |= {(arm, seed): gain for seed, gain in held_out_gain(trials).items()}
    for one in networks:
        if (one.arm, one.seed) in gains:
            one.values["guard-gain"] = gains[one.arm, one.seed]
    return networks


def score_all(folder: Path, config: dict, tell: Callable[[str], None] = lambda _: None) -> list[Network]:
    """Score all runs of an experiment that have observations, by seed and arm."""
    settings = Settings(config["observe"]["attack_bin_ms"], float(config["observe"]["window_s"]))
    order = {arm["name"]: place for place, arm in enumerate(config["arms"])}
    runs = sorted(folder.glob(f"seed-*/*/{OBSERVED}"), key=lambda one: (_seed_of(one), order.get(one.parent.name, 0)))
    networks = []
    for one in runs:
        tell(f"{one.parent.parent.name}, {one.parent.name} ({len(networks) + 1} of {len(runs)})")
        networks.append(score_network(one.parent, one.parent.name, settings))
    return _with_gains(networks)


def _seed_of(observed: Path) -> int:
    name = observed.parent.parent.name.removeprefix("seed-")
    if not name.isdigit():
        raise ObservationsError(f"{observed}: expected it in seed-N/ARM")
    return int(name)
