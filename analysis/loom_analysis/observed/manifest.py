"""manifest - may these observations be analysed? Only those of a private simulated network, which say so themselves.

This guards against mistakes, not misuse: a manifest can be forged. It is looked at before any other file is opened.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from dataclasses import dataclass
from pathlib import Path

from .public_authorities import FINGERPRINTS

NAME = "manifest.json"
FORMAT, KIND = 1, "loom observations"
ENGINES = ("sim", "shadow")
FILES = ("relays.csv", "series.csv", "series.u32", "rtt.csv")
PRIVATE = tuple(
    map(ipaddress.ip_network, (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8",
        "fc00::/7", "fe80::/10", "::1/128",
    ))
)
# Routable outside, but what sim gives its clients, and Shadow (the first) and our networks for it give out.
SIMULATED = {
    "sim": (ipaddress.ip_network("11.0.0.0/8"),),
    "shadow": tuple(map(ipaddress.ip_network, ("11.0.0.0/8", "100.0.0.0/14"))),
}
END_NS_MAX = 7 * 86_400 * 10**9  # from the simulation's start: a clock of the world does not fit
MANIFEST_BYTES_MAX, FILE_BYTES_MAX = 16 << 20, 8 << 30


class ObservationsError(Exception):
    """Why observations are not read, and in which file."""


@dataclass(frozen=True)
class Manifest:
    """What has been found to be in order. bin_ns and end_ns are of the series."""

    seed: int
    engine: str
    config_sha256: str
    bin_ns: int
    end_ns: int
    files: dict[str, str]  # hashes, by name

    @property
    def bin_s(self) -> float:
        return self.bin_ns * 1e-9


def _check(good: bool, path: Path, what: str) -> None:
    if not good:
        raise ObservationsError(f"{path}: {what}")


def _whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _load(path: Path) -> dict:
    try:
        _check(path.stat().st_size <= MANIFEST_BYTES_MAX, path, "too long for a manifest")
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ObservationsError(f"{path}: {error.strerror}: without a manifest nothing is analysed") from error
    except ValueError as error:
        raise ObservationsError(f"{path}: not JSON: {error}") from error
    _check(isinstance(raw, dict), path, "not an object")
    return raw


def _check_addresses(path: Path, raw: dict, engine: str) -> None:
    """All addresses of the network are private, or such as the engine gives out."""
    addresses = raw.get("addresses")
    _check(isinstance(addresses, list) and bool(addresses), path, "addresses: a list of all of the network is missing")
    for text in addresses:
        try:
            network = ipaddress.ip_network(text)
        except (ValueError, TypeError) as error:
            raise ObservationsError(f"{path}: addresses: {error}") from error
        allowed = PRIVATE + SIMULATED[engine]
        private = any(network.version == one.version and network.subnet_of(one) for one in allowed)
        _check(private, path, f"addresses: {text} is routable: this is not a private network")


def _check_authorities(path: Path, raw: dict, engine: str) -> None:
    authorities = raw.get("authorities")
    _check(isinstance(authorities, list), path, "authorities: a list of fingerprints is missing")
    _check(bool(authorities) or engine == "sim", path, "authorities: a network with tor in it has some")
    for one in authorities:
        plain = re.sub(r"[\s$:]", "", one).upper() if isinstance(one, str) else ""
        _check(re.fullmatch(r"[0-9A-F]{40}", plain) is not None, path, f"authorities: {one!r} is no fingerprint")
        _check(plain not in FINGERPRINTS, path, f"authorities: {plain} is one of the public network")


def read_manifest(folder: Path) -> Manifest:
    """Read and judge; an ObservationsError says what is missing or what forbids it."""
    path = folder / NAME
    raw = _load(path)
    _check(raw.get("format") == FORMAT, path, f"format: expected {FORMAT}, found {raw.get('format')!r}")
    _check(raw.get("kind") == KIND, path, f"kind: expected {KIND!r}, found {raw.get('kind')!r}")
    engine = raw.get("engine")
    _check(engine in ENGINES, path, f"engine: expected one of {', '.join(ENGINES)}, found {engine!r}")
    _check(raw.get("testing_tor_network") == 1, path, "testing_tor_network: expected 1")
    _check(_whole(raw.get("seed"), 0, 2**64 - 1), path, "seed: a whole number is missing")
    _check(_is_hash(raw.get("config_sha256")), path, "config_sha256: a hash is missing")
    _check(_whole(raw.get("bin_ns"), 10**6, 10**10), path, "bin_ns: expected 1 ms to 10 s")
    _check(_whole(raw.get("end_ns"), raw["bin_ns"], END_NS_MAX), path, "end_ns: expected at most seven simulated days")
    _check_authorities(path, raw, engine)
    _check_addresses(path, raw, engine)
    files = raw.get("files")
    _check(isinstance(files, dict) and sorted(files) == sorted(FILES), path, f"files: expected {', '.join(FILES)}")
    _check(all(_is_hash(one) for one in files.values()), path, "files: a hash is missing")
    return Manifest(raw["seed"], engine, raw["config_sha256"], raw["bin_ns"], raw["end_ns"], files)


def checked_bytes(folder: Path, manifest: Manifest, name: str) -> bytes:
    """Return a file that the manifest names, whose hash is the one it says."""
    path = folder / name
    try:
        _check(path.stat().st_size <= FILE_BYTES_MAX, path, "too long")
        data = path.read_bytes()
    except OSError as error:
        raise ObservationsError(f"{path}: {error.strerror}") from error
    _check(hashlib.sha256(data).hexdigest() == manifest.files[name], path, "not the file that the manifest is of")
    return data
