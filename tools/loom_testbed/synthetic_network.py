"""synthetic_network - a network of relays that exist on paper, and the consensuses that its one authority signs.

Time goes by in intervals, each of which stands for an hour of the real network: some relays publish anew, some change
their keys, some leave and others come, and a consensus of both flavours is made, with the diffs that lead to it.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .errors import TestbedError
from .synthetic_relay import SyntheticRelay, armoured, base64_of, make_primes, time_text

FLAVOURS = ("ns", "microdesc")
RENEWED = 0.055  # of the relays publish in an interval: each once in 18 hours
REKEYED = 0.006  # of the relays change an onion key: each once in 28 days, or is configured anew
REPLACED = 0.004  # of the relays leave, and as many come
INTERVALS_VALID = 3
WEIGHTS = "bd be bg bm db eb ed ee eg em gb gd gg gm mb md me mg mm"
REQUIRED = "Cons=2 Desc=2 Link=4 Microdesc=2 Relay=2"


class Authority:
    """The keys of a directory authority, and its certificate."""

    def __init__(self, directory: Path, dir_port: int) -> None:
        paths = {kind: directory / f"authority_{kind}" for kind in ("identity_key", "signing_key", "certificate")}
        self._address = f"127.0.0.1:{dir_port}"
        directory.mkdir(mode=0o700, parents=True)
        files = [*("-i", paths["identity_key"]), *("-s", paths["signing_key"]), *("-c", paths["certificate"])]
        command = ["tor-gencert", "--create-identity-key", "-m", "12", "-a", self._address, "--passphrase-fd", "0"]
        done = subprocess.run(
            [*command, *map(str, files)], input="x\n", capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode != 0:
            raise TestbedError(f"tor-gencert: {done.stderr.strip()}")
        self.certificate = paths["certificate"].read_bytes()
        key = load_pem_private_key(paths["signing_key"].read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._numbers = key.private_numbers()
        found = re.search(rb"^fingerprint ([0-9A-F]{40})$", self.certificate, re.MULTILINE)
        assert found is not None
        self.identity = found[1].decode()
        self._signing_id = hashlib.sha1(_signing_key_der(self.certificate)).hexdigest().upper()

    @property
    def line(self) -> str:
        """Return what follows DirAuthority in a torrc."""
        return f"a1 orport=1 no-v2 v3ident={self.identity} {self._address} {'F' * 40}"

    @property
    def source_lines(self) -> str:
        """Return how a consensus names it."""
        host, port = self._address.split(":")
        return (f"dir-source a1 {self.identity} {host} {host} {port} 1\n"
                f"contact nobody\nvote-digest {self.identity}\n")  # fmt: skip

    def sign(self, text: bytes, flavour: str) -> bytes:
        """Return the lines that sign text, a consensus up to there."""
        name = "sha1" if flavour == "ns" else "sha256"
        digest = hashlib.new(name, text + b"directory-signature ").digest()
        n, d = self._numbers.public_numbers.n, self._numbers.d
        length = (n.bit_length() + 7) // 8
        padded = b"\0\1" + b"\xff" * (length - 3 - len(digest)) + b"\0" + digest
        signature = pow(int.from_bytes(padded, "big"), d, n).to_bytes(length, "big")
        algorithm = "" if flavour == "ns" else "sha256 "
        start = f"directory-signature {algorithm}{self.identity} {self._signing_id}\n"
        return (start + armoured("SIGNATURE", signature)).encode()


def _signing_key_der(certificate: bytes) -> bytes:
    text = certificate.split(b"dir-signing-key\n-----BEGIN RSA PUBLIC KEY-----\n")[1].split(b"-----END")[0]
    return base64.b64decode(text)


@dataclass
class Consensus:
    """One flavour at one time: its text, and what its lines are by relay, in the order of their fingerprints."""

    flavour: str
    head: bytes
    entries: list[tuple[bytes, bytes]]  # fingerprint, lines
    foot: bytes
    signature: bytes
    diffs: dict[str, bytes] = field(default_factory=dict)  # to it, by the digest of what they begin with

    def __post_init__(self) -> None:
        signed = b"".join([self.head, *(lines for _, lines in self.entries), self.foot])
        self.text = signed + self.signature
        self.signed_digest = hashlib.sha3_256(signed + b"directory-signature ").hexdigest().upper()
        self.digest = hashlib.sha3_256(self.text).hexdigest().upper()


def _line_count(text: bytes) -> int:
    return text.count(b"\n")


def _pieces(consensus: Consensus) -> list[tuple[bytes, bytes]]:
    """Return the whole as keys and lines, keys ascending: head, relays, foot with signature."""
    return [(b"", consensus.head), *consensus.entries, (b"\xff" * 21, consensus.foot + consensus.signature)]


def _changes(old: Consensus, new: Consensus) -> Iterator[tuple[int, int, bytes]]:
    """Yield of each piece that differs its first line in the old one, from 1 on, how many, and what replaces them."""
    before, after = _pieces(old), _pieces(new)
    i = j = 0
    line = 1
    while i < len(before) or j < len(after):
        if j == len(after) or (i < len(before) and before[i][0] < after[j][0]):
            yield line, _line_count(before[i][1]), b""
            line += _line_count(before[i][1])
            i += 1
        elif i == len(before) or after[j][0] < before[i][0]:
            yield line, 0, after[j][1]
            j += 1
        else:
            length = _line_count(before[i][1])
            if before[i][1] != after[j][1]:
                yield line, length, after[j][1]
            line += length
            i += 1
            j += 1


def make_diff(old: Consensus, new: Consensus) -> bytes:
    """Return the diff between two consensuses (dir-spec 4.5): an ed script from the end to the beginning."""
    parts = [f"network-status-diff-version 1\nhash {old.signed_digest} {new.digest}\n".encode()]
    for first, count, lines in reversed(list(_changes(old, new))):
        last = first + count - 1
        where = f"{first}" if count <= 1 else f"{first},{last}"
        if count == 0:
            parts.append(f"{first - 1}a\n".encode() + lines + b".\n")
        elif not lines:
            parts.append(f"{where}d\n".encode())
        else:
            parts.append(f"{where}c\n".encode() + lines + b".\n")
    return b"".join(parts)


class SyntheticNetwork:
    """All relays, and the newest consensuses."""

    def __init__(self, authority: Authority, relay_count: int, now: float, seed: int = 1) -> None:
        self.authority = authority
        self._rng = random.Random(seed)
        self._primes = make_primes(_primes_needed(2 * relay_count))
        self._pairs = ((q, p) for i, p in enumerate(self._primes) for q in self._primes[:i])
        self._number = 0
        self.relays = [self._new_relay() for _ in range(relay_count)]
        for relay in self.relays:
            self._begin(relay, now - self._rng.randrange(64_000))
        self.descriptors: dict[str, bytes] = {}  # by digest, in hexadecimal
        self.microdescriptors: dict[str, bytes] = {}  # by digest, in base64
        self.consensuses: dict[str, list[Consensus]] = {flavour: [] for flavour in FLAVOURS}  # newest last

    def _new_relay(self) -> SyntheticRelay:
        self._number += 1
        return SyntheticRelay(self._number, next(self._pairs), self._rng)

    def _begin(self, relay: SyntheticRelay, now: float) -> None:
        relay.join(self.relays)
        relay.renew(now)

    def pass_interval(self, now: float) -> None:
        """Let relays publish, change keys, come and go."""
        count = len(self.relays)
        for relay in self._rng.sample(self.relays, round(RENEWED * count)):
            relay.renew(now, with_key=False)
        for relay in self._rng.sample(self.relays, round(REKEYED * count)):
            relay.renew(now)
        for index in self._rng.sample(range(count), round(REPLACED * count)):
            self.relays[index] = self._new_relay()
            self._begin(self.relays[index], now)

    def vote(self, valid_after: int, interval_s: int, diffs_max: int) -> None:
        """Make the consensuses of this moment, and the diffs from so many before them."""
        ordered = sorted(self.relays, key=lambda relay: relay.fingerprint)
        lines = [(relay.fingerprint, relay.consensus_lines()) for relay in ordered]
        self._keep_documents(ordered)
        for index, flavour in enumerate(FLAVOURS):
            head, foot = self._head(flavour, valid_after, interval_s), _foot()
            entries = [(fingerprint, both[index]) for fingerprint, both in lines]
            signed = b"".join([head, *(text for _, text in entries), foot])
            new = Consensus(flavour, head, entries, foot, self.authority.sign(signed, flavour))
            before = self.consensuses[flavour][-diffs_max:] if diffs_max else []
            new.diffs = {old.signed_digest: make_diff(old, new) for old in before}
            for old in before:
                old.diffs = {}
            self.consensuses[flavour] = [*before, new]

    def _keep_documents(self, relays: Sequence[SyntheticRelay]) -> None:
        for relay in relays:
            self.descriptors[relay.descriptor_digest.hex().upper()] = relay.descriptor
            self.microdescriptors[base64_of(relay.microdescriptor_digest)] = relay.microdescriptor

    def _head(self, flavour: str, valid_after: int, interval_s: int) -> bytes:
        versions = ",".join(f"0.4.{minor}.{patch}" for minor in (8, 9) for patch in range(7, 17))
        return (
            f"network-status-version 3{'' if flavour == 'ns' else ' microdesc'}\nvote-status consensus\n"
            f"consensus-method 33\nvalid-after {time_text(valid_after)}\n"
            f"fresh-until {time_text(valid_after + interval_s)}\n"
            f"valid-until {time_text(valid_after + INTERVALS_VALID * interval_s)}\nvoting-delay 2 2\n"
            f"client-versions {versions}\nserver-versions {versions}\n"
            "known-flags Authority BadExit Exit Fast Guard HSDir MiddleOnly NoEdConsensus Running Stable StaleDesc "
            "Sybil V2Dir Valid\n"
            f"recommended-client-protocols {REQUIRED}\nrecommended-relay-protocols {REQUIRED}\n"
            f"required-client-protocols {REQUIRED}\nrequired-relay-protocols {REQUIRED}\n"
            f"params sendme_emit_min_version=1\n{self.authority.source_lines}"
        ).encode()


def _primes_needed(keys: int) -> int:
    count = 2
    while count * (count - 1) // 2 < keys:
        count += 1
    return count


def _foot() -> bytes:
    weights = " ".join(f"W{name}=10000" for name in WEIGHTS.split())
    return f"directory-footer\nbandwidth-weights {weights}\n".encode()
