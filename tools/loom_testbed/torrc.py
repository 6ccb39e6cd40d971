"""torrc - the configuration of each role, as text. Ordinary tor options only, but for Loom's ConnectionThreads."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from .plan import Node

# The first vote is held back (the longest interval that tor allows, and we start in the middle of one) until every
# relay has been heard of; bootstrap.py then calls for it.
HELD_BACK_SECONDS = 1800

COMMON = """\
TestingTorNetwork 1
DataDirectory {node.directory}/data
PidFile {node.directory}/pid
Log notice file {node.directory}/notice.log
"""

TOR_ONLY = """\
PathsNeededToBuildCircuits 0.67
ProtocolWarnings 1
SafeLogging 0
LogTimeGranularity 1
LogMessageDomains 1
ShutdownWaitLength 0
AddressDisableIPv6 1
NumCPUs 1
__OwningControllerProcess {owner_pid}
ControlPort 127.0.0.1:{node.control_port}
CookieAuthentication 1
"""

RELAY = """\
Nickname {node.name}
Address 127.0.0.1
ORPort 127.0.0.1:{node.or_port}
AssumeReachable 1
ContactInfo {node.name}@test.test
"""

AUTHORITY = """\
SocksPort 0
DirPort 127.0.0.1:{node.dir_port}
ExitPolicy reject *:*
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
TestingV3AuthInitialVotingInterval {interval_s}
TestingV3AuthVotingStartOffset {offset_s}
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
V3AuthVotingInterval {interval_s}
V3AuthVoteDelay 4
V3AuthDistDelay 4
V3AuthNIntervalsValid {consensuses_valid}
TestingDirAuthVoteExit *
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
TestingMinExitFlagThreshold 0
TestingMinFastFlagThreshold 0
AuthDirVoteStableGuaranteeMinUptime 0
AuthDirVoteStableGuaranteeMTBF 0
AuthDirPinKeys 0
"""

GUARD = """\
SocksPort 0
ExitPolicy reject *:*
"""

EXIT = """\
SocksPort 0
ExitRelay 1
ExitPolicy accept *:*
"""

# Without a directory cache a tor middle is no possible guard either, as Loom is none.
TOR_MIDDLE = """\
SocksPort 0
ExitPolicy reject *:*
DirCache 0
"""

LOOM_METRICS = """\
MetricsPort 127.0.0.1:{node.metrics_port}
MetricsPortPolicy accept 127.0.0.1
"""

CLIENT = """\
SocksPort 127.0.0.1:{node.socks_port}
"""

# A learnt timeout gives up circuits whenever the machine is busy; a fixed long one does not.
CLIENT_PINNED = """\
LearnCircuitBuildTimeout 0
CircuitBuildTimeout 30
ConfluxEnabled {conflux}
StrictNodes 1
EntryNodes {guards}
MiddleNodes {middles}
ExitNodes {exits}
"""


SERVICE = """\
SocksPort 0
HiddenServiceDir {node.directory}/data/onion
HiddenServicePort {server_port} 127.0.0.1:{server_port}
"""

# Otherwise an authority may be an introduction or rendezvous point, or a directory, like any other relay.
KEEP_OFF_AUTHORITIES = "ExcludeNodes {authorities}\n"


@dataclass(frozen=True)
class Surroundings:
    """What a node's configuration says about the others."""

    dir_authorities: Sequence[str]
    guards: Sequence[str]
    middles: Sequence[str]
    exits: Sequence[str]
    conflux: bool
    is_pinned: bool  # clients use these relays only, rather than what they choose by themselves
    owner_pid: int
    loom_options: Sequence[str]
    server_port: int = 0
    authorities: Sequence[str] = ()  # that users keep off; none: they need not
    middle_options: Sequence[str] = ()
    consensuses_valid: int = 20


def render(node: Node, around: Surroundings) -> str:
    """Return the torrc of node."""
    parts = [COMMON]
    if node.program == "tor":
        parts.append(TOR_ONLY)
    if node.is_relay:
        parts.append(RELAY)
    parts += _role_parts(node, around.is_pinned)
    if not node.is_relay and around.authorities:
        parts.append(KEEP_OFF_AUTHORITIES)
    if node.program == "loom" and node.threads is not None:
        parts.append(f"ConnectionThreads {node.threads}\n")
    text = "".join(parts).format(
        node=node,
        interval_s=HELD_BACK_SECONDS,
        offset_s=vote_offset(time.time() + HELD_BACK_SECONDS / 2, HELD_BACK_SECONDS),
        owner_pid=around.owner_pid,
        conflux=int(around.conflux),
        guards=",".join(around.guards),
        middles=",".join(around.middles),
        exits=",".join(around.exits),
        authorities=",".join(around.authorities),
        server_port=around.server_port,
        consensuses_valid=around.consensuses_valid,
    )
    lines = [f"DirAuthority {line}" for line in around.dir_authorities]
    if node.program == "loom":
        lines += around.loom_options
    if node.role == "middle":
        lines += around.middle_options
    return text + "\n".join(lines) + "\n"


def vote_offset(when: float, interval_s: int) -> int:
    """Return the TestingV3AuthVotingStartOffset with which one of the consensuses becomes valid at this time."""
    return math.ceil(when) % interval_s


def _role_parts(node: Node, is_pinned: bool) -> list[str]:
    if node.role == "service":
        return [SERVICE]
    if node.role == "client":
        return [CLIENT] + ([CLIENT_PINNED] if is_pinned else [])
    if node.program == "loom":
        return [EXIT if node.role in ("exit", "relay") else GUARD, LOOM_METRICS]
    return [{"authority": AUTHORITY, "guard": GUARD, "exit": EXIT, "relay": EXIT, "middle": TOR_MIDDLE}[node.role]]
