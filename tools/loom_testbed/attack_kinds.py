"""attack_kinds - the attacks of `tools/bench attacks`: what loom-attack is told of each, and what the relay is."""

from __future__ import annotations

from dataclasses import dataclass

EXIT = """\
ExitRelay 1
RefuseUnknownExits 0
ExitPolicyRejectPrivate 0
ServerDNSResolvConfFile {directory}/resolv.conf
ServerDNSDetectHijacking 0
ServerDNSAllowNonRFC953Hostnames 1
"""
EXIT_POLICY = "ExitPolicy accept *:*"


@dataclass(frozen=True)
class Attack:
    """One attack."""

    name: str  # as loom-attack has it, or with what is different after a colon
    links: int
    circuits: int = 1
    streams: int = 1
    is_at_exit: bool = False
    meets_defences: bool = False  # those of torrc's DoS options have something to do with it

    @property
    def arguments(self) -> list[str]:
        """Return how loom-attack is told of it."""
        return ["--attack", self.name.partition(":")[0], "--links", str(self.links),
                "--circuits", str(self.circuits), "--streams", str(self.streams)]  # fmt: skip


ATTACKS = (
    Attack("sniper", links=8, circuits=800),
    Attack("trickle", links=200, circuits=1000),
    Attack("upload", links=8, circuits=800),
    Attack("unread", links=8, circuits=3000, streams=2, is_at_exit=True),
    Attack("begins", links=4, circuits=40, streams=200, is_at_exit=True, meets_defences=True),
    Attack("begins-nowhere", links=4, circuits=40, streams=200, is_at_exit=True, meets_defences=True),
    Attack("resolves", links=4, circuits=40, is_at_exit=True, meets_defences=True),
    Attack("creates:few", links=2, circuits=2_000_000, meets_defences=True),
    Attack("creates:many", links=200, circuits=2_000_000, meets_defences=True),
    Attack("churn", links=4, circuits=2_000_000, meets_defences=True),
    Attack("extends", links=8, circuits=2000, meets_defences=True),
    Attack("tcp", links=8000, meets_defences=True),
    Attack("tls", links=2000, meets_defences=True),
    Attack("links", links=2000, meets_defences=True),
)
NAMES = tuple(attack.name for attack in ATTACKS)
