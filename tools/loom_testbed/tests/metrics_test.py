"""Loom's counters are summed over managers; what is missing stays missing."""

from loom_testbed import metrics

TEXT = """\
# HELP loom_work_total Work done, by manager and kind.
# TYPE loom_work_total counter
loom_work_total{manager="0",kind="cells_received"} 5
loom_work_total{manager="1",kind="cells_received"} 100
loom_work_total{manager="1",kind="cells_crossed"} 40
loom_links{manager="1",cipher="TLS_AES_256_GCM_SHA384"} 4
loom_links{manager="2",cipher="TLS_AES_256_GCM_SHA384"} 3
loom_thread_cpu_seconds_total{thread="main"} 0.25
loom_working_set{manager="0",kind="halves"} 3
loom_working_set{manager="1",kind="halves"} 4
loom_work_at_seconds{manager="1"} 12.500000000
loom_work_cpu_seconds_total{manager="1"} 3.250000000
loom_directory{kind="accepted"} 1
something_else 1e9
loom_work_total{manager="1",kind="odd"} not-a-number
"""


def test_counters_are_summed_over_managers() -> None:
    counters = metrics.parse(TEXT)
    assert counters.total("cells_received") == 105
    assert counters.links == {"TLS_AES_256_GCM_SHA384": 7}
    assert counters.thread_seconds == {"main": 0.25}
    assert counters.working_set == {"halves": 7}
    assert counters.working_sets == {"0": {"halves": 3}, "1": {"halves": 4}}
    assert counters.directory == {"accepted": 1}


def test_each_manager_says_when_and_with_how_much_cpu() -> None:
    before = metrics.parse(TEXT)
    after = metrics.parse(TEXT.replace("12.5", "14.0").replace("3.25", "4.00"))
    assert after.since(before).at == {"1": 1.5}
    assert after.since(before).cpu == {"1": 0.75}


def test_moves_and_their_pauses() -> None:
    text = """\
loom_link_moves_total{outcome="moved"} 7
loom_link_moves_total{outcome="busy"} 2
loom_link_moves_total{outcome="conflux"} 1
loom_link_move_pause_seconds_sum 0.010000000
loom_link_move_pause_seconds_count 5
loom_link_move_pause_longest_seconds 0.004000000
"""
    moves = metrics.moves_of([metrics.parse(text), metrics.parse(text)])
    assert (moves.moved, moves.stayed) == (14, 6)
    assert abs(moves.pause_mean - 0.002) < 1e-9 and moves.pause_longest == 0.004
    assert metrics.parse(TEXT).moves.moved == 0


def test_a_missing_kind_is_none_and_never_zero() -> None:
    counters = metrics.parse(TEXT)
    assert counters.total("wakes") is None
    assert metrics.sum_of([counters], "wakes") is None
    assert metrics.sum_of([counters, counters], "cells_crossed") == 80


def test_a_difference_keeps_managers_that_are_new() -> None:
    before = metrics.parse('loom_work_total{manager="1",kind="cells_received"} 60\n')
    after = metrics.parse(TEXT).since(before)
    assert after.work["1"]["cells_received"] == 40
    assert after.work["0"]["cells_received"] == 5


def test_a_feature_that_is_not_counted_is_not_made_up() -> None:
    text = 'loom_work_total{manager="0",kind="handshakes_ntor_v3"} 7\n'
    found = metrics.negotiated([metrics.parse(text), metrics.parse(text)])
    assert found.pop("ntor_v3") == 14
    assert found == dict.fromkeys(["congestion_control", "conflux_legs", "conflux_messages", "cgo_hops"])
