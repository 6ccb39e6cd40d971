"""torrc - configurations of authorities, relays and clients in Shadow. Paths are relative to each host's folder."""

from __future__ import annotations

from collections.abc import Sequence

from .clock import CONSENSUS_S

OR_PORT, DIR_PORT, SOCKS_PORT, CONTROL_PORT, METRICS_PORT = 9001, 9030, 9050, 9051, 9052
RATE_LEAST = 76800  # bytes a second: tor refuses less of a relay
LATER_CONSENSUS_S = 1800

ONE_WORKER = "NumCPUs 1\n"

_ALL = """\
TestingTorNetwork 1
DataDirectory data
Log notice file notice.log
"""

_TOR = """\
SafeLogging 0
LogTimeGranularity 1
ShutdownWaitLength 0
AddressDisableIPv6 1
UseDefaultFallbackDirs 0
GeoIPFile empty
GeoIPv6File empty
ControlPort 127.0.0.1:{control}
"""

_RELAY = """\
Nickname {name}
Address {address}
ORPort {or_port} IPv4Only
SocksPort 0
AssumeReachable 1
ContactInfo {name}@test.test
"""

_AUTHORITY = """\
DirPort {dir_port}
ExitPolicy reject *:*
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
V3BandwidthsFile bandwidths
TestingV3AuthInitialVotingInterval {first_s}
TestingV3AuthInitialVoteDelay 10
TestingV3AuthInitialDistDelay 10
V3AuthVotingInterval {later_s}
V3AuthVoteDelay 20
V3AuthDistDelay 20
TestingMinExitFlagThreshold 0
TestingMinFastFlagThreshold 0
AuthDirVoteStableGuaranteeMinUptime 0
AuthDirVoteStableGuaranteeMTBF 0
AuthDirPinKeys 0
DirAllowPrivateAddresses 1
"""

_CLIENT = """\
ClientOnly 1
SocksPort 127.0.0.1:{socks}
ConnectionPadding 0
CircuitPadding 0
LearnCircuitBuildTimeout 0
CircuitBuildTimeout {build_s}
MaxCircuitDirtiness 86400
ConfluxEnabled 0
__DisablePredictedCircuits 1
__LeaveStreamsUnattached 1
"""


def _directories(lines: Sequence[str]) -> str:
    return "".join(f"DirAuthority {line}\n" for line in lines)


def authority(name: str, address: str, directories: Sequence[str], guards: Sequence[str], exits: Sequence[str],
              parameters: Sequence[str]) -> str:  # fmt: skip
    """Return an authority's: guards and exits are the fingerprints of those that get these flags, and no others do."""
    text = _ALL + _TOR.format(control=CONTROL_PORT) + ONE_WORKER
    text += _RELAY.format(name=name, address=address, or_port=OR_PORT)
    text += _AUTHORITY.format(dir_port=DIR_PORT, first_s=CONSENSUS_S, later_s=LATER_CONSENSUS_S)
    for flag, those in (("Guard", guards), ("Exit", exits)):
        text += f"TestingDirAuthVote{flag} {','.join(f'${one}' for one in those)}\n" if those else ""
        text += f"TestingDirAuthVote{flag}IsStrict 1\n"
    text += f"ConsensusParams {' '.join(parameters)}\n" if parameters else ""
    return text + _directories(directories)


def relay(name: str, address: str, directories: Sequence[str], is_exit: bool, rate: int | None, burst: int | None,
          threads: int | None) -> str:  # fmt: skip
    """Return a relay's, but for what its machine adds; threads: None for tor.

    rate and burst are bytes a second and bytes, None for no limit.
    """
    text = _ALL + _RELAY.format(name=name, address=address, or_port=OR_PORT)
    text += "ExitRelay 1\nExitPolicy accept *:*\n" if is_exit else "ExitPolicy reject *:*\n"
    if rate is not None and burst is not None:
        limit = max(rate, RATE_LEAST)
        text += f"RelayBandwidthRate {limit} bytes\nRelayBandwidthBurst {max(burst, limit)} bytes\n"
    if threads is None:
        text += _TOR.format(control=CONTROL_PORT)
    else:
        text += f"ConnectionThreads {threads}\nMetricsPort 127.0.0.1:{METRICS_PORT}\n"
        text += "MetricsPortPolicy accept 127.0.0.1\n"
    return text + _directories(directories)


def client(directories: Sequence[str], guards: int, build_s: int, middle: str | None) -> str:
    """Return a client's. guards: that it keeps to, 0 for none; middle: a fingerprint, or None."""
    text = _ALL + _TOR.format(control=CONTROL_PORT) + ONE_WORKER + _CLIENT.format(socks=SOCKS_PORT, build_s=build_s)
    if guards:
        text += f"UseEntryGuards 1\nNumEntryGuards {guards}\nNumPrimaryGuards {guards}\n"
    else:
        text += "UseEntryGuards 0\n"
    text += f"MiddleNodes ${middle}\n" if middle else ""
    return text + _directories(directories)
