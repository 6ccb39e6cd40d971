"""lone_relay - one relay, Loom or tor, that no network knows, and what must be known to use it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import ports, tls_probe
from .errors import TestbedError
from .process import Child, require_alive

START_SECONDS_MAX = 60.0
TOR_SETTLE_SECONDS = 1.5
KEY_LENGTH = 32
NO_EXIT = "ExitPolicy reject *:*"

# Nobody answers there: the relay relays all the same.
NO_NETWORK = """\
PublishServerDescriptor 0
DirAuthority a1 orport=1 no-v2 v3ident=0123456789ABCDEF0123456789ABCDEF01234567 127.0.0.1:1 \
0123456789ABCDEF0123456789ABCDEF01234568"""

TORRC = """\
TestingTorNetwork 1
ExtendAllowPrivateAddresses 1
DataDirectory {directory}/data
PidFile {directory}/pid
Nickname {name}
Address 127.0.0.1
ORPort 127.0.0.1:{port}
AssumeReachable 1
ContactInfo {name}@test.test
{policy}
SocksPort 0
{network}
Log notice file {directory}/notice.log
"""


@dataclass(frozen=True)
class Identity:
    """Which relay it is, and where on the loopback."""

    port: int
    rsa_id: str
    ed_id: str
    onion_key: str

    def as_options(self) -> list[str]:
        """Return how loom-load is told of it."""
        return ["--relay", f"127.0.0.1:{self.port}", "--rsa-id", self.rsa_id, "--ed-id", self.ed_id,
                "--onion-key", self.onion_key]  # fmt: skip


@dataclass(frozen=True)
class LoneRelay(Identity):
    """A relay that runs."""

    child: Child

    def as_options(self) -> list[str]:
        """Return how loom-load is told of it, and of its process."""
        return [*super().as_options(), "--pid", str(self.child.pid)]


def start(
    name: str,
    command: Sequence[str],
    directory: Path,
    port: int,
    extra: str = "",
    network: str = NO_NETWORK,
    policy: str = NO_EXIT,
) -> LoneRelay:
    """Start the relay with `command -f torrc` and wait until it listens."""
    (directory / "data").mkdir(parents=True, mode=0o700)
    torrc = directory / "torrc"
    own = TORRC.format(directory=directory, name=name, port=port, network=network, policy=policy)
    torrc.write_text(own + extra)
    child = Child(name, [*command, "-f", str(torrc)], directory)
    keys = directory / "data" / "keys"
    wanted = (directory / "data" / "fingerprint", keys / "ed25519_master_id_public_key", keys / "secret_onion_key_ntor")
    deadline = time.monotonic() + START_SECONDS_MAX
    while ports.is_free(port) or not all(path.is_file() and path.stat().st_size > 0 for path in wanted):
        require_alive([child])
        if time.monotonic() > deadline:
            child.kill()
            raise TestbedError(f"{name} does not listen after {START_SECONDS_MAX:.0f} s:\n{child.log_tail()}")
        time.sleep(0.05)
    if _is_tor(command):
        _settle(port)
    fingerprint, ed_id, onion_key = wanted
    return LoneRelay(
        port,
        fingerprint.read_text().split()[1].lower(),
        ed_id.read_bytes()[-KEY_LENGTH:].hex(),
        onion_key.read_bytes()[-KEY_LENGTH:].hex(),
        child,
    )


def _is_tor(command: Sequence[str]) -> bool:
    return any(Path(word).name == "tor" for word in command)


def _settle(port: int) -> None:
    """Wait until the first of tor's periodic events, a second after its loop has begun, is over.

    It destroys circuits of clients over links by which no cell has gone yet, with reason FINISHED: those that a load
    begins at once. Its loop has begun when it answers.
    """
    tls_probe.cipher_of(port)
    time.sleep(TOR_SETTLE_SECONDS)
