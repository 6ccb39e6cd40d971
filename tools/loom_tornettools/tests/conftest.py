"""A network of the shape that tornettools generates, small and made up."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml

TOOLS = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOOLS))

RELAYS = {  # weight, and kilobits a second
    "relay1exitguard": (900, 400_000),
    "relay2exit": (500, 900_000),
    "relay3exit": (40, 100_000),
    "relay4guard": (700, 300_000),
    "relay5guard": (300, 30_000),
    "relay6middle": (100, 20_000),
    "relay7middle": (20, 8_000),
    "relay8middle": (10, 4_000),
}
COMMON = """\
DirServer 4uthority1 v3ident={v3} orport=9001 100.0.0.1:8080 {spaced}
TestingTorNetwork 1
TestingEnableCellStatsEvent 0
DataDirectory .
ServerDNSResolvConfFile ../../../conf/shadowresolv.conf
ServerDNSTestAddresses 4uthority1
ServerDNSAllowBrokenConfig 1
ServerDNSDetectHijacking 0
AssumeReachable 1
NumCPUs 1
Log notice stdout
SafeLogging 0
LogTimeGranularity 1
HeartbeatPeriod 1
ContactInfo nobody@test.test
CellStatistics 0
CircuitPriorityHalflife 30
PathBiasUseThreshold 10000
DoSCircuitCreationEnabled 0
DoSRefuseSingleHopClientRendezvous 0
ControlPort 9051
GeoIPFile
GeoIPV6File
ProtocolWarnings 1
"""


def fingerprint(name: str) -> str:
    """Return one that is made up."""
    return name.encode().hex().upper().ljust(40, "0")[:40]


def _tor(name: str, start: int) -> dict:
    return {"path": "~/.local/bin/tor", "args": f"--Address {name} --Nickname {name} --defaults-torrc torrc-defaults "
            "-f torrc", "start_time": start, "expected_final_state": "running"}  # fmt: skip


def _trace(start: int) -> dict:
    return {"path": "~/.local/bin/oniontrace", "args": "Mode=log TorControlPort=9051 LogLevel=info Events=BW,CIRC",
            "start_time": start, "expected_final_state": "running"}  # fmt: skip


def _host(processes: list[dict], kilobits: int, **more: object) -> dict:
    return {"network_node_id": 0, **more, "bandwidth_up": f"{kilobits} kilobit",
            "bandwidth_down": f"{kilobits} kilobit", "processes": processes}  # fmt: skip


class Made:
    """The network, before anything is swapped."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hosts: dict[str, dict] = {}
        self._conf()
        self._add("4uthority1", 1, 1_000_000, ["relay", "relay.authority"], ip_addr="100.0.0.1")
        self.put("shadow.data.template/hosts/4uthority1/keys/authority_certificate", "made up\n")
        for name, (_, kilobits) in RELAYS.items():
            kind = "exitguard" if name == "relay1exitguard" else "exitonly" if "exit" in name else "guardonly"
            self._add(name, 3, kilobits, ["relay", f"relay.{kind if 'middle' not in name else 'other'}"])
        self._add("perfclient1exit", 240, 1_000_000, ["client"], has_keys=False)
        self.hosts["server1exit"] = _host([{"path": "~/.local/bin/tgen", "args": "tgen-server.tgenrc.graphml",
                                            "start_time": 300}], 1_000_000)  # fmt: skip
        lines = [f"node_id=${fingerprint(name)}\tbw={weight}\tnick={name}\n" for name, (weight, _) in RELAYS.items()]
        self.put("shadow.data.template/hosts/bwauthority/v3bw.init.consensus", "946684801\n" + "".join(lines))
        (root / "shadow.data.template/hosts/bwauthority/v3bw").symlink_to("v3bw.init.consensus")
        graph = {"type": "gml", "file": {"path": "atlas.gml.xz", "compression": "xz"}}
        self.configuration = {"general": {"bootstrap_end_time": 300, "stop_time": 3600},
                              "network": {"use_shortest_path": False, "graph": graph}, "hosts": self.hosts}  # fmt: skip
        self.save()

    def put(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def save(self) -> None:
        """Write the configuration."""
        self.put("shadow.config.yaml", yaml.safe_dump(self.configuration, sort_keys=False))

    def _conf(self) -> None:
        identity = fingerprint("4uthority1")
        spaced = " ".join(identity[i : i + 4] for i in range(0, 40, 4))
        guards = ",".join(fingerprint(name) for name in RELAYS if "guard" in name)
        exits = ",".join(fingerprint(name) for name in RELAYS if "exit" in name)
        for name, text in {
            "common": COMMON.format(v3=fingerprint("v3"), spaced=spaced),
            "relay": "#Log info stdout\nORPort 9001 IPv4Only\nDirPort 8080\nSocksPort 0\n",
            "relay.authority": f'ExitPolicy "reject *:*"\n\nAuthoritativeDirectory 1\nV3AuthoritativeDirectory 1\n'
            f"V3BandwidthsFile ../bwauthority/v3bw\nTestingDirAuthVoteGuard {guards}\nTestingDirAuthVoteExit {exits}\n",
            "relay.exitguard": 'ExitPolicy "accept *:*"\n',
            "relay.exitonly": 'ExitPolicy "accept *:*"\n',
            "relay.guardonly": 'ExitPolicy "reject *:*"\n',
            "relay.other": 'ExitPolicy "reject *:*"\n',
            "client": "ClientOnly 1\nORPort 0\nDirPort 0\nSocksPort 9050\nUseEntryGuards 0\n",
        }.items():
            self.put(f"conf/tor.{name}.torrc", text)
        self.put("conf/shadowresolv.conf", "nameserver 127.0.0.1\n")

    def _add(
        self, name: str, start: int, kilobits: int, includes: list[str], has_keys: bool = True, **more: object
    ) -> None:
        self.hosts[name] = _host([_tor(name, start), _trace(start + 1)], kilobits, **more)
        files = "".join(f"%include ../../../conf/tor.{one}.torrc\n" for one in ["common", *includes])
        folder = f"shadow.data.template/hosts/{name}"
        self.put(f"{folder}/torrc-defaults", f"{files}BandwidthRate 1073741824\nBandwidthBurst 1073741824\n")
        self.put(f"{folder}/torrc", "# Enter any host-specific tor config options here.\n")
        if has_keys:
            self.put(f"{folder}/fingerprint", f"{name} {fingerprint(name)}\n")
            self.put(f"{folder}/keys/secret_id_key", "made up\n")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Return a network in a folder of its own."""
    return Made(tmp_path / "network")


@pytest.fixture(scope="session")
def programs() -> Path:
    """Return where our programs are."""
    return Path(os.environ["LOOM_BUILD_DIR"])
