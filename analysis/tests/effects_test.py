"""Whether two results see the same effect, on made-up effects whose answer is known, and on made-up results."""

import json
import math

import numpy as np
import pytest
from loom_analysis import compare
from loom_analysis.effects import AGREE, BOUND, DIFFER, INCONCLUSIVE, compare_logs, effects, seeds_needed
from loom_analysis.results import ResultsError
from loom_analysis.statistics import student_t
from synthetic import Options, write_results


def logs(mean, deviation, seeds):
    """Return effects by seed with exactly this mean and deviation."""
    values = np.array([(-1.0) ** i for i in range(seeds)])
    values = (values - values.mean()) / np.std(values, ddof=1)
    return {seed + 1: mean + deviation * value for seed, value in enumerate(values)}


@pytest.mark.parametrize(
    ("mean", "deviation", "verdict"),
    [(0.0, 0.1, AGREE), (0.1, 0.05, AGREE), (0.6, 0.1, DIFFER), (-0.6, 0.1, DIFFER), (0.0, 1.0, INCONCLUSIVE),
     (0.23, 0.1, INCONCLUSIVE)],
)  # fmt: skip
def test_verdicts(mean, deviation, verdict):
    none = dict.fromkeys(range(1, 11), 0.0)
    made = compare_logs("x", none, logs(mean, deviation, 10))
    assert made.verdict == verdict
    assert math.exp(made.log_ratio.mean) == pytest.approx(math.exp(mean))


def test_so_many_seeds_are_enough_and_one_fewer_is_not():
    needed = seeds_needed(0.05, 0.5)
    room = BOUND - 0.05
    assert student_t(needed - 1, 0.90) * 0.5 / math.sqrt(needed) <= room
    assert student_t(needed - 2, 0.90) * 0.5 / math.sqrt(needed - 1) > room
    assert compare_logs("x", dict.fromkeys(range(1, 4), 0.0), logs(0.05, 0.5, 3)).seeds_needed > 3
    assert seeds_needed(BOUND, 0.5) is None


def test_shared_seeds_are_paired():
    a = logs(0.3, 0.5, 6)
    made = compare_logs("x", a, {seed: value + 0.01 for seed, value in a.items()})
    assert made.verdict == AGREE and made.log_ratio.half == pytest.approx(0.0, abs=1e-9)
    apart = compare_logs("x", a, {seed + 100: value + 0.01 for seed, value in a.items()})
    assert apart.verdict == INCONCLUSIVE


def test_results_have_the_effects_that_they_have(tmp_path, capsys):
    folder = write_results(tmp_path / "one")
    (made,) = effects(str(folder), str(folder))
    assert (made.first, made.other) == ("tor", "loom") and len(made.effects) > 3
    assert all(one.verdict == AGREE and one.a == one.b for one in made.effects)
    assert compare.main([str(folder), str(folder), "--effects", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert [one["verdict"] for one in told["effects"]] == [AGREE] * len(made.effects)
    assert compare.main([str(folder), str(folder), "--effects"]) == 0
    assert "effect of loom against tor" in capsys.readouterr().out


def test_a_single_seed_says_nothing(tmp_path):
    folder = write_results(tmp_path / "single", Options(seeds=(1,)))
    (made,) = effects(str(folder), str(folder))
    assert all(one.verdict == INCONCLUSIVE and one.interval is None for one in made.effects)


def test_one_arm_has_no_effect(tmp_path):
    folder = write_results(tmp_path / "arm", Options(arms=("tor",)))
    with pytest.raises(ResultsError, match="between two arms"):
        effects(str(folder), str(folder))
