"""Distances against known answers."""

import numpy as np
import pytest
from loom_analysis.distances import bootstrap_difference, distance, ks_between

TEN = np.arange(1.0, 11.0)


def test_a_sample_is_not_far_from_itself():
    got = distance(TEN, TEN)
    assert (got.ks, got.wasserstein, got.gap) == (0.0, 0.0, 0.0)


def test_a_shift_is_its_own_area_and_shows_everywhere():
    got = distance(TEN, TEN + 3)
    assert got.ks == pytest.approx(0.3)
    assert got.wasserstein == pytest.approx(3.0)
    assert got.gap == pytest.approx(3.0)
    assert got.shares_at[0] - got.shares_at[1] == pytest.approx(0.3)


def test_samples_without_overlap():
    got = distance(TEN, TEN + 100)
    assert (got.ks, got.shares_at) == (1.0, (1.0, 0.0))
    assert got.ks_at == 10.0


def test_where_only_the_tail_differs():
    got = distance(np.arange(100.0), np.concatenate([np.arange(90.0), np.arange(90.0, 100.0) * 2]))
    assert got.gap_share == pytest.approx(0.95)
    assert got.ks_at >= 89.0


def test_chance_shrinks_with_the_samples():
    many = np.linspace(0, 1, 1000)
    assert distance(many, many).ks_by_chance == pytest.approx(1.358 * (2 / 1000) ** 0.5)
    assert distance(TEN[:1], TEN[:1]).ks_by_chance == 1.0


def test_equal_distributions_stay_below_chance_as_often_as_it_says():
    draw = np.random.default_rng(1)
    pairs = (distance(draw.normal(size=200), draw.normal(size=150)) for _ in range(200))
    below = sum(got.ks <= got.ks_by_chance for got in pairs)
    assert below >= 185


def test_between_seeds():
    assert ks_between([TEN]) is None
    assert ks_between([TEN, TEN + 100, TEN]) == 1.0  # the median of 1, 0, 1


def test_bootstrap_is_the_same_again_and_covers_the_difference():
    draw = np.random.default_rng(2)
    a, b = draw.normal(10, 1, 400), draw.normal(11, 1, 400)
    got = bootstrap_difference(a, b, 0.5)
    assert got == bootstrap_difference(a, b, 0.5)
    assert got.low < 1.0 < got.high
    assert got.excludes_zero and got.half < 0.4
