"""The cipher of links between Loom and the real tor, whoever dials.

It is seen in the ServerHello between them, by which both go, and Loom says it itself. Two lone Looms: one as it is, one
whose OpenSSL is told that the CPU has no instructions for AES. Two tors: the one is made to dial the Looms, the other
is dialled by them. What makes them is a client that extends a circuit by one hop.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import MIDDLE
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from link import RELAY, RELAY_EARLY, Link, fixed
from loom_testbed import lone_relay, metrics
from loom_testbed.lone_relay import LoneRelay
from loom_testbed.plan import TOR
from loom_testbed.ports import PortBlock, is_free
from loom_testbed.process import Child, require_alive, stop_all

AES, CHACHA = "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
WITHOUT_AES = {"x86_64": "OPENSSL_ia32cap=~0x200000200000000", "aarch64": "OPENSSL_armcap=1"}
NOTICES = {"plain": "Links prefer AES-256-GCM: ", "frugal": "Links prefer ChaCha20-Poly1305: this CPU has no"}
EXPECTED = {"plain": AES, "frugal": CHACHA}
CREATE_FAST, CREATED_FAST = 5, 6
ALERT = b"\x15"  # of TLS, in the first byte of a record
EXTEND2 = 14
CIRCUIT = 0x80000001
SECONDS_MAX = 60.0
SUITES = {0x1301: "TLS_AES_128_GCM_SHA256", 0x1302: AES, 0x1303: CHACHA}


@dataclass
class Relays:
    """Four relays that run."""

    looms: dict[str, LoneRelay]
    metrics_ports: dict[str, int]
    dialler: LoneRelay
    dialled: LoneRelay


class Tap:
    """Carries one connection to a port, and reads the ServerHello that comes back (RFC 8446, 4.1.3).

    Those before it go to the `refusers`, one each.
    """

    def __init__(self, port: int, refusers: Sequence[int] = ()) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(SECONDS_MAX)
        self._refusers = refusers
        self._to = port
        self.port: int = self._listener.getsockname()[1]
        self.refused = 0
        self.suite = ""
        threading.Thread(target=self._carry, daemon=True).start()

    def _carry(self) -> None:
        for port in self._refusers:
            dialler, _ = self._listener.accept()
            with dialler, socket.create_connection(("127.0.0.1", port), SECONDS_MAX) as refuser:
                refuser.settimeout(None)
                threading.Thread(target=_pump, args=(dialler, refuser), daemon=True).start()
                self.refused += refuser.recv(1, socket.MSG_PEEK) == ALERT
                _pump(refuser, dialler)
        dialler, _ = self._listener.accept()
        self._listener.close()
        dialled = socket.create_connection(("127.0.0.1", self._to), SECONDS_MAX)
        dialled.settimeout(None)
        threading.Thread(target=_pump, args=(dialler, dialled), daemon=True).start()
        hello = dialled.recv(5 + 4 + 2 + 32 + 1, socket.MSG_PEEK | socket.MSG_WAITALL)
        hello = dialled.recv(len(hello) + hello[-1] + 2, socket.MSG_PEEK | socket.MSG_WAITALL)
        self.suite = SUITES.get(struct.unpack(">H", hello[-2:])[0], hello.hex())
        _pump(dialled, dialler)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def relays(relay: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relays]:
    """Start all four."""
    without_aes = WITHOUT_AES.get(platform.machine())
    if MIDDLE == "tor" or without_aes is None:
        pytest.skip("it is Loom's choice, on a CPU whose instructions can be hidden from OpenSSL")
    directory = tmp_path_factory.mktemp("ciphers")
    commands = {"plain": [str(relay)], "frugal": ["env", without_aes, str(relay)]}
    running: list[LoneRelay] = []
    with PortBlock() as block:
        metrics_ports = {name: block.take() for name in commands}
        try:
            for name, command in commands.items():
                extra = f"MetricsPort 127.0.0.1:{metrics_ports[name]}\nMetricsPortPolicy accept 127.0.0.1\n"
                running.append(lone_relay.start(name, command, directory / name, block.take(), extra))
            for name in ("dialler", "dialled"):
                running.append(lone_relay.start(name, [TOR], directory / name, block.take()))
            looms = dict(zip(commands, running, strict=False))
            yield Relays(looms, metrics_ports, *running[2:])
        finally:
            stop_all([one.child for one in running])


class FastCircuit:
    """A circuit of one hop (tor-spec 5.2), as far as sending its first cell."""

    def __init__(self, link: Link) -> None:
        ours = os.urandom(20)
        link.send(fixed(CIRCUIT, CREATE_FAST, ours))
        answer = link.answer_to(CIRCUIT)
        assert answer.command == CREATED_FAST
        secret = ours + answer.body[:20]
        keys = b"".join(hashlib.sha1(secret + bytes([i])).digest() for i in range(5))
        assert keys[:20] == answer.body[20:40]
        self.link = link
        self.seed, key = keys[20:40], keys[60:76]
        self.cipher = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()

    def extend(self, to: LoneRelay, refusers: Sequence[int] = ()) -> str:
        """Have the hop dial `to`; return the link's cipher, when `to` has answered."""
        tap = Tap(to.port, refusers)
        rsa_id, ed_id, onion_key = (bytes.fromhex(text) for text in (to.rsa_id, to.ed_id, to.onion_key))
        address = bytes([127, 0, 0, 1]) + struct.pack(">H", tap.port)
        specifiers = b"\x03" + b"\x00\x06" + address + b"\x02\x14" + rsa_id + b"\x03\x20" + ed_id
        data = specifiers + struct.pack(">HH", 2, 84) + rsa_id + onion_key + os.urandom(32)
        body = struct.pack(">BHHIH", EXTEND2, 0, 0, 0, len(data)) + data.ljust(509 - 11, b"\0")
        digest = hashlib.sha1(self.seed + body).digest()[:4]
        self.link.send(fixed(CIRCUIT, RELAY_EARLY, self.cipher.update(body[:5] + digest + body[9:])))
        assert self.link.answer_to(CIRCUIT).command == RELAY
        assert tap.refused == len(refusers)
        return tap.suite


@pytest.fixture
def server_of_aes(tmp_path: Path) -> Iterator[int]:
    """Return the port of a TLS server that has AES and nothing else."""
    with PortBlock() as block:
        port = block.take()
        files = ["-key", str(tmp_path / "key"), "-cert", str(tmp_path / "certificate")]
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        subprocess.run(
            [*make, "-subj", "/CN=aes", "-keyout", files[1], "-out", files[3]], check=True, capture_output=True
        )
        serve = ["openssl", "s_server", "-www", "-accept", f"127.0.0.1:{port}", "-tls1_3", "-ciphersuites", AES]
        server = Child("s_server", [*serve, *files], tmp_path)
        try:
            deadline = time.monotonic() + SECONDS_MAX
            while is_free(port):
                require_alive([server])
                assert time.monotonic() < deadline, server.log_tail()
                time.sleep(0.05)
            yield port
        finally:
            stop_all([server])


def links(relays: Relays, loom: str) -> dict[str, int]:
    """Return the open links of a Loom by cipher, once there are two (figures are published ten times a second)."""
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        counters = metrics.read(relays.metrics_ports[loom])
        if counters and sum(counters.links.values()) >= 2:
            return {cipher: count for cipher, count in counters.links.items() if count}
        time.sleep(0.05)
    raise AssertionError(f"no two links at {loom}: {counters}")


@pytest.mark.parametrize("loom", EXPECTED)
def test_what_is_chosen_is_said(relays: Relays, loom: str) -> None:
    log = relays.looms[loom].child.directory / "notice.log"
    deadline = time.monotonic() + SECONDS_MAX
    while NOTICES[loom] not in log.read_text():  # said only after the relay listens
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


@pytest.mark.parametrize("loom", EXPECTED)
def test_loom_is_dialled(relays: Relays, loom: str) -> None:
    with Link(relays.dialler.port) as link:
        link.open()
        assert FastCircuit(link).extend(relays.looms[loom]) == EXPECTED[loom]


@pytest.mark.parametrize("loom", EXPECTED)
def test_loom_dials_and_says_so(relays: Relays, loom: str) -> None:
    with Link(relays.looms[loom].port) as link:
        link.open()
        assert FastCircuit(link).extend(relays.dialled) == EXPECTED[loom]
        assert set(links(relays, loom)) == {EXPECTED[loom]}  # the client's too: OpenSSL offers all, AES first


def test_a_refusal_is_asked_again_with_all(relays: Relays, server_of_aes: int) -> None:
    with Link(relays.looms["frugal"].port) as link:
        link.open()
        assert FastCircuit(link).extend(relays.looms["plain"], [server_of_aes]) == AES  # as that one prefers


def test_a_load_without_chacha_is_dialled_again(relay: Path, relays: Relays) -> None:
    words = ("--links", "2", "--circuits", "2", "--cipher", AES, "--warmup", "0", "--seconds", "1")
    command = [str(relay.with_name("loom-load")), *relays.looms["frugal"].as_options(), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["lost"] == 0
    assert result["cells"] > 0
