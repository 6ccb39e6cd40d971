"""outcome - all that an experiment says of its adversary: measures by arm, verdicts, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..observed.manifest import ObservationsError
from ..statistics import Estimate, estimate
from .hypotheses import Verdict, judge
from .networks import OBSERVED, Network, score_all

MEASURES = {  # of the schema, in the order of reports
    "guard-percentile": "share of probed relays that score below the guard (0.5 by chance)",
    "guard-percentile-60s": "the same after a minute",
    "guard-first": "flows whose guard scores highest",
    "guard-top-fifth": "flows whose guard is in the highest fifth",
    "guard-gain": "information about the guard, held out, bits",
    "guard-coverage": "calibrated candidate sets with the guard in them",
    "guard-set": "relays in calibrated candidate sets",
    "guard-ruled-out": "guards that were ruled out as too slow, wrongly",
    "path-all": "area, pairs of flows over the same three relays (0.5 by chance)",
    "path-one": "area, pairs of flows with one relay in common (0.5 by chance)",
    "path-false": "pairs without a common relay above the published threshold",
    "link-ks": "area, one circuit at two servers, by the distribution of round trips (0.5 by chance)",
    "link-means": "the same, by mean round trips",
    "link-error": "equal error of the first of the two",
    "flow-rate": "what an observed flow carries, kB/s",
    "probe-spread": "standard deviation over mean of what comes through relays",
    "trip-spread": "relative spread of round trips",
}


@dataclass(frozen=True)
class Outcome:
    """arms: those with observations, in the scenario's order."""

    arms: list[str]
    networks: list[Network]
    verdicts: list[Verdict]

    @property
    def measures(self) -> list[str]:
        return [name for name in MEASURES if any(name in one.values for one in self.networks)]

    def of(self, arm: str) -> list[Network]:
        return [one for one in self.networks if one.arm == arm]

    def estimate(self, arm: str, measure: str) -> Estimate | None:
        values = [one.values[measure] for one in self.of(arm) if measure in one.values]
        return estimate(np.array(values)) if values else None

    def as_json(self) -> dict:
        """Return aggregates alone: no scores of single flows."""
        return {
            "arms": self.arms,
            "networks": [{"seed": one.seed, "arm": one.arm, "values": one.values, "counts": one.counts}
                         for one in self.networks],
            "hypotheses": [asdict(one) for one in self.verdicts],
        }


def is_observed(folder: Path) -> bool:
    return any(folder.glob(f"seed-*/*/{OBSERVED}/manifest.json"))


def outcome_of(folder: Path, tell: Callable[[str], None] = lambda _: None) -> Outcome:
    """Attack and judge; all runs must be of one scenario, whose hypotheses count."""
    observed = sorted(folder.glob(f"seed-*/*/{OBSERVED}/manifest.json"))
    manifests = [path.parent.parent / "manifest.json" for path in observed]
    if not manifests:
        raise ObservationsError(f"{folder}: no observations (seed-N/ARM/{OBSERVED}/manifest.json) in it")
    configs = [json.loads(path.read_text(encoding="utf-8"))["config"] for path in manifests]
    if any(one != configs[0] for one in configs):
        raise ObservationsError(f"{folder}: runs of more than one scenario")
    networks = score_all(folder, configs[0], tell)
    arms = [arm["name"] for arm in configs[0]["arms"] if any(one.arm == arm["name"] for one in networks)]
    return Outcome(arms, networks, judge(networks, configs[0]["observe"]["hypotheses"]))
