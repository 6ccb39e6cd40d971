"""Write the hand-made seeds of the wire fuzzers: tests/corpora/wire_seeds.py.

Inputs named by a hash were found by the fuzzers and are kept beside them.
"""

from pathlib import Path
from struct import pack

HERE = Path(__file__).parent
RSA_ID, ED_ID = bytes(range(1, 21)), bytes(range(0xE0, 0x100))
KEY, SIGNATURE = bytes(range(32)), b"Q" * 64
IPV6 = bytes.fromhex("20010db8000000000000000000000001")


def fixed(circ_id: int, command: int, body: bytes = b"", id_format: str = ">I") -> bytes:
    return pack(id_format, circ_id) + bytes([command]) + body.ljust(509, b"\0")


def variable(circ_id: int, command: int, body: bytes = b"", id_format: str = ">I") -> bytes:
    return pack(id_format, circ_id) + bytes([command]) + pack(">H", len(body)) + body


def cells() -> dict[str, bytes]:
    """First byte: bit 0 asks for 2-byte circuit ids, the rest is how reads are cut."""
    long, short = bytes([40]), bytes([41])
    handshake = variable(0, 129, b"\0") + variable(0, 130, bytes(36)) + fixed(0, 8, bytes(11))
    return {
        "versions": short + variable(0, 7, bytes.fromhex("000300040005"), ">H"),
        "versions_then_padding": short + variable(0, 7, b"\0\4", ">H") + fixed(0, 0, b"", ">H"),
        "handshake": long + handshake,
        "handshake_byte_by_byte": b"\0" + handshake,
        "relay_run": long + b"".join(fixed(0x80000001, 3, bytes([n])) for n in range(3)),
        "relay_early_then_destroy": long + fixed(7, 9, b"\1") + fixed(7, 4, b"\x09"),
        "empty_variable_cells": long + variable(0, 128) * 70,
        "cut_header": long + variable(0, 129, b"abc") + b"\0\0\0\0\x81\0",
        "cut_body": long + fixed(1, 3)[:200],
        "too_long": long + fixed(1, 3) + pack(">IBH", 0, 128, 1025),
        "unknown_commands": long + fixed(1, 127) + variable(1, 255, b"x"),
        "create2": bytes([255]) + fixed(0x80000001, 10, bytes.fromhex("00020054")),
    }


def link_messages() -> dict[str, bytes]:
    """First byte: which message."""
    certs = b"".join(bytes([kind]) + pack(">H", 4) + bytes([kind] * 4) for kind in (1, 2, 4, 5, 7))
    authenticate = b"AUTH0003" + b"".join(bytes([n] * 32) for n in range(8)) + bytes(24) + SIGNATURE
    addresses = b"\4\4\1\2\3\4" + b"\1" + b"\6\x10" + IPV6
    return {
        "versions": b"\0" + bytes.fromhex("000300040005"),
        "versions_many": b"\0" + b"".join(pack(">H", n) for n in range(40)),
        "certs": b"\1\5" + certs,
        "certs_unknown_and_trailing": b"\1\2" + b"\x08\0\1a" + b"\xff\0\0" + b"trailing",
        "certs_twice": b"\1\2" + b"\4\0\1a" * 2,
        "auth_challenge": b"\2" + KEY + bytes.fromhex("00010003"),
        "auth_challenge_many": b"\2" + KEY + bytes.fromhex("0003000100020003"),
        "authenticate": b"\3" + pack(">HH", 3, len(authenticate)) + authenticate,
        "authenticate_method_1": b"\3" + pack(">HH", 1, len(authenticate)) + authenticate,
        "netinfo": b"\4" + pack(">I", 1700000000) + addresses,
        "netinfo_unknown_types": b"\4" + bytes(4) + b"\0\0" + b"\3" + b"\xf0\3abc" + b"\4\2ab" + b"\4\4\1\1\1\1",
        "netinfo_padded": (b"\4" + bytes(4) + addresses).ljust(510, b"\0"),
        "padding_start": b"\5" + bytes.fromhex("000205dc251c"),
        "padding_stop": b"\5" + bytes.fromhex("000100000000"),
    }


def circuit_messages() -> dict[str, bytes]:
    """First byte: which message."""
    ipv4, ipv6 = b"\0\6\x0a\0\0\1\x23\x29", b"\1\x12" + IPV6 + b"\1\xbb"
    rsa, ed = b"\2\x14" + RSA_ID, b"\3\x20" + ED_ID
    ntor = pack(">HH", 2, 84) + RSA_ID + KEY + KEY
    return {
        "create2_ntor": b"\0" + ntor,
        "create2_ntor_padded": b"\0" + ntor.ljust(509, b"\0"),
        "create2_ntor_v3": b"\0" + pack(">HH", 3, 101) + bytes(101),
        "create2_full": b"\0" + pack(">HH", 2, 505) + bytes(505),
        "create2_too_long": b"\0" + pack(">HH", 2, 506) + bytes(600),
        "created2": b"\1" + pack(">H", 64) + KEY + KEY,
        "created2_empty": b"\1\0\0",
        "extend2": b"\2\4" + ipv4 + rsa + ed + ipv6 + ntor,
        "extend2_without_ed": b"\2\2" + ipv4 + rsa + ntor,
        "extend2_ipv6_only": b"\2\3" + rsa + ed + ipv6 + ntor,
        "extend2_two_ipv4_and_unknown": b"\2\4" + ipv4 + ipv4 + b"\x09\2ab" + rsa + ntor,
        "extend2_two_rsa": b"\2\3" + ipv4 + rsa + rsa + ntor,
        "extend2_zero_ed": b"\2\3" + ipv4 + rsa + b"\3\x20" + bytes(32) + ntor,
    }


def relay_cells() -> dict[str, bytes]:
    def relay(command: int, stream: int, data: bytes, length: int | None = None) -> bytes:
        return pack(">BHHIH", command, 0, stream, 0, len(data) if length is None else length) + data

    return {
        "begin": relay(1, 1, b"example.com:80\0"),
        "data_full": relay(2, 0xFFFF, b"d" * 498),
        "data_one_short": relay(2, 1, b"d" * 497),
        "data_empty": relay(2, 1, b""),
        "end": relay(3, 1, b"\6"),
        "sendme": relay(5, 0, b"\1\0\x14" + RSA_ID),
        "drop": relay(10, 0, b""),
        "length_499": relay(2, 1, b"", 499),
        "length_max": relay(2, 1, b"", 0xFFFF),
        "unknown_command": relay(200, 3, b"abc"),
    }


def stream_messages() -> dict[str, bytes]:
    """First byte: which message."""
    return {
        "begin_host": b"\0example.com:80\0",
        "begin_flags": b"\0example.com:443\0" + pack(">I", 5),
        "begin_ipv4": b"\0192.0.2.1:65535\0",
        "begin_ipv6": b"\0[2001:DB8::1]:443\0" + pack(">I", 0xFFFFFFFF),
        "begin_ipv6_with_quad": b"\0[::ffff:1.2.3.4]:1\0",
        "begin_without_nul": b"\0example.com:80",
        "begin_long": b"\0" + b"h" * 255 + b":80\0",
        "connected_empty": b"\1",
        "connected_ipv4": b"\1\1\2\3\4" + pack(">I", 60),
        "connected_ipv4_alone": b"\1\1\2\3\4",
        "connected_ipv6": b"\1" + bytes(4) + b"\6" + IPV6 + pack(">I", 86400),
        "sendme_empty": b"\2",
        "sendme_20": b"\2\1\0\x14" + RSA_ID,
        "sendme_16": b"\2\1\0\x10" + RSA_ID[:16],
        "sendme_22": b"\2\1\0\x16" + RSA_ID + b"ab",
        "end_exit_policy": b"\2\4\1\2\3\4" + pack(">I", 60),
    }


def resolve_messages() -> dict[str, bytes]:
    """First byte: even for RESOLVE, odd for RESOLVED."""
    ttl = pack(">I", 60)
    return {
        "resolve_name": b"\0Example.com\0",
        "resolve_ipv4": b"\x001.2.3.4",
        "resolve_ipv6": b"\x002001:db8::1\0",
        "resolve_reverse_ipv4": b"\x004.3.2.1.in-addr.arpa\0",
        "resolve_reverse_ipv6": b"\0" + b".".join([b"f"] * 32) + b".ip6.arpa\0",
        "resolve_empty": b"\0\0",
        "resolved_addresses": b"\1\4\4\1\2\3\4" + ttl + b"\6\x10" + IPV6 + ttl,
        "resolved_name": b"\1\0\x0bexample.com" + ttl,
        "resolved_transient": b"\1\xf0\2ab" + ttl,
        "resolved_nontransient": b"\1\xf1\0" + ttl,
        "resolved_unknown": b"\1\x09\2ab" + ttl + b"\4\3abc" + ttl,
        "resolved_cut": b"\1\4\4\1\2\3\4\0",
    }


def exit_policies() -> dict[str, bytes]:
    texts = {
        "all": "accept *:*",
        "web": "accept *:80, accept *:443, reject *:*",
        "private": "reject private:*, accept6 private:80",
        "prefixes": "reject 10.0.0.0/8:1-65535, accept 18.0.0.0/255.0.0.0:22, reject [2001:db8::]/32:*",
        "families": "accept *4:80-90,reject *6:*,accept6 *:53,reject6 [::1]:1",
        "no_ports": "reject 1.2.3.4,accept 5.6.7.8",
        "bad_range": "accept *:90-80",
        "bad_mask": "reject 1.2.3.4/255.0.255.0:*",
        "bad_family": "accept6 1.2.3.4:80",
        "empty_rule": "accept *:80,,reject *:*",
    }
    return {name: text.encode() for name, text in texts.items()}


def ed_certs() -> dict[str, bytes]:
    """First byte: which kind of certificate."""

    def cert(kind: int, key_kind: int, *extensions: bytes) -> bytes:
        head = pack(">BBIB", 1, kind, 0x76543, key_kind) + KEY + bytes([len(extensions)])
        return b"\0" + head + b"".join(extensions) + SIGNATURE

    signer = pack(">HBB", 32, 4, 0) + ED_ID
    return {
        "signing": cert(4, 1, signer),
        "tls_link": cert(5, 3),
        "authenticate": cert(6, 1, signer),
        "unknown_extension": cert(4, 1, pack(">HBB", 3, 9, 0) + b"abc", signer),
        "unknown_extension_that_matters": cert(4, 1, pack(">HBB", 3, 9, 1) + b"abc"),
        "two_signers": cert(4, 1, signer, signer),
        "short_signer": cert(4, 1, pack(">HBB", 31, 4, 0) + ED_ID[:31]),
        "trailing": cert(5, 3) + b"\0",
        "version_2": b"\0\2" + cert(5, 3)[2:],
        "cross": b"\1" + ED_ID + pack(">IB", 0x76543, 128) + bytes(128),
        "cross_empty": b"\1" + ED_ID + pack(">IB", 0, 0),
        "cross_trailing": b"\1" + ED_ID + pack(">IB", 1, 1) + b"ab",
    }


def padding_messages() -> dict[str, bytes]:
    """First byte: odd for PADDING_NEGOTIATE, even for PADDING_NEGOTIATED."""
    return {
        "start": b"\1" + bytes.fromhex("0002000000000001"),
        "stop_padded": (b"\1" + bytes.fromhex("00010100ffffffff")).ljust(499, b"\0"),
        "version_1": b"\1" + bytes.fromhex("0102010000000001"),
        "started": b"\0" + bytes.fromhex("0002010000000001"),
        "refused": b"\0" + bytes.fromhex("0002020700000001"),
    }


def addresses() -> dict[str, bytes]:
    texts = {
        "ipv4": "1.2.3.4",
        "ipv4_port": "127.0.0.1:9001",
        "ipv4_octal": "1.2.3.04",
        "ipv6": "2001:db8::ff00:42:8329",
        "ipv6_full": "1:2:3:4:5:6:7:8",
        "ipv6_full_and_gap": "1:2:3:4:5:6:7:8::",
        "ipv6_quad": "::ffff:1.2.3.4",
        "ipv6_port": "[::1]:443",
        "ipv6_gap_at_end": "[1::]:1",
        "ipv6_any_port": "[::]:0",
        "port_too_large": "1.2.3.4:65536",
        "host_name": "localhost:80",
    }
    return {name: text.encode() for name, text in texts.items()}


MICRODESC = b"onion-key\nntor-onion-key AAAA\nid ed25519 BBBB\n"
DESCRIPTOR = b"router a 1.2.3.4 1 0 0\nrouter-signature\n-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n"


def descriptor_cuts() -> dict[str, bytes]:
    return {
        "microdescriptors": MICRODESC * 3,
        "descriptors": b"@type\n" + DESCRIPTOR * 2,
        "identified": DESCRIPTOR.replace(b"router-s", b"master-key-ed25519 " + b"AQEB" * 10 + b"AQE\nrouter-s"),
        "unfinished": DESCRIPTOR[:-8] + DESCRIPTOR,
        "too_long": b"router a\n" + b"x\n" * 10_100 + b"router-signature\n" + DESCRIPTOR,
    }


def directory_queries() -> dict[str, bytes]:
    fp = "0102030405060708090A0B0C0D0E0F1011121314"
    consensus = "/tor/status-vote/current/consensus"
    paths = {
        "consensus": f"{consensus}-microdesc/{fp}+A1B2C3.z",
        "consensus_diff": f"{consensus}/diff/{fp}{fp[:24]}/{fp}",
        "keys_pairs": f"/tor/keys/fp-sk/{fp}-{fp}+{fp}-{fp}",
        "microdescriptors": "/tor/micro/d/" + "-".join(["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"] * 3),
        "servers": f"/tor/server/d/{fp}+xyz+{fp}.z",
        "hidden_service": "/tor/hs/3/abc",
        "header_of_bases": f"{fp}{fp[:24]}, {fp}{fp[:24]} x",
    }
    return {name: path.encode() for name, path in paths.items()}


def http_requests() -> dict[str, bytes]:
    head = b"GET /tor/status-vote/current/consensus-microdesc.z HTTP/1.0\r\nHost: a\r\n"
    return {
        "tor": head + b"Accept-Encoding: x-tor-lzma, x-zstd, deflate, gzip, identity\r\n"
        b"X-Or-Diff-From-Consensus: ABCD\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
        "post": b"POST http://a/tor/hs/3/publish HTTP/1.1\nContent-Length: 5\n\n12345",
        "unfinished": head,
        "wrong_length": b"POST / HTTP/1.0\r\nContent-Length: x\r\n\r\n",
        "weights": head + b"Accept-Encoding: gzip;q=0, deflate ; q=1,\r\n\r\n",
    }


def consensus_diffs() -> dict[str, bytes]:
    """First two bytes: length of the base."""

    def relay(name: str, digit: str, weight: int) -> str:
        return f"r {name} A{digit}{'A' * 25} 2026-01-01\ns Fast\nw Bandwidth={weight}\n"

    def pair(base: str, target: str) -> bytes:
        return pack(">H", len(base)) + base.encode() + target.encode()

    head, foot = "network-status-version 3\nvalid-after 1\n", "directory-footer\ndirectory-signature a\nX\n"
    base = head + relay("a", "A", 1) + relay("b", "Q", 2) + foot
    return {
        "changed": pair(base, head + relay("a", "A", 3) + relay("c", "g", 2) + foot + "Y\n"),
        "unsorted": pair(base, head + relay("c", "g", 3) + relay("a", "A", 2) + foot),
        "script": pair("a\nb\nc\nd\n", "4,$d\n3c\nx\n.\n1a\ny\n.\n"),
        "wrong_order": pair("a\nb\nc\n", "1d\n2d\n"),
        "dot": pair("a\n", "b\n.\n"),
    }


def handshake_extensions() -> dict[str, bytes]:
    """First byte: 1 for a request, 0 for a reply."""
    requests = {
        "request_none": "00",
        "request_cc": "010100",
        "request_cgo": "02010003020206",
        "request_cgo_alone": "0103020206",
        "request_unknown": "02010003020207",
        "request_twice": "020100030402060206",
        "request_odd": "020100030102",
        "request_other_types": "027f03aabbcc0100",
    }
    replies = {"reply_none": "00", "reply_cc": "0102011f", "reply_zero": "01020100", "reply_cut": "010200"}
    return {name: b"\1" + bytes.fromhex(text) for name, text in requests.items()} | {
        name: b"\0" + bytes.fromhex(text) for name, text in replies.items()
    }


def onion_messages() -> dict[str, bytes]:
    """First byte: which message."""
    key, end = b"\2\0\x20" + KEY, bytes(32) + b"\0\x40" + SIGNATURE
    limit = b"\1\x13\2\1" + pack(">Q", 25) + b"\2" + pack(">Q", 200)
    return {
        "establish_intro": b"\0" + key + b"\0" + end,
        "establish_intro_limit": b"\0" + key + b"\1" + limit + end,
        "establish_intro_limit_zero": b"\0" + key + b"\1\1\x13\2\1" + bytes(8) + b"\2" + bytes(8) + end,
        "establish_intro_limit_cut": b"\0" + key + b"\1\1\5\2\1abc" + end,
        "establish_intro_unknown_and_limit": b"\0" + key + b"\2\x09\1a" + limit + end,
        "establish_intro_legacy": b"\0\0\x80" + bytes(300),
        "introduce1": b"\1" + bytes(20) + key + b"\0" + b"e" * 246,
        "introduce1_extension": b"\1" + bytes(20) + key + b"\1\2\3abc" + b"e",
        "introduce1_empty": b"\1" + bytes(20) + key + b"\0",
        "introduce1_legacy": b"\1" + RSA_ID + key + b"\0" + b"e" * 246,
        "introduce_ack": b"\2\0\1\0",
        "rendezvous1": b"\3" + RSA_ID + KEY * 2,
        "establish_rendezvous": b"\3" + RSA_ID,
    }


def onion_descriptors() -> dict[str, bytes]:
    cert = b"descriptor-signing-key-cert\n-----BEGIN ED25519 CERT-----\nAQgABggh\n-----END ED25519 CERT-----\n"
    sealed = b"superencrypted\n-----BEGIN MESSAGE-----\n" + (b"QUFB" * 16 + b"\n") * 2 + b"-----END MESSAGE-----\n"
    head = b"hs-descriptor 3\ndescriptor-lifetime 180\n"
    end = b"signature " + b"QkJC" * 21 + b"Qg\n"
    return {
        "whole": head + cert + b"revision-counter 42\n" + sealed + end,
        "unknown_line": head + b"later 1\n" + cert + b"revision-counter 42\n" + sealed + end,
        "twice": head + cert * 2 + b"revision-counter 42\n" + sealed + end,
        "no_revision": head + cert + sealed + end,
        "version_4": b"hs-descriptor 4\n",
        "key": b"QkJC" * 10 + b"QkI",
    }


def multipath_messages() -> dict[str, bytes]:
    """First byte: which message."""
    link = b"\1" + KEY + pack(">QQ", 3, 1 << 32)
    return {
        "xon": b"\0\0" + pack(">I", 1234),
        "xon_version_1": b"\0\1" + pack(">I", 1234),
        "xoff": b"\3\0",
        "link": b"\1" + link + b"\1",
        "link_wish": b"\1" + link + b"\5",
        "link_cut": b"\1" + link,
        "switch": b"\2" + pack(">I", 31),
    }


CORPORA = {
    "address": addresses,
    "cell": cells,
    "circuit_messages": circuit_messages,
    "consensus_diff": consensus_diffs,
    "descriptor_cut": descriptor_cuts,
    "directory_query": directory_queries,
    "ed_cert": ed_certs,
    "http_request": http_requests,
    "handshake_extensions": handshake_extensions,
    "exit_policy": exit_policies,
    "link_messages": link_messages,
    "onion_descriptor": onion_descriptors,
    "onion_messages": onion_messages,
    "padding_messages": padding_messages,
    "multipath_messages": multipath_messages,
    "relay_cell": relay_cells,
    "resolve_messages": resolve_messages,
    "stream_messages": stream_messages,
}


def main() -> None:
    for corpus, seeds in CORPORA.items():
        folder = HERE / corpus
        folder.mkdir(exist_ok=True)
        for name, data in seeds().items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
