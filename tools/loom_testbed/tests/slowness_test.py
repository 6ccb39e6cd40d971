"""How costs go with the yardstick: the power is found from runs that repeat, odd ones notwithstanding."""

import numpy
import pytest
from loom_testbed.slowness import GUESSED, STRESS_MAX, Stress, Timed, slowness, stress_of


def _loads(power: float, loads: int = 12, noise: float = 0.02) -> list[list[Timed]]:
    rng = numpy.random.default_rng(5)
    found = []
    for _ in range(loads):
        cost = 300.0 + 2000.0 * rng.random()
        clocks = 600.0 * (1.0 + 0.2 * rng.random(2))
        found.append([Timed(cost * (clock / 600.0) ** power * rng.normal(1.0, noise), clock) for clock in clocks])
    return found


@pytest.mark.parametrize("power", [0.5, 1.0, 2.5, 3.5])
def test_the_power_is_found(power: float) -> None:
    found = stress_of(_loads(power))
    assert found.value == pytest.approx(power, abs=0.6)
    assert found.deviation < 0.6


def test_a_run_that_was_held_up_does_not_decide_it() -> None:
    loads = _loads(2.0)
    before = stress_of(loads).value
    slow = loads[0][1]
    loads[0][1] = Timed(4.0 * slow.cost, slow.clock)
    assert stress_of(loads).value == pytest.approx(before, abs=0.6)


def test_without_repeated_runs_it_is_as_believed() -> None:
    assert stress_of([[Timed(500.0, 600.0)], []]) == GUESSED
    believed = Stress(2.4, 0.3)
    assert stress_of([], believed) == believed
    sure = stress_of(_loads(2.4), believed)
    assert sure.deviation < believed.deviation


def test_it_has_bounds() -> None:
    assert stress_of(_loads(9.0, noise=0.0)).value == STRESS_MAX
    assert stress_of(_loads(-2.0, noise=0.0)).value == 0.0


def test_a_slow_core_makes_costs_longer_and_an_unread_one_nothing() -> None:
    assert slowness(660.0, 600.0, Stress(2.0, 0.1)) == pytest.approx(1.21)
    assert slowness(0.0, 600.0, GUESSED) == 1.0
    assert slowness(600.0, 0.0, GUESSED) == 1.0
