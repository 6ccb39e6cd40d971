"""consensus - what the authorities say, asked over their DirPort."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request

FLAGS_NEEDED = {
    "guard": {"Running", "Valid", "Guard", "Stable", "Fast", "V2Dir"},
    "exit": {"Running", "Valid", "Exit"},
    "middle": {"Running", "Valid"},
    "relay": {"Running", "Valid", "Guard", "Stable", "Fast", "V2Dir", "Exit"},
    "authority": {"Authority"},
}


def fetch(dir_port: int, path: str, seconds_max: float = 5.0) -> str | None:
    """Return a directory document, or None when the authority does not have it (or does not answer) yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{dir_port}{path}", timeout=seconds_max) as reply:
            body: bytes = reply.read()
    except (urllib.error.URLError, OSError, http.client.HTTPException):
        return None
    return body.decode("utf-8", "replace")


def flags_by_nickname(text: str) -> dict[str, set[str]]:
    """Parse the r and s lines of a consensus."""
    flags: dict[str, set[str]] = {}
    nickname = ""
    for line in text.splitlines():
        if line.startswith("r "):
            nickname = line.split(" ", 2)[1]
        elif line.startswith("s") and line[1:2] in ("", " ") and nickname:
            flags[nickname] = set(line.split()[1:])
            nickname = ""
    return flags


def microdescriptor_digests(text: str) -> list[str]:
    """Parse the m lines of a microdescriptor consensus."""
    return [line.split()[1] for line in text.splitlines() if line.startswith("m ")]


def missing(text: str | None, roles: dict[str, str]) -> dict[str, str]:
    """Return what each relay of roles (nickname -> role) still lacks in a consensus; empty when all is well."""
    listed = flags_by_nickname(text or "")
    lacks: dict[str, str] = {}
    for nickname, role in roles.items():
        if nickname not in listed:
            lacks[nickname] = "not listed"
        elif not FLAGS_NEEDED[role] <= listed[nickname]:
            lacks[nickname] = "without " + " ".join(sorted(FLAGS_NEEDED[role] - listed[nickname]))
    return lacks
