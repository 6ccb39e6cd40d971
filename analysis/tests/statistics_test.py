"""Statistics against known answers."""

import math

import numpy as np
import pytest
from loom_analysis import statistics as st


# Tables of Student's t, two-sided.
@pytest.mark.parametrize(
    ("freedom", "level", "t"),
    [
        (1, 0.95, 12.7062),
        (2, 0.95, 4.30265),
        (4, 0.95, 2.77645),
        (9, 0.95, 2.26216),
        (30, 0.95, 2.04227),
        (1, 0.50, 1.00000),
        (2, 0.99, 9.92484),
        (1000, 0.95, 1.96234),
    ],
)
def test_student_t_is_that_of_the_tables(freedom, level, t):
    assert st.student_t(freedom, level) == pytest.approx(t, rel=5e-6)


@pytest.mark.parametrize(("freedom", "level"), [(0, 0.95), (3, 0.0), (3, 1.0)])
def test_student_t_refuses_what_has_no_answer(freedom, level):
    with pytest.raises(ValueError):
        st.student_t(freedom, level)


@pytest.mark.parametrize(
    ("a", "b", "x", "value"),
    [
        (1.0, 1.0, 0.3, 0.3),
        (2.0, 2.0, 0.5, 0.5),
        (2.0, 3.0, 0.4, 0.5248),
        (0.5, 0.5, 0.25, 1 / 3),
        (3.0, 1.0, 0.5, 0.125),
        (1.0, 1.0, 0.0, 0.0),
        (1.0, 1.0, 1.0, 1.0),
    ],
)
def test_incomplete_beta(a, b, x, value):
    assert st.incomplete_beta(a, b, x) == pytest.approx(value, abs=1e-12)


def test_estimate_of_three_seeds():
    # mean 2, deviation 1: 4.30265 / sqrt(3)
    got = st.estimate([1.0, 2.0, 3.0])
    assert (got.mean, got.n) == (2.0, 3)
    assert got.half == pytest.approx(2.48414, rel=1e-5)
    assert not got.excludes_zero


def test_one_more_seed_lies_in_a_prediction_interval():
    got = st.estimate([1.0, 2.0, 3.0])
    assert got.further.half == pytest.approx(4.3027 * (1 + 1 / 3) ** 0.5, rel=1e-4)
    assert got.further.mean == got.mean
    assert st.estimate([1.0]).further.half is None


def test_one_seed_has_no_interval():
    got = st.estimate([5.0])
    assert (got.mean, got.half, got.low, got.high) == (5.0, None, 5.0, 5.0)
    assert not got.excludes_zero


def test_estimate_refuses_what_is_not_a_number():
    assert st.estimate([]) is None
    with pytest.raises(ValueError):
        st.estimate([1.0, math.nan])


def test_pairs_are_made_by_seed_and_take_out_what_seeds_share():
    # Seeds differ by tens, the arms by -1.0, -1.1, -0.9: only pairing shows it.
    first = {1: 10.0, 2: 20.0, 3: 30.0, 9: 1000.0}
    other = {3: 29.1, 1: 9.0, 2: 18.9}
    got = st.paired(first, other)
    assert got.difference.mean == pytest.approx(-1.0)
    assert got.difference.half == pytest.approx(4.30265 * 0.1 / math.sqrt(3), rel=1e-5)
    assert got.relative.mean == pytest.approx(-1.0 / 20.0)
    assert got.difference.excludes_zero


def test_pairs_without_common_seeds_or_base():
    assert st.paired({1: 1.0}, {2: 1.0}) is None
    assert st.paired({1: 0.0, 2: 0.0}, {1: 1.0, 2: 1.0}).relative is None


def test_quantiles():
    assert st.quantiles([4.0, 1.0, 3.0, 2.0], np.array([0.0, 0.5, 1.0])).tolist() == [1.0, 2.5, 4.0]
    assert np.isnan(st.quantiles([], np.array([0.5]))).all()


def test_mean_curve():
    mean, low, high = st.mean_curve([np.array([1.0, 5.0]), np.array([3.0, 5.0])])
    assert mean.tolist() == [2.0, 5.0]
    assert (high - mean).tolist() == pytest.approx([12.7062, 0.0], rel=1e-5)
    assert (mean - low).tolist() == pytest.approx((high - mean).tolist())
    assert np.isnan(st.mean_curve([np.array([1.0])])[1]).all()
