"""Prices from runs: known ones come back, what no run tells stays its prior, errors of left-out loads are honest."""

import numpy
import pytest
from loom_testbed.calibrate_fit import Prior, Run, fit, leave_out

TRUE = {"cells": 150.0, "bytes": 0.2, "calls": 1500.0, "cold": 80.0}


def _runs(noise: float, loads: int = 16, repeats: int = 2, true: dict[str, float] = TRUE) -> list[Run]:
    """Loads that differ in calls and cold cells a cell; each is measured so many times."""
    rng = numpy.random.default_rng(7)
    runs = []
    for load in range(loads):
        shape = {"cells": 1.0, "bytes": 500.0 + 80.0 * rng.random(), "calls": rng.random(), "cold": rng.random()}
        for _ in range(repeats):
            cells = float(rng.integers(10_000, 1_000_000))
            work = {name: amount * cells for name, amount in shape.items()}
            cost = sum(true[name] * amount for name, amount in work.items()) * rng.normal(1.0, noise)
            runs.append(Run(f"load {load}", work, cost, cells))
    return runs


def _priors(factor: float, relative: float) -> dict[str, Prior]:
    return {name: Prior(factor * price, relative * price) for name, price in TRUE.items()}


def test_known_prices_come_back_within_their_intervals() -> None:
    found = fit(_runs(noise=0.02), _priors(1.3, 0.5))
    for name, true in TRUE.items():
        price = found.prices[name]
        assert price.least <= price.price <= price.most
        assert price.least * 0.97 <= true <= price.most * 1.03, (name, price)
    assert found.prices["calls"].price == pytest.approx(TRUE["calls"], rel=0.1)
    assert found.error_median < 0.03
    assert found.error_worst < 0.1


def test_without_noise_they_are_exact_however_wrong_the_priors() -> None:
    found = fit(_runs(noise=0.0), _priors(3.0, 1e3), draws=0)
    assert {name: pytest.approx(price, rel=1e-3) for name, price in TRUE.items()} == {
        name: one.price for name, one in found.prices.items()
    }


def test_what_no_run_has_keeps_its_prior() -> None:
    priors = _priors(1.0, 0.3) | {"handshakes": Prior(1e5, 1e4)}
    price = fit(_runs(noise=0.01, loads=6), priors, draws=5).prices["handshakes"]
    assert (price.price, price.is_fitted) == (1e5, False)
    assert price.least < 1e5 < price.most


def test_what_runs_cannot_tell_apart_is_parted_as_the_priors_are() -> None:
    runs = [Run(f"{n}", {"sealed": 100.0 * n, "opened": 100.0 * n}, 3000.0 * n) for n in range(1, 6)]
    found = fit(runs, {"sealed": Prior(10.0, 3.0), "opened": Prior(20.0, 3.0)}, draws=0)
    assert found.prices["sealed"].price == pytest.approx(10.0, rel=0.01)
    assert found.prices["opened"].price == pytest.approx(20.0, rel=0.01)


def test_bounds_hold() -> None:
    runs = [Run(f"{n}", {"cells": 100.0, "calls": 5.0 * n}, 1000.0 - 20.0 * n) for n in range(1, 6)]
    found = fit(runs, {"cells": Prior(8.0, 10.0, most=9.0), "calls": Prior(1.0, 10.0, least=0.5)}, draws=5)
    assert found.prices["cells"].price <= 9.0
    assert found.prices["calls"].price >= 0.5


def test_a_load_that_is_not_like_the_others_shows_when_it_is_left_out() -> None:
    runs = _runs(noise=0.0)
    odd = Run("odd", runs[0].work, 2.0 * runs[0].cost, runs[0].units)
    found = fit([*runs, odd], _priors(1.0, 0.1), draws=0)
    worst = max(found.left_out, key=lambda one: abs(one.error))
    assert worst.load == "odd"
    assert worst.error == pytest.approx(-0.5, abs=0.1)
    assert found.error_worst == pytest.approx(0.5, abs=0.1)


def test_a_run_that_was_held_up_moves_no_prices() -> None:
    runs = _runs(noise=0.01)
    before = fit(runs, _priors(1.0, 0.5), draws=0).prices
    held_up = Run(runs[5].load, runs[5].work, 4.0 * runs[5].cost, runs[5].units)
    after = fit([*runs[:5], held_up, *runs[6:]], _priors(1.0, 0.5), draws=0).prices
    for name, price in before.items():
        assert after[name].price == pytest.approx(price.price, rel=0.06), name


def test_runs_in_doubt_count_less() -> None:
    runs = [Run("a", {"cells": 1.0}, 100.0), Run("b", {"cells": 1.0}, 200.0, doubt=10.0)]
    price = fit(runs, {"cells": Prior(100.0, 1e4)}, noise=0.1, draws=0).prices["cells"].price
    assert price == pytest.approx(100.0, rel=0.01)


def test_a_single_load_cannot_be_left_out() -> None:
    assert leave_out(_runs(noise=0.0, loads=1), _priors(1.0, 0.1), 0.02) == []


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match="no runs"):
        fit([], _priors(1.0, 0.1))
    with pytest.raises(ValueError, match="without a prior: wakes"):
        fit([Run("a", {"wakes": 1.0}, 1.0)], _priors(1.0, 0.1))
    with pytest.raises(ValueError, match="expected a deviation"):
        Prior(1.0, 0.0)
