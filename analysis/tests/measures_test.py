"""Measures of attacks, and tests of effects, against answers worked out by hand."""

import numpy as np
import pytest
from loom_analysis.measures import candidate_sets, effects, information, observation_time, proportions, ranks
from loom_analysis.measures import roc as roc_of

UNIFORM = np.full(4, 0.25)


def test_roc_of_a_few_scores():
    curve = roc_of.roc(np.array([3.0, 2.0, 2.0]), np.array([2.0, 1.0]))
    assert curve.fpr.tolist() == [0.0, 0.0, 0.5, 1.0]
    assert curve.tpr.tolist() == pytest.approx([0.0, 1 / 3, 1.0, 1.0])
    assert curve.finest_fpr == 0.5
    assert roc_of.auc([3.0, 2.0, 2.0], [2.0, 1.0]) == pytest.approx(5 / 6)


def test_equal_error_lies_between_points():
    # from (0, 1/3) to (1/2, 1): misses fall from 2/3 to 0 while false ones rise from 0 to 1/2
    curve = roc_of.roc(np.array([3.0, 2.0, 2.0]), np.array([2.0, 1.0]))
    assert roc_of.equal_error(curve) == pytest.approx(2 / 7)
    assert roc_of.equal_error(roc_of.roc(np.array([2.0, 3.0]), np.array([0.0, 1.0]))) == 0.0
    assert roc_of.equal_error(roc_of.roc(np.array([0.0]), np.array([1.0]))) == 1.0


def test_rates_finer_than_the_false_pairs_are_unknown():
    curve = roc_of.roc(np.linspace(0.5, 1.5, 100), np.linspace(0.0, 0.99, 100))
    assert roc_of.tpr_at(curve, 0.01) == pytest.approx(0.51, abs=0.011)
    assert np.isnan(roc_of.tpr_at(curve, 0.001))


@pytest.mark.parametrize(("true", "false"), [([], [1.0]), ([1.0], []), ([np.nan], [1.0])])
def test_areas_need_scores(true, false):
    with pytest.raises(ValueError, match="finite"):
        roc_of.auc(true, false)


def test_precision_where_nothing_is_called_true():
    assert np.isnan(roc_of.precision_at(0.0, 0.0, 0.5))
    assert roc_of.precision_at(1.0, 0.0, 1e-5) == 1.0


def test_ranks_share_ties():
    scores = [0.5, 0.9, 0.5, 0.1]
    assert [ranks.rank(scores, i) for i in range(4)] == [2.5, 1.0, 2.5, 4.0]
    assert ranks.percentile(scores, 1) == 1.0
    assert ranks.percentile(scores, 0) == 0.5
    assert [ranks.top(scores, i, 2) for i in range(4)] == [0.5, 1.0, 0.5, 0.0]


def test_sets_without_the_truth_are_worth_nothing():
    sets = np.array([[True, False, False, False], [True, True, False, False], [False] * 4])
    assert candidate_sets.coverage(sets, [0, 3, 0]) == pytest.approx(1 / 3)
    assert candidate_sets.coverage(sets, [None, None, None]) == 0.0
    assert [candidate_sets.credit_bits(sets[0], truth) for truth in (0, 1, None)] == [2.0, 0.0, 0.0]
    assert np.isnan(candidate_sets.set_bits(0))


def test_anonymity_loss_by_threshold():
    scores = np.array([[0.9, 0.5, 0.1, 0.1], [0.2, 0.8, 0.8, 0.1]])
    got = candidate_sets.anonymity_loss(scores, [0, 0], np.array([0.0, 0.15, 0.85]))
    # 0: all are left. 0.15: 2 of 4, and 3 of 4. 0.85: 1 of 4, and the second truth is not left
    assert got.tolist() == pytest.approx([0.0, (0.5 + 1.0 - np.log2(3.0) / 2.0) / 2.0, 0.5])


def trials(seeds, shift, draw, count=30):
    for seed in seeds:
        for _ in range(count):
            scores = draw.standard_normal(4)
            scores[2] += shift
            yield information.Trial(seed, scores, UNIFORM, 2)


def test_gain_is_of_networks_that_were_not_fitted_on():
    draw = np.random.default_rng(4)
    gains = information.held_out_gain(list(trials(range(4), 3.0, draw)))
    assert sorted(gains) == [0, 1, 2, 3]
    assert all(1.0 < gain < 2.0 for gain in gains.values())
    with pytest.raises(ValueError, match="two networks"):
        information.held_out_gain(list(trials([1], 1.0, draw)))


def test_the_sure_and_wrong_lose_bits():
    draw = np.random.default_rng(4)
    fitted = information.fit(trials(range(3), 3.0, draw))
    wrong = information.Trial(9, np.array([0.0, 0.0, -1.0, 5.0]), UNIFORM, 2)
    assert np.log2(fitted.posterior(wrong)[2]) + 2.0 < -1.0


def test_the_attacker_may_not_have_seen_the_network():
    fitted = information.fit(trials(range(3), 3.0, np.random.default_rng(4)))
    with pytest.raises(information.FittedHereError):
        fitted.posterior(information.Trial(2, np.zeros(4), UNIFORM, 0))


def test_entropies():
    assert information.entropy_bits(UNIFORM) == 2.0
    assert information.degree([0.5, 0.5, 0.0, 0.0]) == 0.5
    assert information.min_entropy_bits([UNIFORM, [1.0, 0.0, 0.0, 0.0]]) == pytest.approx(-np.log2(0.625))


def test_sign_flips_of_three_networks():
    # of 8 sign patterns only +++ and --- are as far
    assert effects.sign_flip_p([1.0, 2.0, 3.0]) == 0.25
    assert effects.sign_flip_p([1.0, -1.0]) == 1.0
    many = np.random.default_rng(1).normal(0.5, 0.3, 30)
    assert effects.sign_flip_p(many) == effects.sign_flip_p(many) < 0.001


def test_holm_of_a_family():
    assert effects.holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert effects.holm([0.9, 0.8]).tolist() == [1.0, 1.0]


def test_no_effect_needs_a_margin_and_enough_networks():
    close = np.random.default_rng(2).normal(0.001, 0.01, 30)
    assert effects.equivalence_p(close, effects.AUC_MARGIN) < 0.001
    assert effects.equivalence_p(close[:3] * 5.0, effects.AUC_MARGIN) > 0.05
    assert effects.equivalence_p(close + 0.03, effects.AUC_MARGIN) > 0.9
    with pytest.raises(ValueError, match="two networks"):
        effects.equivalence_p([0.1], 0.2)


def test_the_bootstrap_draws_networks_and_not_victims():
    """Victims of a network agree: many of them make nothing surer, a flat bootstrap would be ten times too narrow."""
    draw = np.random.default_rng(3)
    networks = [np.full(100, mean) + 0.01 * draw.standard_normal(100) for mean in draw.normal(0.0, 1.0, 20)]
    got = effects.cluster_bootstrap(networks)
    assert got == effects.cluster_bootstrap(networks)
    assert 0.5 < got.high - got.low < 1.3  # 2 * 1.96 / sqrt(20) = 0.88
    assert got.low < got.mean < got.high


def test_networks_needed():
    assert effects.networks_needed(0.02, 0.01) == 32


def test_intervals_at_the_ends():
    assert proportions.interval(0, 10)[0] == 0.0
    assert proportions.interval(10, 10)[1] == 1.0
    assert proportions.upper(10, 10) == 1.0


def test_when_a_goal_is_reached_for_good():
    times, errors = [60, 120, 300, 600], [0.04, 0.2, 0.05, 0.01]
    assert observation_time.reached(times, errors, 0.05).at_s == 300.0
    assert observation_time.reached(times, errors, 0.001).at_s is None
    assert observation_time.reached(times, [0.1, 0.6, 0.9, 0.4], 0.5, below=False).at_s is None
    assert observation_time.reached(times, [0.1, 0.6, 0.9, 0.9], 0.5, below=False).at_s == 120.0


def test_the_median_of_those_that_may_never_reach_it():
    done, never = observation_time.Reached(60.0, 600.0), observation_time.Reached(None, 600.0)
    assert observation_time.median_s([done, done, never]) == 60.0
    assert observation_time.median_s([done, never]) is None
