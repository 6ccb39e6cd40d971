"""experiment - writes everything that Shadow needs to run a plan: its configuration, the graph, a folder for each host.

The same plan gives the same bytes. FOLDER/shadow.yaml is JSON, which YAML is a superset of.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from . import keys, machine, torrc, user
from .clock import AUTHORITIES_S, CLIENTS_S, NS, OBSERVERS_S, RELAYS_S, SHADOW_EPOCH_S, ZERO_S
from .errors import ShadowError
from .topology import graph

AUTHORITIES = 3  # with fewer, tor believes no measured bandwidth
AUTHORITY_RATE = 125_000_000
UNLIMITED_BITS = 100_000_000_000
TEMPLATE, CONFIGURATION, GRAPH, OUTPUT = "template", "shadow.yaml", "graph.gml", "shadow.data"
TOOLS = Path(__file__).resolve().parents[1]
TOR = "/usr/bin/tor"
NOT_OFFERED = (("upload", "uploads"), ("goes_on_ns", "uploads that go on"), ("streams_at_ns", "streams_at_s"),
               ("flows", "Markov models"))  # fmt: skip
GRACE_S = 2  # for users to write what was not finished


@dataclass(frozen=True)
class Programs:
    tor: str
    python: str
    folder: Path  # of our own


def name_of_client(plan: dict, number: int) -> str:
    return f"client{number + 1}{plan['groups'][plan['clients'][number]['group']]['name'].replace('_', '-')}"


def refuse_what_is_not_offered(plan: dict) -> None:
    """Say in one line what the engine shadow cannot run yet."""
    for group in plan["groups"]:
        for key, words in NOT_OFFERED:
            if group[key]:
                raise ShadowError(f"clients {group['name']}: {words}: the engine shadow does not offer this yet")
    if plan["wants_cgo"]:
        raise ShadowError("traffic.wants_cgo: the engine shadow does not offer this yet")


class Experiment:
    """Writes below folder, which is to be new or empty."""

    def __init__(self, plan: dict, folder: Path, programs: Programs, parallelism: int, pins: bool = True) -> None:
        """With pins Shadow keeps its threads to processors, from the first on: for one that runs alone."""
        self.plan = plan
        self.folder = folder
        self.programs = programs
        self.parallelism = parallelism
        self.pins = pins
        self.hosts: dict[str, dict] = {}
        self.keys = {relay["name"]: self._key(relay["name"]) for relay in plan["relays"]}
        self.authorities = [f"authority{i + 1}" for i in range(AUTHORITIES)]
        self.keys |= {name: self._key(name) for name in self.authorities}
        self.identities = {
            name: keys.make_key(plan["seed"], f"{name} identity", keys.AUTHORITY_BITS) for name in self.authorities
        }
        self.directories = [self._directory_line(i) for i in range(AUTHORITIES)]

    def _key(self, name: str) -> keys.RsaKey:
        return keys.make_key(self.plan["seed"], name)

    @staticmethod
    def address(kind: int, number: int) -> str:
        """Return the address of an authority (0), relay (1), client (2) or server (3)."""
        return f"100.{kind}.{number // 250}.{number % 250 + 1}"

    def _directory_line(self, i: int) -> str:
        name, address = self.authorities[i], self.address(0, i)
        identity, fingerprint = self.identities[name].fingerprint, self.keys[name].fingerprint
        return f"{name} orport={torrc.OR_PORT} no-v2 v3ident={identity} {address}:{torrc.DIR_PORT} {fingerprint}"

    def write(self) -> None:
        refuse_what_is_not_offered(self.plan)
        for i in range(AUTHORITIES):
            self._authority(i)
        for i in range(len(self.plan["relays"])):
            self._relay(i)
        for i in range(len(self.plan["servers"])):
            self._server(i)
        for i in range(len(self.plan["clients"])):
            self._client(i)
        self._put(GRAPH, graph(self.plan["countries"], self.plan["latency_us"], self.plan["loss"]))
        self._put(CONFIGURATION, json.dumps(self._configuration(), indent=1) + "\n")

    def _put(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def _put_host(self, host: str, files: dict[str, str]) -> None:
        for name, text in files.items():
            self._put(f"{TEMPLATE}/hosts/{host}/{name}", text, 0o600)
        for folder in (self.folder / f"{TEMPLATE}/hosts/{host}").rglob("*"):
            if folder.is_dir():
                folder.chmod(0o700)

    def _add(self, host: str, country: int, address: str, rate: int | None, processes: list[dict]) -> None:
        bits = UNLIMITED_BITS if rate is None else 8 * rate
        self.hosts[host] = {
            "network_node_id": country, "ip_addr": address, "bandwidth_down": f"{bits} bit",
            "bandwidth_up": f"{bits} bit", "processes": processes,
        }  # fmt: skip

    def _tor(self, start_s: int) -> dict:
        return {"path": self.programs.tor, "args": "-f torrc", "start_time": f"{start_s} s",
                "expected_final_state": "running"}  # fmt: skip

    def _python(self, module: str, start_s: int, words: str = "") -> dict:
        return {
            "path": self.programs.python, "args": f"-B -S -c \"import sys; sys.path.insert(0, '{TOOLS}'); "
            f"sys.argv = ['{module}'] + '{words}'.split(); import runpy; "
            f"runpy.run_module('loom_shadow.{module}', run_name='__main__')\"",
            "environment": {"PYTHONHASHSEED": "0"}, "start_time": f"{start_s} s", "expected_final_state": "running",
        }  # fmt: skip

    def _flagged(self, flag: str) -> list[str]:
        return [self.keys[relay["name"]].fingerprint for relay in self.plan["relays"] if relay[flag]]

    def _parameters(self) -> list[str]:
        vegas = self.plan["congestion_control"] == "vegas"
        kist_ms = self.plan["kist_run_interval_ms"]
        return [f"cc_alg={2 if vegas else 0}", *([f"KISTSchedRunInterval={kist_ms}"] if kist_ms else [])]

    def _bandwidths(self) -> str:
        lines = [
            f"node_id=${self.keys[relay['name']].fingerprint} bw={max(1, relay['weight'])} nick={relay['name']}"
            for relay in self.plan["relays"]
        ]
        return "\n".join([str(SHADOW_EPOCH_S), *lines, ""])

    def _authority(self, i: int) -> None:
        name, address = self.authorities[i], self.address(0, i)
        signing = keys.make_key(self.plan["seed"], f"{name} signing", keys.AUTHORITY_BITS)
        certificate = keys.certificate(self.identities[name], signing, f"{address}:{torrc.DIR_PORT}", SHADOW_EPOCH_S)
        text = torrc.authority(name, address, self.directories, self._flagged("guard"), self._flagged("exit"),
                               self._parameters())  # fmt: skip
        invalid = "".join(f"!invalid {self.keys[one].fingerprint}\n" for one in self.authorities)
        self._put_host(name, {
            "torrc": text, "empty": "", "bandwidths": self._bandwidths(), "data/approved-routers": invalid,
            "data/keys/secret_id_key": self.keys[name].private_pem,
            "data/keys/authority_signing_key": signing.private_pem, "data/keys/authority_certificate": certificate,
        })  # fmt: skip
        self._add(name, i % len(self.plan["countries"]), address, AUTHORITY_RATE, [self._tor(AUTHORITIES_S)])

    def _relay(self, i: int) -> None:
        relay, address = self.plan["relays"][i], self.address(1, i)
        name, is_loom = relay["name"], relay["program"] == "loom"
        text = torrc.relay(name, address, self.directories, relay["exit"], relay["rate"], relay["burst"],
                           relay["threads"] if is_loom else None)  # fmt: skip
        priced = machine.of(relay, self.programs.folder)
        self._put_host(name, {
            "torrc": text + priced.torrc, "empty": "", "data/keys/secret_id_key": self.keys[name].private_pem,
            **priced.files,
        })  # fmt: skip
        process = self._tor(RELAYS_S)
        if is_loom:
            process["path"] = str(self.programs.folder / priced.program)
        process["environment"] = priced.environment
        observer = self._python("observer", OBSERVERS_S, relay["program"])
        self._add(name, relay["country"], address, relay["line_rate"], [process, observer])

    def _server(self, i: int) -> None:
        server, name = self.plan["servers"][i], f"server{i + 1}"
        self._put_host(name, {"empty": ""})
        self._add(name, server["country"], self.address(3, i), server["line_rate"],
                  [self._python("server", OBSERVERS_S)])  # fmt: skip

    def _client(self, i: int) -> None:
        client, name = self.plan["clients"][i], name_of_client(self.plan, i)
        load = self.plan["groups"][client["group"]]
        middle = None if client["middle"] is None else self.plan["relays"][client["middle"]]["name"]
        text = torrc.client(self.directories, client["guards"], max(1, load["circuit_timeout_ns"] // NS),
                            middle and self.keys[middle].fingerprint)  # fmt: skip
        settings = {
            "seed": self.plan["seed"], "client": i, "sessions": client["sessions"], "start_ns": client["start_ns"],
            "end_ns": self.plan["end_ns"], "load": load,
            "path": [self.keys[self.plan["relays"][one]["name"]].fingerprint for one in client["path"] or []],
            "servers": [self.address(3, one) for one in range(len(self.plan["servers"]))],
        }  # fmt: skip
        self._put_host(name, {"torrc": text, "empty": "", user.SETTINGS: json.dumps(settings, indent=1) + "\n"})
        visits = self._python("user", CLIENTS_S + 1)
        visits["expected_final_state"] = {"exited": 0}
        self._add(name, client["country"], self.address(2, i), client["line_rate"], [self._tor(CLIENTS_S), visits])

    def _configuration(self) -> dict:
        stop_s = ZERO_S - -self.plan["end_ns"] // NS + GRACE_S
        bootstrap_s = ZERO_S - self.plan["bootstrap_end_ns"] // -NS if self.plan["bootstrap_end_ns"] else 0
        return {
            "general": {
                "stop_time": f"{stop_s} s", "seed": self.plan["seed"], "parallelism": self.parallelism,
                "bootstrap_end_time": f"{bootstrap_s} s", "progress": True, "heartbeat_interval": "5 s",
                "log_level": "warning", "data_directory": OUTPUT, "template_directory": TEMPLATE,
            },
            "experimental": {"use_cpu_pinning": self.pins},
            "network": {"graph": {"type": "gml", "file": {"path": GRAPH}}, "use_shortest_path": False},
            "hosts": self.hosts,
        }  # fmt: skip


def python_program() -> str:
    """Return the interpreter itself: Shadow starts no script."""
    return str(Path(sys.executable).resolve())
