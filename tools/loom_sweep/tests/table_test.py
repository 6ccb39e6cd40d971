"""The combined table: medians, means and paired differences with their intervals."""

import pytest
from loom_sweep.table import COLUMNS, Row, csv_of, made_of, printed


def row(setting: str, values: list[float], key: str = "written") -> Row:
    return Row(setting, "rollout", key, "written by all relays", "Gbit/s", dict(enumerate(values)))


def line(values: list[float], first: list[float] | None = None) -> dict:
    rows = [row("a", first or values), *([row("b", values)] if first else [])]
    return dict(zip(COLUMNS, made_of(rows)[-1], strict=True))


def test_a_median_and_a_mean() -> None:
    got = line([5, 1, 3, 2, 4, 6, 9, 8, 7, 10])
    assert (got["seeds"], got["median"], got["mean"]) == (10, 5.5, 5.5)
    assert (got["median_low"], got["median_high"]) == (2, 9), "the second and the ninth of ten: 97.9 %"
    assert got["mean_high"] == pytest.approx(5.5 + 2.262157 * 3.02765 / 10**0.5, abs=1e-4)
    assert (got["difference"], got["difference_low"]) == (None, None), "it is the first"


@pytest.mark.parametrize(("seeds", "low"), [(5, None), (6, 1), (8, 1), (9, 2), (12, 3)])
def test_how_many_seeds_an_interval_of_the_median_takes(seeds: int, low: float | None) -> None:
    """Ranks as tables of the sign test have them."""
    got = line(list(range(1, seeds + 1)))
    assert (got["median_low"], got["median_high"]) == (low, None if low is None else seeds + 1 - low)


def test_differences_are_paired() -> None:
    got = line([11, 22, 33.5], [10, 20, 30])
    assert got["difference"] == pytest.approx(6.5 / 3)
    assert got["difference_low"] < got["difference"] < got["difference_high"]


def test_seeds_that_measured_nothing() -> None:
    rows = [row("a", [1.0, 2.0]), Row("b", "rollout", "written", "written by all relays", "Gbit/s", {})]
    got = dict(zip(COLUMNS, made_of(rows)[-1], strict=True))
    assert got["seeds"] == 0 and got["median"] is None and got["difference"] is None
    assert csv_of(made_of(rows)).splitlines()[-1] == "b,rollout,written,written by all relays,Gbit/s,0" + "," * 9


def test_what_is_printed() -> None:
    text = printed(made_of([row("a", [1.0, 2.0]), row("b", [3.0, 4.0]), row("a", [5.0], "of_nobody")]))
    assert text.splitlines()[0] == "written by all relays, Gbit/s"
    assert len(text.splitlines()) == 3 and "median 3.5, mean 3.5 [" in text
