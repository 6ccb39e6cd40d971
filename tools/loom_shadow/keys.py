"""keys - RSA keys of relays and authorities that follow from a seed: the same network twice has the same fingerprints.

For experiments only: whoever knows the seed knows the keys. tor makes all its other keys itself, in Shadow, where they
follow from the experiment's seed too.
"""

from __future__ import annotations

import base64
import hashlib
import random
import time
from dataclasses import dataclass

EXPONENT = 65537
IDENTITY_BITS = 1024  # of a relay
AUTHORITY_BITS = 2048
ROUNDS = 6  # of Miller and Rabin's test: of random numbers of 512 bits a composite passes below 2^-80
DAYS_VALID = 365
_SMALL = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]


def _is_prime(n: int, draw: random.Random) -> bool:
    if any(n % small == 0 for small in _SMALL):
        return n in _SMALL
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(ROUNDS):
        x = pow(draw.randrange(2, n - 1), odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def _prime(bits: int, draw: random.Random) -> int:
    while True:
        n = draw.getrandbits(bits) | 3 << (bits - 2) | 1  # so that a product of two has all its bits
        if n % EXPONENT != 1 and _is_prime(n, draw):
            return n


def _integer(n: int) -> bytes:
    body = n.to_bytes(n.bit_length() // 8 + 1, "big")
    return b"\x02" + _length(len(body)) + body


def _length(n: int) -> bytes:
    if n < 128:
        return bytes([n])
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([128 + len(octets)]) + octets


def _sequence(*numbers: int) -> bytes:
    body = b"".join(_integer(n) for n in numbers)
    return b"\x30" + _length(len(body)) + body


def armoured(label: str, data: bytes) -> str:
    text = base64.b64encode(data).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


@dataclass(frozen=True)
class RsaKey:
    p: int
    q: int

    @property
    def modulus(self) -> int:
        return self.p * self.q

    @property
    def public_der(self) -> bytes:
        return _sequence(self.modulus, EXPONENT)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha1(self.public_der).hexdigest().upper()

    @property
    def private_pem(self) -> str:
        """Return it as PKCS #1 has it, which is what tor reads and Loom too."""
        d = self._private
        numbers = (0, self.modulus, EXPONENT, d, self.p, self.q, d % (self.p - 1), d % (self.q - 1))
        return armoured("RSA PRIVATE KEY", _sequence(*numbers, pow(self.q, -1, self.p)))

    @property
    def public_pem(self) -> str:
        return armoured("RSA PUBLIC KEY", self.public_der)

    def sign(self, digest: bytes) -> bytes:
        """Sign as tor does: PKCS #1 without the name of a digest."""
        length = (self.modulus.bit_length() + 7) // 8
        padded = b"\0\1" + b"\xff" * (length - 3 - len(digest)) + b"\0" + digest
        return pow(int.from_bytes(padded, "big"), self._private, self.modulus).to_bytes(length, "big")

    @property
    def _private(self) -> int:
        return pow(EXPONENT, -1, (self.p - 1) * (self.q - 1))


def make_key(seed: int, name: str, bits: int = IDENTITY_BITS) -> RsaKey:
    """Make the key of that name in the experiment of that seed."""
    draw = random.Random(f"{seed} {name} {bits}")
    p, q = _prime(bits // 2, draw), _prime(bits // 2, draw)
    return RsaKey(max(p, q), min(p, q))


def certificate(identity: RsaKey, signing: RsaKey, address: str, published_s: int) -> str:
    """Return the certificate of an authority's signing key (dir-spec 3.1)."""
    published, expires = (
        time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at)) for at in (published_s, published_s + DAYS_VALID * 86400)
    )
    identity_digest = hashlib.sha1(identity.public_der).digest()
    text = (
        f"dir-key-certificate-version 3\ndir-address {address}\nfingerprint {identity.fingerprint}\n"
        f"dir-key-published {published}\ndir-key-expires {expires}\n"
        f"dir-identity-key\n{identity.public_pem}dir-signing-key\n{signing.public_pem}"
        f"dir-key-crosscert\n{armoured('ID SIGNATURE', signing.sign(identity_digest))}dir-key-certification\n"
    )
    return text + armoured("SIGNATURE", identity.sign(hashlib.sha1(text.encode()).digest()))
