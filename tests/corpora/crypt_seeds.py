"""Write the hand-made seeds of the certificates, ntor and ntor-v3 fuzzers: tests/corpora/crypt_seeds.py.

Needs the package `cryptography`, in an environment of its own. RSA keys are fresh each time, so the bytes differ from
run to run. The time is the one that certificates_fuzz.c takes for now.
"""

import datetime
import hashlib
import hmac
from pathlib import Path
from struct import pack

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

HERE = Path(__file__).parent
NOW_S = 1_800_000_000
NOW_HOURS = NOW_S // 3600
TLS_DIGEST = b"\x77" + bytes(31)


def raw_sign(key: rsa.RSAPrivateKey, digest: bytes) -> bytes:
    """PKCS#1 v1.5 without DigestInfo."""
    numbers = key.private_numbers()
    n, length = numbers.public_numbers.n, key.key_size // 8
    padded = b"\0\1" + b"\xff" * (length - 3 - len(digest)) + b"\0" + digest
    return pow(int.from_bytes(padded), numbers.d, n).to_bytes(length)


def self_signed(key: rsa.RSAPrivateKey, days: int = 30) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.seed.com")])
    now = datetime.datetime.fromtimestamp(NOW_S, datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(90))
    builder = builder.not_valid_after(now + datetime.timedelta(days))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def public(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def ed_cert(kind: int, key_type: int, key: bytes, signer: Ed25519PrivateKey, named: bool, hours: int = 24) -> bytes:
    extension = b"\1" + pack(">HBB", 32, 4, 0) + public(signer) if named else b"\0"
    body = b"\1" + bytes([kind]) + pack(">I", NOW_HOURS + hours) + bytes([key_type]) + key + extension
    return body + signer.sign(body)


def cross_cert(key: rsa.RSAPrivateKey, ed_id: bytes) -> bytes:
    body = ed_id + pack(">I", NOW_HOURS + 24)
    signature = raw_sign(key, hashlib.sha256(b"Tor TLS RSA/Ed25519 cross-certificate" + body).digest())
    return body + bytes([len(signature)]) + signature


def body_of(certs: dict[int, bytes]) -> bytes:
    return bytes([len(certs)]) + b"".join(bytes([t]) + pack(">H", len(c)) + c for t, c in certs.items())


def certificates() -> dict[str, bytes]:
    key, large = rsa.generate_private_key(65537, 1024), rsa.generate_private_key(65537, 2048)
    identity, signing = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
    both = {
        2: self_signed(key),
        4: ed_cert(4, 1, public(signing), identity, True),
        7: cross_cert(key, public(identity)),
    }
    link = {5: ed_cert(5, 3, TLS_DIGEST, signing, False)}
    authenticate = {6: ed_cert(6, 1, bytes([3]) * 32, signing, False)}
    flipped = bytearray(both[4])
    flipped[-1] ^= 1
    return {
        "responder": body_of(both | link),
        "initiator": body_of(both | authenticate),
        "everything": body_of({1: self_signed(large)} | both | link | authenticate),
        "rsa_only": body_of({1: self_signed(large), 2: both[2]}),
        "no_cross": body_of({2: both[2], 4: both[4]} | link),
        "x509_expired": body_of(both | link | {2: self_signed(key, -30)}),
        "x509_2048": body_of(both | link | {2: self_signed(large)}),
        "x509_trailing": body_of(both | link | {2: both[2] + b"\0"}),
        "signing_expired": body_of(both | link | {4: ed_cert(4, 1, public(signing), identity, True, -1)}),
        "signing_unnamed": body_of(both | link | {4: ed_cert(4, 1, public(signing), identity, False)}),
        "signing_flipped": body_of(both | link | {4: bytes(flipped)}),
        "link_names_signer": body_of(both | {5: ed_cert(5, 3, TLS_DIGEST, signing, True)}),
        "empty": b"\0",
    }


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def ntor_reply(rsa_id: bytes, onion: X25519PrivateKey, client: bytes) -> bytes:
    proto, ephemeral = b"ntor-curve25519-sha256-1", X25519PrivateKey.from_private_bytes(bytes(range(32)))
    shared = [k.exchange(X25519PublicKey.from_public_bytes(client)) for k in (ephemeral, onion)]
    secret = b"".join(shared) + rsa_id + public(onion) + client + public(ephemeral) + proto
    verify = mac(proto + b":verify", secret)
    authenticated = verify + rsa_id + public(onion) + public(ephemeral) + client + proto + b"Server"
    return public(ephemeral) + mac(proto + b":mac", authenticated)


def ntor() -> dict[str, bytes]:
    """First byte: 0 to the relay, 1 to the client."""
    rsa_id = bytes(range(0xA0, 0xB4))
    onion, old, client = (X25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (0x11, 0x12, 0x22))
    skin = rsa_id + public(onion) + public(client)
    reply = ntor_reply(rsa_id, onion, public(client))
    return {
        "skin": b"\0" + skin,
        "skin_old_key": b"\0" + rsa_id + public(old) + public(client),
        "skin_unknown_key": b"\0" + rsa_id + bytes(32) + public(client),
        "skin_other_relay": b"\0" + bytes(20) + skin[20:],
        "skin_zero_point": b"\0" + skin[:52] + bytes(32),
        "skin_small_order": b"\0" + skin[:52] + b"\1" + bytes(31),
        "skin_short": b"\0" + skin[:-1],
        "skin_long": b"\0" + skin + b"\0",
        "reply": b"\1" + reply,
        "reply_flipped": b"\1" + reply[:-1] + bytes([reply[-1] ^ 1]),
        "reply_zero_point": b"\1" + bytes(32) + reply[32:],
        "reply_short": b"\1" + reply[:-1],
        "reply_long": b"\1" + reply + b"\0",
    }


V3 = b"ntor3-curve25519-sha3_256-1"
V3_CIRCUITS = b"circuit extend"


def encap(text: bytes) -> bytes:
    return pack(">Q", len(text)) + text


def v3_hash(tweak: bytes, text: bytes) -> bytes:
    return hashlib.sha3_256(encap(V3 + tweak) + text).digest()


def v3_stream(tweak: bytes, text: bytes, length: int) -> bytes:
    return hashlib.shake_256(encap(V3 + tweak) + text).digest(length)


def aes_ctr(key: bytes, text: bytes) -> bytes:
    return Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor().update(text)


def v3_skin(ed_id: bytes, onion: bytes, client: X25519PrivateKey, message: bytes) -> bytes:
    shared = client.exchange(X25519PublicKey.from_public_bytes(onion))
    secret = shared + ed_id + public(client) + onion + V3 + encap(V3_CIRCUITS)
    keys = v3_stream(b":kdf_phase1", secret, 64)
    plain = ed_id + onion + public(client) + aes_ctr(keys[:32], message)
    return plain + v3_hash(b":msg_mac", encap(keys[32:]) + plain)


def v3_reply(ed_id: bytes, onion: X25519PrivateKey, client: bytes, client_mac: bytes, message: bytes) -> bytes:
    ephemeral = X25519PrivateKey.from_private_bytes(bytes(range(32)))
    shared = b"".join(k.exchange(X25519PublicKey.from_public_bytes(client)) for k in (ephemeral, onion))
    secret = shared + ed_id + public(onion) + client + public(ephemeral) + V3 + encap(V3_CIRCUITS)
    encrypted = aes_ctr(v3_stream(b":kdf_final", v3_hash(b":key_seed", secret), 32), message)
    authenticated = v3_hash(b":verify", secret) + ed_id + public(onion) + public(ephemeral) + client
    authenticated += client_mac + encap(encrypted) + V3 + b"Server"
    return public(ephemeral) + v3_hash(b":auth_final", authenticated) + encrypted


def ntor_v3() -> dict[str, bytes]:
    """First byte: 0 to the relay, 1 to the client."""
    ed_id, other = bytes(range(0xA0, 0xC0)), b"\1" + bytes(31)
    onion, client = (X25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (0x11, 0x22))
    requests = {"plain": b"\0", "cc": b"\1\1\0", "cgo": b"\2\1\0\3\2\2\6", "empty": b"", "unknown": b"\1\3\2\2\7"}
    skins = {"skin_" + name: b"\0" + v3_skin(ed_id, public(onion), client, m) for name, m in requests.items()}
    skin = skins["skin_cc"]
    reply = v3_reply(ed_id, onion, public(client), other, b"\1\2\1\x1f")
    return skins | {
        "skin_unknown_key": skin[:33] + bytes(32) + skin[65:],
        "skin_other_relay": b"\0" + bytes(32) + skin[33:],
        "skin_zero_point": skin[:65] + bytes(32) + skin[97:],
        "skin_flipped": skin[:-1] + bytes([skin[-1] ^ 1]),
        "skin_short": skin[:100],
        "reply": b"\1" + reply,
        "reply_flipped": b"\1" + reply[:-1] + bytes([reply[-1] ^ 1]),
        "reply_short": b"\1" + reply[:50],
    }


def main() -> None:
    corpora = {"certificates": certificates(), "ntor": ntor(), "ntor_v3": ntor_v3()}
    for folder, seeds in corpora.items():
        (HERE / folder).mkdir(exist_ok=True)
        for name, data in seeds.items():
            (HERE / folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
