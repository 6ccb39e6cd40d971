"""Status lines of tor's control protocol, as the real one writes them."""

from loom_testbed import control, paths

CIRCUIT = (
    "14 BUILT $1111111111111111111111111111111111111111~Guard1,$2222222222222222222222222222222222222222~M,"
    "$3333333333333333333333333333333333333333~Exit1 BUILD_FLAGS=NEED_CAPACITY PURPOSE=CONFLUX_LINKED "
    "TIME_CREATED=2026-11-21T02:38:32 CONFLUX_ID=AAFF"
)


def test_a_circuit_is_parsed() -> None:
    circuit = control.parse_circuit(CIRCUIT)
    assert circuit.path == ("1" * 40, "2" * 40, "3" * 40)
    assert (circuit.status, circuit.purpose, circuit.conflux_id) == ("BUILT", "CONFLUX_LINKED", "AAFF")


def test_a_circuit_without_hops_is_parsed() -> None:
    assert control.parse_circuit("15 LAUNCHED BUILD_FLAGS=NEED_CAPACITY PURPOSE=GENERAL").path == ()


def test_all_legs_of_a_conflux_set_carry_its_streams() -> None:
    leg = control.parse_circuit(CIRCUIT)
    other_leg = control.parse_circuit(CIRCUIT.replace("14 BUILT", "15 BUILT"))
    stranger = control.parse_circuit(CIRCUIT.replace("14 BUILT", "16 BUILT").replace("AAFF", "BB"))
    stream = control.parse_stream("9 SUCCEEDED 14 127.0.0.1:12000")
    assert paths.carriers([leg, other_leg, stranger], [stream]) == [leg, other_leg]


def test_a_set_is_linked_when_two_of_its_legs_are() -> None:
    leg = control.parse_circuit(CIRCUIT)
    unlinked = control.parse_circuit(CIRCUIT.replace("CONFLUX_LINKED", "CONFLUX_UNLINKED"))
    stranger = control.parse_circuit(CIRCUIT.replace("AAFF", "BB"))
    assert paths.has_linked_set([leg, stranger, leg])
    assert not paths.has_linked_set([leg, stranger, unlinked])
