"""network - what is in a folder that tornettools generated: its hosts, and which of them are relays of what weight.

    shadow.config.yaml            hosts with their bandwidths and processes
    conf/*.torrc                  what the hosts' torrc files include
    shadow.data.template/hosts/   a folder for each: torrc, keys, and the bandwidths that authorities vote for

A relay is a host with a tor and with keys of a relay that are no authority's. Who is a guard or an exit is what the
authorities are told to vote, and weights are those that they vote for.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from . import torrc
from .errors import SwapError

CONFIGURATION = "shadow.config.yaml"
TEMPLATE = "shadow.data.template"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_UNITS = {"bit": 1, "kbit": 10**3, "kilobit": 10**3, "mbit": 10**6, "megabit": 10**6, "gbit": 10**9, "gigabit": 10**9,
          "kibit": 2**10, "kibibit": 2**10, "mibit": 2**20, "mebibit": 2**20, "gibit": 2**30,
          "gibibit": 2**30}  # fmt: skip


@dataclass(frozen=True)
class Relay:
    """A relay as the authorities see it."""

    name: str
    fingerprint: str
    weight: int
    capacity: int  # bits a second of its host, the smaller of both ways; 0: not said
    is_guard: bool
    is_exit: bool


@dataclass
class Network:
    """A whole folder. The configuration may be changed, and then be written to another."""

    root: Path
    configuration: dict
    relays: list[Relay]
    template: str = TEMPLATE
    authorities: list[str] = field(default_factory=list)

    def host(self, name: str) -> dict:
        """Return a host of the configuration."""
        return self.configuration["hosts"][name]

    def folder(self, name: str) -> Path:
        """Return the folder from which a host begins."""
        return self.root / self.template / "hosts" / name


def load(root: Path) -> Network:
    """Read a network; raise SwapError when it is none of tornettools'."""
    configuration = _configuration(root / CONFIGURATION)
    template = str(configuration.get("general", {}).get("template_directory") or TEMPLATE)
    network = Network(root, configuration, [], template)
    with_keys = [
        name
        for name in configuration["hosts"]
        if tor_of(network, name) is not None and (network.folder(name) / "keys" / "secret_id_key").is_file()
    ]
    network.authorities = [name for name in with_keys if _is_authority(network, name)]
    if not network.authorities:
        raise SwapError(f"{root}: expected a network of tornettools, with authorities in {template}/hosts")
    votes = _Votes(network, network.authorities[0])
    network.relays = [_relay(network, name, votes) for name in with_keys if name not in network.authorities]
    if not network.relays:
        raise SwapError(f"{root}: expected relays with keys in {template}/hosts")
    return network


def save(configuration: dict, path: Path) -> None:
    """Write a configuration for Shadow."""
    path.write_text(yaml.dump(configuration, Dumper=_DUMPER, sort_keys=False, default_flow_style=False))


def _configuration(path: Path) -> dict:
    try:
        found = yaml.load(path.read_text(), Loader=_LOADER)  # a loader without code
    except OSError as error:
        raise SwapError(f"{path}: expected the configuration of Shadow: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SwapError(f"{path}: expected YAML: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict) or not isinstance(found.get("hosts"), dict):
        raise SwapError(f"{path}: hosts: expected hosts by their names")
    for name, host in found["hosts"].items():
        processes = host.get("processes") if isinstance(host, dict) else None
        if not isinstance(processes, list) or not all(isinstance(one, dict) and "path" in one for one in processes):
            raise SwapError(f"{path}: hosts: {name}: processes: expected a list of processes, each with a path")
    return found


def tor_of(network: Network, name: str) -> dict | None:
    """Return the process that is a host's tor, or None."""
    return next((one for one in network.host(name)["processes"] if program_of(one) == "tor"), None)


def program_of(process: dict) -> str:
    """Return the name of a process's program."""
    return Path(str(process["path"])).name


def words_of(process: dict) -> list[str]:
    """Return a process's arguments."""
    words = process.get("args", [])
    return shlex.split(words) if isinstance(words, str) else [str(one) for one in words]


def torrc_of(network: Network, name: str, option: str = "-f") -> Path:
    """Return the file that a host's tor reads by that option."""
    process = tor_of(network, name)
    words = words_of(process) if process else []
    if option not in words[:-1]:
        raise SwapError(f"{network.root / CONFIGURATION}: hosts: {name}: args: expected {option} and a file behind it")
    return network.folder(name) / words[words.index(option) + 1]


def _is_authority(network: Network, name: str) -> bool:
    return (network.folder(name) / "keys" / "authority_certificate").is_file()


def _options(network: Network, name: str) -> list[tuple[str, str]]:
    """Return all lines that a host's tor reads."""
    process = tor_of(network, name)
    assert process is not None
    places = [option for option in ("--defaults-torrc", "-f") if option in words_of(process)]
    folder = network.folder(name)
    return [line for place in places for line in torrc.lines(torrc_of(network, name, place), folder)]


class _Votes:
    """What an authority is told to vote."""

    def __init__(self, network: Network, name: str) -> None:
        said = dict(_options(network, name))
        self.guards = torrc.fingerprints(said.get("testingdirauthvoteguard", ""))
        self.exits = torrc.fingerprints(said.get("testingdirauthvoteexit", ""))
        if "v3bandwidthsfile" not in said:
            raise SwapError(f"{torrc_of(network, name)}: V3BandwidthsFile: expected a file with the relays' weights")
        self.path = network.folder(name) / said["v3bandwidthsfile"]
        self.weights = _weights(self.path)


def _weights(path: Path) -> dict[str, int]:
    try:
        text = path.read_text()
    except OSError as error:
        raise SwapError(f"{path}: expected the bandwidths that authorities vote for: {error.strerror}") from error
    found = {}
    for line in text.splitlines():
        words = dict(word.split("=", 1) for word in line.split() if "=" in word)
        if "node_id" in words and words.get("bw", "").isdigit():
            found[words["node_id"].lstrip("$").upper()] = int(words["bw"])
    return found


def _relay(network: Network, name: str, votes: _Votes) -> Relay:
    path = network.folder(name) / "fingerprint"
    words = path.read_text().split() if path.is_file() else []
    if len(words) < 2:
        raise SwapError(f"{path}: expected a relay's name and its fingerprint")
    fingerprint = "".join(words[1:]).upper()
    if fingerprint not in votes.weights:
        raise SwapError(f"{votes.path}: expected a weight of {name}, node_id=${fingerprint}")
    host = network.host(name)
    ways = [bits(f"hosts: {name}: {key}", host[key]) for key in ("bandwidth_up", "bandwidth_down") if key in host]
    return Relay(name, fingerprint, votes.weights[fingerprint], min(ways, default=0), fingerprint in votes.guards,
                 fingerprint in votes.exits)  # fmt: skip


def bits(key: str, text: object) -> int:
    """Return bits a second of what Shadow reads as a bandwidth."""
    number, _, unit = str(text).strip().partition(" ")
    if not number.isdigit() or (unit.strip().lower() or "bit") not in _UNITS:
        raise SwapError(f"{CONFIGURATION}: {key}: expected a bandwidth as 500 kilobit, found {text}")
    return int(number) * _UNITS[unit.strip().lower() or "bit"]
