"""Attacks on series of known make: they find what is there, and no more than chance where nothing is."""

import ast
from pathlib import Path

import loom_analysis
import numpy as np
import pytest
from loom_analysis.attacks import (
    circuit_linking,
    client_location,
    correlation,
    induced_throttling,
    memory,
    shared_path,
    stream_linkability,
)
from loom_analysis.attacks import relay_identification as relays
from loom_analysis.verify import toy_circuits as toy
from loom_analysis.verify.noise import ar1

PACKAGE = Path(loom_analysis.__file__).parent


def draw(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def brute_window_max(a, b, least, step):
    n = len(a)
    edges = range(0, n + 1, step)
    return max(np.corrcoef(a[i:j], b[i:j])[0, 1] for i in edges for j in edges if j - i >= least)


def test_window_max_is_the_greatest_r_of_all_windows():
    a, b = ar1(draw(), 2, 120, 0.8) + 5.0
    assert correlation.window_max(a, b, 40, 10) == pytest.approx(brute_window_max(a, b, 40, 10))
    assert correlation.window_max(a, b, 45, 10) == pytest.approx(brute_window_max(a, b, 50, 10))


def test_series_shorter_than_a_window_count_as_a_whole():
    a, b = ar1(draw(), 2, 120, 0.8)
    assert correlation.window_max(a, b, 300, 10) == pytest.approx(np.corrcoef(a, b)[0, 1])


def test_r_does_not_depend_on_units_and_a_constant_follows_nothing():
    a, b = ar1(draw(), 2, 500, 0.5)
    assert correlation.pearson(1e9 + 1e3 * a, b) == pytest.approx(correlation.pearson(a, b), abs=1e-6)
    assert correlation.pearson(np.full(500, 7.1), b) == 0.0
    assert correlation.window_max(np.full(500, 7.1), b, 100, 10) == 0.0


def test_turned_series_begin_elsewhere_and_never_at_0():
    assert memory.turned(np.arange(4), np.array([1, 3])).tolist() == [[1, 2, 3, 0], [3, 0, 1, 2]]
    assert memory.shifts_of(600, 59).tolist() == list(range(10, 600, 10))


def test_p_of_turned_series_counts_turns_that_are_as_far():
    a, b = ar1(draw(), 2, 60, 0.3)
    r = [np.corrcoef(a, np.roll(b, shift))[0, 1] for shift in range(60)]
    assert memory.turned_p(a, b) == np.mean(np.abs(r) >= abs(r[0]) - 1e-12)
    assert memory.turned_p(a, a) == pytest.approx(1 / 60)


def test_effective_samples_of_a_known_memory():
    a, b = ar1(draw(), 400, 2000, 0.9), ar1(draw(2), 400, 2000, 0.9)
    assert memory.effective_samples(a, b).mean() == pytest.approx(2000 * 0.19 / 1.81, rel=0.03)


def test_too_much_memory_is_not_judged():
    a, b = ar1(draw(), 2, 100, 0.99)
    assert np.isnan(memory.correlation_p(a, b))
    assert np.isnan(memory.turned_p(a, b))


def test_a_shared_path_is_found_and_chance_says_how_sure():
    flow, probe = toy.circuit_pairs(draw(), toy.ONE_BOTTLENECK, 4, 300)
    assert shared_path.share_a_path(flow, probe[:, None], shared_path.ONE_RELAY, 1.0).all()
    assert shared_path.path_p(flow[0], probe[0], shared_path.ONE_RELAY, 1.0) == pytest.approx(1 / 60)
    alone, other = toy.circuit_pairs(draw(), toy.NONE_COMMON, 4, 300)
    assert not shared_path.share_a_path(alone, other[:, None], shared_path.WHOLE_PATH, 1.0).any()
    assert shared_path.path_p(alone[0], other[0], shared_path.ONE_RELAY, 1.0) > 0.05


def test_the_best_of_several_probes_counts():
    flow, probe = toy.circuit_pairs(draw(), toy.ALL_COMMON, 1, 300)
    noise = ar1(draw(3), 2, 300, 0.5)
    three = np.stack([noise[0], probe[0], noise[1]])
    alone = shared_path.path_score(flow[0], probe, shared_path.WHOLE_PATH, 1.0)
    assert shared_path.path_score(flow[0], three, shared_path.WHOLE_PATH, 1.0) == alone


def test_bins_of_100_ms_give_the_same_windows():
    flow, probe = toy.circuit_pairs(draw(), toy.ONE_BOTTLENECK, 1, 400)
    coarse = relays.relay_scores(flow[0], probe, 300.0, 1.0)
    fine = relays.relay_scores(np.repeat(flow[0], 10), np.repeat(probe, 10, axis=1), 300.0, 0.1)
    assert fine == pytest.approx(coarse)


def test_the_guard_is_the_relay_that_is_always_among_the_candidates():
    rng = draw(5)
    sets = []
    for _ in range(12):
        shares = toy.shares(rng, 25, 400)
        shares[7] *= 0.6
        path = [7, *rng.choice(np.delete(np.arange(25), 7), 2, replace=False)]
        flow = toy.seen(rng, shares[path].min(axis=0))
        sets.append(relays.candidates(relays.relay_scores(flow, toy.seen(rng, shares), 300.0, 1.0)))
    frequencies = relays.guard_frequencies(sets)
    assert frequencies.argmax() == 7
    assert frequencies[7] == 1.0
    assert np.median(frequencies) < 0.5


def test_relays_that_are_too_slow_are_ruled_out():
    flow = np.full(50, 10.0)
    probes = np.array([np.full(50, 9.0), np.full(50, 10.0), np.full(50, 11.0)])
    assert relays.eliminated(flow, probes).tolist() == [True, False, False]


def test_the_calibrated_threshold_is_what_chance_stays_below():
    rng = draw(6)
    flow, probes = ar1(rng, 1, 600, 0.95)[0], ar1(rng, 40, 600, 0.95)
    above = relays.calibrated_threshold(flow, probes, 300.0, 1.0)
    assert 0.45 < above < 0.62  # 0.53 of fresh series; of one flow it depends on that flow
    assert relays.calibrated_threshold(flow, ar1(rng, 40, 600, 0.5), 300.0, 1.0) < above - 0.1


def test_streams_of_one_circuit_score_higher():
    rng = draw(7)
    same = [stream_linkability.stream_features(*toy.one_circuit(rng, 120), toy.STREAM_BIN_S) for _ in range(12)]
    null = [stream_linkability.stream_features(*toy.two_circuits(rng, 120), toy.STREAM_BIN_S) for _ in range(24)]
    scores = stream_linkability.link_scores(same, null[:12])
    assert np.median(scores) > np.median(stream_linkability.link_scores(null[12:], null[:12]))
    assert stream_linkability.same_circuit(same, -0.5, 0.75).mean() > 0.7
    assert stream_linkability.same_circuit(null, -0.5, 0.75).mean() < 0.2


def test_streams_that_sent_nothing_score_nothing():
    assert stream_linkability.stream_features(np.zeros(50), np.zeros(50), 0.1) == (0.0, 0.0)
    with pytest.raises(ValueError, match="no micro interval"):
        stream_linkability.micro_interval_s(0.0, 10.0)
    assert stream_linkability.micro_interval_s(256_000.0, 10.0) == 1.0
    assert stream_linkability.regrouped(np.arange(7), 3).tolist() == [3, 12]


def test_round_trips_of_one_circuit_are_nearer():
    rng = draw(8)
    circuits = [rng.gamma(3.0, scale, 500) for scale in (0.01, 0.02)]
    for score in (circuit_linking.ks_score, circuit_linking.means_score):
        assert score(circuits[0][:250], circuits[0][250:]) < score(circuits[0][:250], circuits[1][:250])
    with pytest.raises(ValueError, match="at least"):
        circuit_linking.ks_score(np.ones(1), circuits[0])


def test_the_client_is_located():
    candidates = np.array([0.010, 0.050, 0.051, 0.200])
    estimate = client_location.guard_rtt(np.array([0.31, 0.25, 0.4]), np.array([0.24, 0.22]), 0.02)
    assert estimate == pytest.approx(0.05)
    assert client_location.location_scores(estimate, candidates).argmax() == 1
    assert client_location.consistent(estimate, candidates, 0.002).tolist() == [False, True, True, False]
    assert client_location.relative_spread(np.linspace(1.0, 2.0, 49)) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="at least"):
        client_location.relative_spread(np.ones(24))


def test_the_guard_rises_when_its_circuit_is_held():
    rng, bin_s, holds = draw(9), 0.1, [(60.0, 120.0), (180.0, 240.0), (300.0, 360.0)]
    probes = 100.0 + 5.0 * rng.standard_normal((15, 4200))
    for begin, end in holds:
        probes[4, round(begin / bin_s):round(end / bin_s)] += 30.0
    scores = induced_throttling.throttling_scores(probes, holds, bin_s)
    assert scores.argmax() == 4
    assert scores[4] == 15.0
    with pytest.raises(ValueError, match="outside"):
        induced_throttling.throttling_scores(probes, [(500.0, 600.0)], bin_s)


def test_clients_and_guards_together():
    by_relay = np.array([[0.5, 0.5, 0.0], [0.0, 0.2, 0.8]])
    assert induced_throttling.combined(by_relay, np.array([0.75, 0.25])).tolist() == pytest.approx([0.375, 0.425, 0.2])
    with pytest.raises(ValueError, match="sum to 1"):
        induced_throttling.combined(by_relay * 2.0, np.array([0.75, 0.25]))


def test_attacks_open_nothing_and_know_no_truth():
    for path in sorted((PACKAGE / "attacks").glob("*.py")):
        tree = ast.parse(path.read_text())
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
        assert not any("truth" in one or "observed" in one or "measures" in one for one in imported), path
        assert names | imported <= {"numpy", "collections.abc", "dataclasses", "scipy.stats", "scipy.signal",
                                    "scipy.interpolate", "__future__", "correlation", "memory"}, path
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "open"], path
