"""synthetic_relay - a relay that exists on paper only: its keys, its server descriptor and its microdescriptor.

Signed and sized as those of real relays are, so that tor and Loom believe, keep and serve them. It is at an address of
loopback where nobody listens. Its RSA keys are products of few primes, made once for the whole network: whoever wants
to be such a relay may.
"""

from __future__ import annotations

import base64
import hashlib
import random
import struct
import time
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

EXPONENT = 65537
MODULUS_BYTES = 128
CERT_SIGNING, CERT_ONION = 0x04, 0x0A
CERT_HOURS = 30 * 24
PROTOCOLS = ("Conflux=1 Cons=1-2 Desc=1-2 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4-5 HSRend=1-2 Link=1-5 LinkAuth=1,3"
             " Microdesc=1-2 Padding=2 Relay=1-4")  # fmt: skip
EXIT_POLICY = "20-23,43,53,79-81,88,110,143,194,220,389,443,464-465,531,543-544,554,563,587,636,706,749,853,873"
REJECTED = ("0.0.0.0/8", "169.254.0.0/16", "127.0.0.0/8", "192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12")
FLAGS = (
    ("Fast Guard HSDir Running Stable V2Dir Valid", 40),
    ("Exit Fast Guard HSDir Running Stable V2Dir Valid", 12),
    ("Fast Guard Running Stable V2Dir Valid", 15),
    ("Exit Fast Running Stable Valid", 8),
    ("Fast Running V2Dir Valid", 15),
    ("Fast Running Stable Valid", 10),
)
FAMILIES = ((0, 75), (20, 18), (90, 7))  # relays that a relay names as its family, and of how many per cent

Rng = random.Random


def base64_of(data: bytes) -> str:
    """Encode as directory documents do: without padding."""
    return base64.b64encode(data).decode().rstrip("=")


def armoured(label: str, data: bytes) -> str:
    """Encode an object of a directory document."""
    text = base64.b64encode(data).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def time_text(unix_s: float) -> str:
    """Write a time as directory documents do."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(unix_s))


class RsaKey:
    """A key of 1024 bits, of two primes."""

    def __init__(self, p: int, q: int) -> None:
        self._p, self._q = p, q
        self._exponent_p, self._exponent_q = (pow(EXPONENT, -1, prime - 1) for prime in (p, q))
        self._inverse = pow(q, -1, p)
        self.public_der = b"\x30\x81\x89\x02\x81\x81\x00" + (p * q).to_bytes(MODULUS_BYTES, "big") + b"\x02\x03\1\0\1"

    def sign(self, data: bytes) -> bytes:
        """Sign data as tor does: PKCS #1 without the name of a digest."""
        padded = int.from_bytes(b"\0\1" + b"\xff" * (MODULUS_BYTES - 3 - len(data)) + b"\0" + data, "big")
        by_p = pow(padded, self._exponent_p, self._p)
        by_q = pow(padded, self._exponent_q, self._q)
        signature = by_q + self._q * ((by_p - by_q) * self._inverse % self._p)
        return signature.to_bytes(MODULUS_BYTES, "big")


def make_primes(count: int) -> list[int]:
    """Return primes of 512 bits, any two of which make a key."""
    primes: set[int] = set()
    while len(primes) < count:
        numbers = rsa.generate_private_key(EXPONENT, 8 * MODULUS_BYTES).private_numbers()
        primes |= {numbers.p, numbers.q}
    return sorted(primes)[:count]


class EdKey:
    """An Ed25519 key, which can also serve as an X25519 key."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._scalar = hashlib.sha512(seed).digest()[:32]
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """Sign."""
        return self._private.sign(data)

    def certify(self, kind: int, key: bytes, now: float, with_signer: bool) -> bytes:
        """Certify another key (cert-spec 2.1)."""
        body = struct.pack(">BBIB", 1, kind, int(now / 3600) + CERT_HOURS, 1) + key
        body += b"\1\0\x20\4\0" + self.public if with_signer else b"\0"
        return body + self.sign(body)

    @property
    def x25519_public(self) -> bytes:
        """The same point as X25519 has it."""
        return X25519PrivateKey.from_private_bytes(self._scalar).public_key().public_bytes_raw()

    @property
    def sign_bit(self) -> int:
        """What X25519's form of the point leaves out."""
        return self.public[31] >> 7


class SyntheticRelay:
    """One relay, and its documents as they are now: renew() makes the first ones."""

    def __init__(self, number: int, primes: tuple[int, int], rng: Rng) -> None:
        self._rng = rng
        self._rsa = RsaKey(*primes)
        self._ed, self._signing, self._ntor = (EdKey(rng.randbytes(32)) for _ in range(3))
        self._uptime_s = rng.randrange(10_000_000)
        self._family_length = rng.choices(*zip(*FAMILIES, strict=True))[0]
        self._family = ""
        self.nickname = f"synthetic{number}"[:19]
        self.address = f"127.{1 + number % 250}.{number // 250 % 250}.{1 + rng.randrange(250)}"
        self.or_port = rng.choice((443, 9001, 9001, rng.randrange(1025, 65000)))
        self.ipv6 = f"[2001:db8:{number:x}::{rng.randrange(65536):x}]:{self.or_port}" if rng.random() < 0.48 else ""
        self.flags = rng.choices(*zip(*FLAGS, strict=True))[0]
        self.bandwidth_kb = int(rng.lognormvariate(8.3, 1.5)) + 20
        self.fingerprint = hashlib.sha1(self._rsa.public_der).digest()
        self._crosscert = armoured("CROSSCERT", self._rsa.sign(self.fingerprint + self._ed.public))

    @property
    def is_exit(self) -> bool:
        """Say whether it lets streams out."""
        return "Exit" in self.flags

    def join(self, relays: Sequence[SyntheticRelay]) -> None:
        """Choose a family among relays, before the next renewal."""
        members = self._rng.sample(relays, min(self._family_length, len(relays)))
        self._family = " ".join(f"${member.fingerprint.hex().upper()}" for member in members)

    def renew(self, now: float, with_key: bool = True) -> None:
        """Publish anew: another server descriptor, and with_key another onion key and so another microdescriptor."""
        if with_key:
            self._ntor = EdKey(self._rng.randbytes(32))
        self.published = now
        self._uptime_s += 64_800
        self.descriptor = self._make_descriptor(now)
        self.microdescriptor = self._make_microdescriptor()
        signed = self.descriptor[: self.descriptor.index(b"router-signature\n") + len(b"router-signature\n")]
        self.descriptor_digest = hashlib.sha1(signed).digest()
        self.microdescriptor_digest = hashlib.sha256(self.microdescriptor).digest()

    def consensus_lines(self) -> tuple[bytes, bytes]:
        """Return what the two flavours of the consensus say of it: ns, microdesc."""
        start = f"r {self.nickname} {base64_of(self.fingerprint)} "
        published = time_text(self.published)
        version = f"v Tor 0.4.8.{10 + len(self.nickname) % 5}"
        end = f"s {self.flags}\n{version}\npr {PROTOCOLS}\nw Bandwidth={self.bandwidth_kb}\n"
        where = f"{self.address} {self.or_port} 0\n" + (f"a {self.ipv6}\n" if self.ipv6 else "")
        policy = f"p {self._summary()}\n"
        ns = f"{start}{base64_of(self.descriptor_digest)} {published} {where}{end}{policy}"
        micro = f"{start}2038-01-01 00:00:00 {where}m {base64_of(self.microdescriptor_digest)}\n{end}"
        return ns.encode(), micro.encode()

    def _summary(self) -> str:
        return f"accept {EXIT_POLICY}" if self.is_exit else "reject 1-65535"

    def _make_microdescriptor(self) -> bytes:
        parts = ["onion-key\n", armoured("RSA PUBLIC KEY", self._rsa.public_der),
                 f"ntor-onion-key {base64_of(self._ntor.x25519_public)}\n"]  # fmt: skip
        if self._family:
            parts.append(f"family {self._family}\n")
        if self.is_exit:
            parts.append(f"p {self._summary()}\n")
        parts.append(f"id ed25519 {base64_of(self._ed.public)}\n")
        return "".join(parts).encode()

    def _make_descriptor(self, now: float) -> bytes:
        hexadecimal = self.fingerprint.hex().upper()
        grouped = " ".join(hexadecimal[i : i + 4] for i in range(0, 40, 4))
        rate = self.bandwidth_kb * 1024
        public = armoured("RSA PUBLIC KEY", self._rsa.public_der)
        cross = self._ntor.certify(CERT_ONION, self._ed.public, now, False)
        parts = [
            f"router {self.nickname} {self.address} {self.or_port} 0 0\nidentity-ed25519\n",
            armoured("ED25519 CERT", self._ed.certify(CERT_SIGNING, self._signing.public, now, True)),
            f"master-key-ed25519 {base64_of(self._ed.public)}\n",
            f"or-address {self.ipv6}\n" if self.ipv6 else "",
            f"platform Tor 0.4.8.12 on Linux\nproto {PROTOCOLS}\npublished {time_text(now)}\n",
            f"fingerprint {grouped}\nuptime {self._uptime_s}\nbandwidth {rate} {2 * rate} {rate}\n",
            f"extra-info-digest {self._rng.randbytes(20).hex().upper()} {base64_of(self._rng.randbytes(32))}\n",
            f"onion-key\n{public}signing-key\n{public}onion-key-crosscert\n",
            self._crosscert,
            f"ntor-onion-key-crosscert {self._ntor.sign_bit}\n",
            armoured("ED25519 CERT", cross),
            f"family {self._family}\n" if self._family else "",
            f"hidden-service-dir\ncontact operator of {self.nickname} <tor AT {self.nickname} dot example> version:2\n",
            f"ntor-onion-key {base64_of(self._ntor.x25519_public)}\n",
            self._policy_lines(),
            "tunnelled-dir-server\nrouter-sig-ed25519 ",
        ]
        text = "".join(parts)
        digest = hashlib.sha256(b"Tor router descriptor signature v1" + text.encode()).digest()
        text += f"{base64_of(self._signing.sign(digest))}\nrouter-signature\n"
        return (text + armoured("SIGNATURE", self._rsa.sign(hashlib.sha1(text.encode()).digest()))).encode()

    def _policy_lines(self) -> str:
        if not self.is_exit:
            return "reject *:*\n"
        lines = [f"reject {network}:*" for network in (*REJECTED, self.address)]
        lines += [f"accept *:{ports}" for ports in EXIT_POLICY.split(",")]
        return "\n".join([*lines, "reject *:*", ""])
