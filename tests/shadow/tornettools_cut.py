"""A few hosts of a network that tornettools generated for an early Shadow 2, as Shadow 3 can run them.

The latency graph that such a network names is not available, and its configuration has older words. So all hosts are at
one place here, and what stood in hints is said. Keys, torrc files and weights are those of the network. Clients fetch
with stream_peer rather than tgen, which need not be installed.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

SERVER, SERVER_ADDRESS, SERVER_PORT = "server1", "100.3.0.1", 8000
PEER = Path(__file__).resolve().parent / "stream_peer.py"
GRAPH = """\
graph [
  directed 0
  node [
    id 0
    host_bandwidth_down "1 Gbit"
    host_bandwidth_up "1 Gbit"
  ]
  edge [
    source 0
    target 0
    latency "20 ms"
    packet_loss 0.0
  ]
]
"""
STOP_S, BOOTSTRAP_S = 360, 300
FETCHES, FETCH_BYTES = 12, 300_000


def cut(network: Path, out: Path, tor: str, relays: Sequence[str], clients: Sequence[str]) -> None:
    """Write a folder that tools/tornettools-swap takes, with all authorities, these relays and clients."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    whole = yaml.load((network / "shadow.config.yaml").read_text(), Loader=loader)
    authorities = [name for name in whole["hosts"] if "uthority" in name]
    kept = [*authorities, *relays, *clients]
    shutil.copytree(network / "conf", out / "conf")
    for name in [*kept, "bwauthority"]:
        place = Path("shadow.data.template/hosts") / name
        shutil.copytree(network / place, out / place, symlinks=True)
    (out / "shadow.data.template/hosts" / SERVER).mkdir()
    hosts = {name: _host(whole["hosts"][name], tor) for name in kept}
    for name in clients:
        hosts[name]["processes"].append(_peer(f"client {SERVER_ADDRESS} {SERVER_PORT} 9050 {FETCHES} {FETCH_BYTES}",
                                              {"exited": 0}))  # fmt: skip
    hosts[SERVER] = {"network_node_id": 0, "ip_addr": SERVER_ADDRESS,
                     "processes": [_peer(f"server {SERVER_PORT}", "running")]}  # fmt: skip
    configuration = {
        "general": {"stop_time": STOP_S, "bootstrap_end_time": BOOTSTRAP_S, "progress": False,
                    "template_directory": "shadow.data.template"},
        "network": {"graph": {"type": "gml", "inline": GRAPH}},
        "hosts": hosts,
    }  # fmt: skip
    (out / "shadow.config.yaml").write_text(yaml.safe_dump(configuration, sort_keys=False))


def _host(known: dict, tor: str) -> dict:
    (process,) = (one for one in known["processes"] if Path(one["path"]).name == "tor")
    made = {"network_node_id": 0}
    if "ip_address_hint" in known["options"]:
        made["ip_addr"] = known["options"]["ip_address_hint"]
    return made | {
        "bandwidth_down": known["bandwidth_down"],
        "bandwidth_up": known["bandwidth_up"],
        "processes": [process | {"path": tor, "expected_final_state": "running"}],
    }


def _peer(words: str, state: object) -> dict:
    python = str(Path(sys.executable).resolve())
    return {"path": python, "args": f"-B -S {PEER} {words}", "start_time": BOOTSTRAP_S - 5,
            "expected_final_state": state}  # fmt: skip
