"""Keys against OpenSSL's and tor's own reading of them."""

import hashlib
import subprocess

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from loom_shadow import keys


def test_a_key_is_what_openssl_reads():
    key = keys.make_key(1, "relay1")
    numbers = load_pem_private_key(key.private_pem.encode(), None).private_numbers()
    assert (numbers.p, numbers.q, numbers.public_numbers.n) == (key.p, key.q, key.modulus)
    assert key.modulus.bit_length() == keys.IDENTITY_BITS


def test_the_same_seed_gives_the_same_key_and_no_other_does():
    assert keys.make_key(1, "a", 256) == keys.make_key(1, "a", 256)
    assert len({keys.make_key(seed, name, 256) for seed in (1, 2) for name in "ab"}) == 4


def test_fingerprint_is_that_of_tor(tmp_path):
    key = keys.make_key(1, "relay1")
    (tmp_path / "keys").mkdir(mode=0o700)
    (tmp_path / "keys/secret_id_key").write_text(key.private_pem)
    (tmp_path / "empty").touch()
    nobody = "y orport=1 127.0.0.1:1 " + "f" * 40
    command = ["/usr/bin/tor", "--list-fingerprint", "--hush", "-f", tmp_path / "empty", "--DataDirectory", tmp_path,
               "--Nickname", "x", "--ORPort", "9001", "--DirAuthority", nobody]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert key.fingerprint in done.stdout.replace(" ", "")


def test_a_certificate_is_signed_by_both_keys():
    identity, signing = keys.make_key(1, "i", 512), keys.make_key(1, "s", 512)
    text = keys.certificate(identity, signing, "100.0.0.1:9030", 946684800)
    signed, _, _ = text.partition("-----BEGIN SIGNATURE-----")
    digest = hashlib.sha1(signed.encode()).digest()
    padded = pow(int.from_bytes(identity.sign(digest), "big"), keys.EXPONENT, identity.modulus)
    assert padded.to_bytes(64, "big").endswith(b"\0" + digest)
    assert text.endswith(keys.armoured("SIGNATURE", identity.sign(digest)))
    assert "dir-key-published 2000-01-01 00:00:00\ndir-key-expires 2000-12-31 00:00:00" in text
