"""Hypotheses: each verdict from networks that were made for it, and no measure that the schema does not know."""

import json
from pathlib import Path

import numpy as np
import pytest
from loom_analysis.fingerprint.hypotheses import judge, power_of
from loom_analysis.fingerprint.networks import Network
from loom_analysis.fingerprint.outcome import MEASURES

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = 10


def networks(arm, mean, spread, seed=1, measure="guard-percentile"):
    values = mean + spread * np.random.default_rng(seed).standard_normal(NETWORKS)
    return [Network(number, arm, {measure: float(value)}) for number, value in enumerate(values)]


def hypothesis(expected, **changed):
    plain = {"name": "h", "claim": "c", "measure": "guard-percentile", "arm": "tor", "expected": expected,
             "than_measure": "same", "than_arm": None, "than_permille": 500, "margin_permille": 50}
    return plain | changed


@pytest.mark.parametrize(
    ("expected", "mean", "spread", "verdict"),
    [
        ("above", 0.6, 0.03, "confirmed"),
        ("above", 0.4, 0.03, "refuted"),
        ("above", 0.5, 0.03, "refuted"),  # the interval leaves out what would matter
        ("above", 0.52, 0.2, "undecided"),
        ("below", 0.4, 0.03, "confirmed"),
        ("below", 0.6, 0.03, "refuted"),
        ("different", 0.6, 0.03, "confirmed"),
        ("different", 0.5, 0.03, "refuted"),
        ("different", 0.5, 0.3, "undecided"),
        ("same", 0.5, 0.03, "confirmed"),
        ("same", 0.7, 0.03, "refuted"),
        ("same", 0.5, 0.3, "undecided"),
    ],
)
def test_verdicts(expected, mean, spread, verdict):
    (got,) = judge(networks("tor", mean, spread), [hypothesis(expected)])
    assert got.verdict == verdict, got
    assert got.low < got.effect < got.high
    assert got.networks == NETWORKS


def test_arms_are_paired_by_seed():
    tor = networks("tor", 0.5, 0.3)
    loom = [Network(one.seed, "loom", {"guard-percentile": one.values["guard-percentile"] + 0.1}) for one in tor]
    loom[0].values["guard-percentile"] += 0.01  # differences have some spread
    one = hypothesis("above", arm="loom", than_arm="tor", than_permille=0)
    (got,) = judge(tor + loom, [one])
    assert got.verdict == "confirmed"
    assert got.effect == pytest.approx(0.101)
    assert got.high - got.low < 0.01
    (fewer,) = judge(tor[:4] + loom, [one])
    assert fewer.networks == 4


def test_another_measure_of_the_same_arm():
    both = [Network(one.seed, "tor", one.values | {"path-one": 0.4}) for one in networks("tor", 0.6, 0.03)]
    (got,) = judge(both, [hypothesis("above", than_measure="path-one", than_permille=0)])
    assert got.verdict == "confirmed"
    assert got.compared == "guard-percentile in tor beside path-one in tor"


def test_many_hypotheses_are_one_family():
    alone = judge(networks("tor", 0.53, 0.035), [hypothesis("above")])[0]
    among = judge(networks("tor", 0.53, 0.035), [hypothesis("above")] * 30)[0]
    assert among.p == pytest.approx(min(1.0, 30 * alone.p))
    assert (alone.verdict, among.verdict) == ("confirmed", "undecided")


def test_one_network_decides_nothing():
    (got,) = judge(networks("tor", 0.9, 0.01)[:1], [hypothesis("above")])
    assert (got.verdict, got.p, got.low) == ("undecided", None, None)
    (none,) = judge([], [hypothesis("above")])
    assert (none.verdict, none.why) == ("undecided", "not measured")


def test_power():
    draws = np.random.default_rng(3).normal(0.05, 0.06, (4000, NETWORKS))
    t = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / np.sqrt(NETWORKS))
    assert power_of(0.06, NETWORKS, 0.05, "above") == pytest.approx((np.abs(t) > 2.262).mean(), abs=0.03)
    assert power_of(0.001, NETWORKS, 0.05, "different") == pytest.approx(1.0)
    assert power_of(0.001, NETWORKS, 0.05, "same") == pytest.approx(1.0)
    assert power_of(0.5, NETWORKS, 0.05, "same") == 0.0


def test_measures_are_those_of_the_schema():
    schema = json.loads((ROOT / "scenarios/schema.json").read_text())
    fields = schema["properties"]["observe"]["properties"]["hypotheses"]["items"]["properties"]
    assert set(fields["measure"]["enum"]) == set(MEASURES)
