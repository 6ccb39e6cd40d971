"""Gates fail when the code behind them is wrong: each is run on code with one mistake in it."""

from dataclasses import replace

import numpy as np
import pytest
from loom_analysis.attacks import congestion, stream_linkability
from loom_analysis.measures import roc
from loom_analysis.verify import __main__ as program
from loom_analysis.verify import gates_correlation, gates_measures, gates_models, gates_timing
from loom_analysis.verify.gate import Check


def failures(number: int) -> list[str]:
    gate = next(gate for gate in program.GATES if gate.number == number)
    return [check.what for check in gate.checks() if not check.passed]


def of_the_mean(victim, own, own_guard):
    return np.mean(victim, axis=-1) - np.mean(own, axis=-1) + own_guard


WRONG = [  # gate, where it is called, the name, what is there instead
    (1, gates_correlation, "fisher_interval", lambda r, n: (r - 0.05, r + 0.05)),
    (5, gates_measures, "equal_error", lambda curve: float(curve.fpr[np.argmin(np.abs(curve.tpr - 0.9))])),
    (5, gates_measures, "precision_at", lambda tpr, fpr, base: tpr / (tpr + fpr)),
    (5, gates_measures, "tpr_at", lambda curve, fpr: 1.0),
    (6, gates_timing, "guard_rtt", of_the_mean),
    (6, gates_timing, "guard_rtt", lambda victim, own, guard: victim.min(-1) - own.min(-1) - guard),
    (7, gates_timing, "without_exit", lambda rtt, exit_rtt: rtt),
    (8, gates_timing, "exclusivity", lambda a, b: np.mean((a > 0) ^ (b > 0))),
    (9, gates_timing, "pattern_score", lambda sending, delay: congestion.pattern_score(1.0 - sending, delay)),
    (10, gates_measures, "credit_bits", lambda inside, truth: np.log2(inside.size / inside.sum())),
    (10, gates_measures, "entropy_bits", lambda p: -float(np.sum(p * np.log(np.maximum(p, 1e-9))))),
    (11, gates_measures, "auc", lambda true, false: 1.0 - roc.auc(true, false)),
    (11, gates_measures, "auc", lambda true, false: float(np.mean(np.greater.outer(true, false)))),
    (14, gates_measures, "interval", lambda hits, trials: (hits / trials - 0.01, hits / trials + 0.01)),
    (13, gates_models, "rolled_out", lambda network, share, order: replace(network, noise=0.01 * len(order))),
]


@pytest.mark.parametrize(("number", "module", "name", "wrong"), WRONG)
def test_a_mistake_is_found(monkeypatch, number, module, name, wrong):
    monkeypatch.setattr(module, name, wrong)
    assert failures(number)


def test_wrong_windows_are_found(monkeypatch):
    monkeypatch.setattr(gates_correlation, "WINDOWED", 800)
    monkeypatch.setattr(gates_correlation, "window_max", lambda a, b, least, step: gates_correlation.pearson(a, b))
    found = failures(3)
    assert "nothing shared, r > 0.4, windows from 300 s" in found
    assert "nothing shared, r > 0.4, windows from 600 s" not in found


def test_streams_without_turns_are_found(monkeypatch):
    monkeypatch.setattr(gates_models, "STREAMS", 10)
    monkeypatch.setattr(gates_models, "stream_features",
                        lambda a, b, bin_s: (stream_linkability.stream_features(a, b, bin_s)[0], 0.5))
    assert max(gates_models._stream_errors(np.random.default_rng(1)).values()) >= 0.5


def test_what_is_not_a_number_fails():
    assert not Check("", float("nan"), 0.0, 1.0).passed
    assert Check("", 1.0, 0.0, 1.0).passed
    assert not Check("", 1.0001, 0.0, 1.0).passed


def test_exit_status_says_that_something_failed(monkeypatch, capsys):
    monkeypatch.setattr(gates_measures, "upper", lambda hits, trials: 0.5)
    assert program.main(["K14"]) == 1
    out = capsys.readouterr().out
    assert "    FAILED 0 of 100, upper, one-sided" in out
    assert out.endswith("\n3 passed, 1 failed\n")


def test_gates_are_all_there_and_give_the_same_alone(capsys):
    assert [gate.name for gate in program.GATES] == [f"K{number}" for number in range(1, 16)]
    assert program.main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 15
    gate = next(gate for gate in program.GATES if gate.number == 11)
    assert gate.checks() == gate.checks()
