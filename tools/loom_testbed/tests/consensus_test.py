"""What a relay lacks in a consensus is said."""

from loom_testbed import consensus

TEXT = """\
network-status-version 3
known-flags Authority Exit
r Guard1 AAAA BBBB 2026-11-21 02:38:00 127.0.0.1 12003 0
s Fast Guard Running Stable V2Dir Valid
r Exit1 AAAA BBBB 2026-11-21 02:38:00 127.0.0.1 12004 0
s
m abcdef
"""


def test_missing_relays_and_flags_are_named() -> None:
    roles = {"Guard1": "guard", "Exit1": "exit", "M": "middle"}
    assert consensus.missing(TEXT, roles) == {"Exit1": "without Exit Running Valid", "M": "not listed"}
    assert consensus.missing(None, {"M": "middle"}) == {"M": "not listed"}


def test_microdescriptor_digests() -> None:
    assert consensus.microdescriptor_digests(TEXT) == ["abcdef"]
