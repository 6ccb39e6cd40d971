"""What a power cut may leave in a data directory, and the relay as a whole: it starts as who it was, or it refuses.

Each file at each length is golden.power_cut_*: here a few of them go through the program.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import MIDDLE
from lone_relay import free_port, write_torrc

pytestmark = pytest.mark.skipif(MIDDLE == "tor", reason="tor makes itself another identity when its key file is empty")

SECONDS_MAX = 60.0
IDENTITY = ("keys/secret_id_key", "keys/ed25519_master_id_secret_key")
KEYS = (*IDENTITY, "keys/ed25519_master_id_public_key", "keys/ed25519_signing_secret_key", "keys/ed25519_signing_cert",
        "keys/secret_onion_key", "keys/secret_onion_key_ntor")
DOCUMENTS = ("cached-certs", "cached-microdesc-consensus", "cached-consensus", "cached-microdescs",
             "cached-descriptors")


def start_and_stop(relay: Path, torrc: Path) -> None:
    """Run the relay until it has read all of its files, and end it as an operator does."""
    with subprocess.Popen([relay, "-f", torrc], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        lines = []
        for line in running.stdout:
            lines += [] if "Loom as root" in line else [line]
            if "Bootstrapped 0%" in line:
                running.send_signal(signal.SIGTERM)
        assert running.wait(SECONDS_MAX) == 0, lines
    assert not [line for line in lines if "[warn]" in line or "[err]" in line]


def fingerprints(relay: Path, torrc: Path) -> list[str]:
    """Return what the relay says that it is, of both kinds of key."""
    return [
        subprocess.run([relay, "-f", torrc, "--quiet", *option], capture_output=True, text=True, check=True,
                       timeout=SECONDS_MAX).stdout.splitlines()[-1]
        for option in (["--list-fingerprint"], ["--list-fingerprint", "ed25519"])
    ]


def contents(data: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()}


def must_refuse(relay: Path, torrc: Path, named: Path) -> None:
    """Check that the relay ends by itself, with one line that names the file, and touches no file."""
    before = contents(torrc.parent / "data")
    ended = subprocess.run([relay, "-f", torrc], capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    assert ended.returncode > 0
    assert re.fullmatch(rf".+: {re.escape(str(named))}: expected .+\n", ended.stderr), ended.stderr
    assert contents(torrc.parent / "data") == before


@pytest.fixture(scope="module")
def has_run(relay: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data directory of a relay that has run once, for copies of it."""
    directory = tmp_path_factory.mktemp("has_run")
    start_and_stop(relay, write_torrc(directory, free_port()))
    return directory / "data"


@pytest.fixture
def torrc(has_run: Path, tmp_path: Path) -> Path:
    """Return the torrc of that relay."""
    shutil.copytree(has_run, tmp_path / "data")
    return write_torrc(tmp_path, free_port())


@pytest.mark.parametrize("name", KEYS)
def test_a_damaged_key(relay: Path, torrc: Path, name: str) -> None:
    key = torrc.parent / "data" / name
    whole = key.read_bytes()
    for length in (0, len(whole) - 2):
        key.write_bytes(whole[:length])
        must_refuse(relay, torrc, key)


@pytest.mark.parametrize("name", IDENTITY)
def test_a_lost_identity(relay: Path, torrc: Path, name: str) -> None:
    key = torrc.parent / "data" / name
    key.unlink()
    must_refuse(relay, torrc, key)


def test_a_key_directory_that_is_not_there(relay: Path, torrc: Path) -> None:
    """Its disk is not mounted: an empty folder in its place must not become a new relay."""
    keys = torrc.parent / "data" / "keys"
    shutil.rmtree(keys)
    keys.mkdir(mode=0o700)
    must_refuse(relay, torrc, keys / "secret_id_key")


def test_a_damaged_state(relay: Path, torrc: Path) -> None:
    """It has what was counted for AccountingMax; with nothing counted the relay would move all of it again."""
    state = torrc.parent / "data" / "state"
    torrc.write_text(torrc.read_text() + "AccountingMax 1 GByte\n")
    start_and_stop(relay, torrc)
    whole = state.read_bytes()
    for length in (0, len(whole) // 2, len(whole) - 1):
        state.write_bytes(whole[:length])
        must_refuse(relay, torrc, state)
    state.write_bytes(whole)
    state.with_name("state.tmp").write_bytes(whole[:100])
    start_and_stop(relay, torrc)


def test_leftovers(relay: Path, torrc: Path) -> None:
    """Each file was being written when the power went; documents are damaged besides."""
    data, who = torrc.parent / "data", fingerprints(relay, torrc)
    for path, content in contents(data).items():
        if path.name != "lock":
            path.with_name(path.name + ".tmp").write_bytes(content[: len(content) // 2])
    for name in DOCUMENTS:
        (data / name).write_bytes(b"network-status-version 3\0\0\0")
    (data / "fingerprint").write_bytes(b"")
    start_and_stop(relay, torrc)
    assert fingerprints(relay, torrc) == who
    assert (data / "fingerprint").read_text() == "LoomMiddle1 " + who[0].split(maxsplit=1)[1].replace(" ", "") + "\n"
