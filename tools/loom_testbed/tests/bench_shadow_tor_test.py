"""What `tools/bench shadow-tor` makes of what it measured; no Shadow is run."""

from __future__ import annotations

from loom_testbed.bench_shadow_tor import ASKED_NATIVE, ASKED_PREDICTED, ELSEWHERE, HERE, LOADS, Compared, summary, text
from loom_testbed.tor_loads import FITTED


def compared(against: str, *errors: float, profile: str = "here") -> list[Compared]:
    return [
        Compared(profile, against, load, 1000 * (1 + error), 1000) for load, error in zip(LOADS, errors, strict=False)
    ]


def test_loads_and_profiles_are_there() -> None:
    assert len(LOADS) >= 4 and not set(LOADS) & set(FITTED)
    assert all(profile.is_file() for profile in (HERE, *ELSEWHERE))


def test_native_is_judged_by_the_median_and_predictions_each() -> None:
    good, bad = ASKED_NATIVE - 0.01, ASKED_NATIVE + 0.3
    assert summary(compared("native", good, -good, bad))["ok"]
    assert not summary(compared("native", good, -bad, bad))["ok"]
    near, far = ASKED_PREDICTED - 0.01, ASKED_PREDICTED + 0.01
    assert summary(compared("predicted", near, -near))["ok"]
    assert not summary(compared("predicted", 0.0, 0.0, -far))["ok"]
    assert not summary([])["ok"]


def test_the_table_names_what_was_not_run() -> None:
    found = [*compared("native", 0.1), *compared("predicted", -0.02, profile="elsewhere")]
    result = summary(found) | {"not_run": {"a load": "no time"}}
    lines = text(found, result).splitlines()
    assert "here, native: median error 10.0%, worst 10.0%" in lines
    assert "elsewhere, predicted: median error 2.0%, worst 2.0%" in lines
    assert "not run: a load: no time" in lines and lines[-1].endswith("as asked")
