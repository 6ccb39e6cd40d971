"""Which network the options ask for."""

from pathlib import Path

import pytest
from loom_testbed import shape, testbed_cli
from loom_testbed.plan import Pin, Plan, Relay

LOOM, TOR = Relay("loom", 2), Relay("tor")


def plan_of(*given: str) -> Plan:
    return shape.make_plan(testbed_cli.parse(list(given)), Path("/nowhere"))


def test_looms_are_the_middles_unless_asked_otherwise() -> None:
    plan = plan_of()
    assert (plan.guards, plan.middles, plan.exits, plan.relays) == ((TOR, TOR), (LOOM, LOOM), (TOR, TOR), ())
    assert plan.uses_loom and plan.clients == 4 and not plan.pins


def test_each_role_can_be_had_alone() -> None:
    plan = plan_of("--guard", "loom", "--middle", "tor", "--exit", "loom", "--exits", "1")
    assert (plan.guards, plan.middles, plan.exits) == ((LOOM, LOOM), (TOR, TOR), (LOOM,))
    assert not plan_of("--middle", "tor").uses_loom


def test_links_move_as_often_as_asked() -> None:
    assert plan_of("--move-every", "0.1").loom_options == ("TestingMoveLinksInterval 100 msec",)
    assert plan_of().loom_options == ()
    with pytest.raises(SystemExit):
        plan_of("--move-every", "0.1", "--threads", "1")


def test_all_relays_leaves_the_choice_to_the_clients() -> None:
    plan = plan_of("--all-relays", "loom", "--threads", "2", "--clients", "6")
    assert plan.relays == (LOOM,) * 8 and plan.clients == 6
    assert not plan.guards + plan.middles + plan.exits and not plan.pins
    assert plan_of("--all-relays", "tor", "--relays", "3").relays == (TOR,) * 3


def test_a_mix_has_a_client_for_each_combination_and_what_conflux_needs_for_each() -> None:
    plan = plan_of("--mix")
    assert plan.clients == len(set(plan.pins)) == 8
    assert Pin("loom", "tor", "loom") in plan.pins
    for program in (LOOM, TOR):
        assert plan.guards.count(program) == plan.middles.count(program) == 2
        assert plan.exits.count(program) == 1
