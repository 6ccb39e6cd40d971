"""authority - the keys of a directory authority, and the line by which everyone else knows it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import TestbedError
from .plan import TOR, Node

CERTIFICATE_MONTHS = "12"


def make_keys(node: Node) -> str:
    """Make node's authority and relay keys; return what follows `DirAuthority` in a torrc."""
    keys = node.directory / "data" / "keys"
    keys.mkdir(mode=0o700, parents=True)
    _run(
        ["tor-gencert", "--create-identity-key", "-m", CERTIFICATE_MONTHS, "-a", f"127.0.0.1:{node.dir_port}",
         "-i", str(keys / "authority_identity_key"), "-s", str(keys / "authority_signing_key"),
         "-c", str(keys / "authority_certificate"), "--passphrase-fd", "0"],
        passphrase="x\n",
    )  # fmt: skip
    v3_identity = _find(r"^fingerprint ([0-9A-F]{40})$", (keys / "authority_certificate").read_text())
    fingerprint = _relay_fingerprint(node)
    return f"{node.name} orport={node.or_port} no-v2 v3ident={v3_identity} 127.0.0.1:{node.dir_port} {fingerprint}"


def leave_out(authorities: Sequence[Node]) -> None:
    """Let the authorities find each other invalid as relays: who stands in no consensus is in nobody's circuits."""
    lines = "".join(f"!invalid {_relay_fingerprint(node)}\n" for node in authorities)
    for node in authorities:
        (node.directory / "data" / "approved-routers").write_text(lines)


def _relay_fingerprint(node: Node) -> str:
    empty = node.directory / "empty"  # tor refuses -f /dev/null
    empty.touch()
    nobody = "x orport=1 127.0.0.1:1 " + "f" * 40
    shown = _run(
        [TOR, "--list-fingerprint", "--hush", "-f", str(empty), "--DataDirectory", str(node.directory / "data"),
         "--Nickname", node.name, "--ORPort", str(node.or_port), "--DirAuthority", nobody]
    )  # fmt: skip
    return _find(rf"^{node.name} ([0-9A-F ]+)$", shown).replace(" ", "")


def read_fingerprint(directory: Path) -> str:
    """Return the forty hex digits from the `fingerprint` file of a relay, or "" when it is not written yet."""
    path = directory / "data" / "fingerprint"
    found = re.search(r"\b([0-9A-F]{40})\b", path.read_text().replace("$", " ")) if path.exists() else None
    return found.group(1) if found else ""


def _run(command: list[str], passphrase: str = "") -> str:
    try:
        done = subprocess.run(command, input=passphrase, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError as error:
        raise TestbedError(f"{command[0]} is not installed (Debian package: tor)") from error
    if done.returncode != 0:
        raise TestbedError(
            f"{command[0]} failed with status {done.returncode}: {done.stderr.strip() or done.stdout.strip()}"
        )
    return done.stdout


def _find(expression: str, text: str) -> str:
    found = re.search(expression, text, re.MULTILINE)
    if found is None:
        raise TestbedError(f"authority: no match for {expression} in what tor printed")
    return found.group(1)
