"""synthetic_authority - the directory authority of a synthetic network, as a program: its DirPort, and votes.

    tools/lib/python -m loom_testbed.synthetic_authority DIRECTORY PORT RELAYS INTERVAL_S DIFFS

It writes DIRECTORY/authority.line (what follows DirAuthority in a torrc) when it serves, and what it served by kind to
DIRECTORY/served.json after each vote.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import zlib
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

from .synthetic_network import FLAVOURS, Authority, SyntheticNetwork

CONSENSUS = "/tor/status-vote/current/consensus"
DEFLATE_LEVEL = 1  # the authority's CPU is not what is measured
IDLE_SECONDS_MAX = 20.0


class Shelf:
    """What is served: replaced as a whole by each vote, so that requests need no lock."""

    def __init__(self, network: SyntheticNetwork) -> None:
        self.network = network
        self.counts: Counter[str] = Counter()
        self._consensuses: dict[str, dict[str, bytes]] = {}  # flavour -> base or "" -> deflated
        self.publish()

    def publish(self) -> None:
        """Serve what the network has now."""
        found: dict[str, dict[str, bytes]] = {}
        for flavour in FLAVOURS:
            newest = self.network.consensuses[flavour][-1]
            texts = {"": newest.text, newest.signed_digest: b"", **newest.diffs}
            found[flavour] = {base: zlib.compress(text, DEFLATE_LEVEL) if text else b"" for base, text in texts.items()}
        self._consensuses = found

    def answer(self, path: str, base: str) -> tuple[int, bytes]:
        """Return the status and the deflated body."""
        path = path.removesuffix(".z")
        if path.startswith(CONSENSUS):
            return self._consensus("microdesc" if path.startswith(f"{CONSENSUS}-microdesc") else "ns", base)
        if path.startswith("/tor/keys/"):
            return self._found("certificates", [self.network.authority.certificate])
        if path.startswith("/tor/server/d/"):
            return self._by_digest("servers", self.network.descriptors, path.rpartition("/")[2].upper().split("+"))
        if path.startswith("/tor/micro/d/"):
            return self._by_digest("microdescriptors", self.network.microdescriptors,
                                   path.removeprefix("/tor/micro/d/").split("-"))  # fmt: skip
        self.counts[f"unknown {path[:40]}"] += 1
        return 404, b""

    def _consensus(self, flavour: str, base: str) -> tuple[int, bytes]:
        texts = self._consensuses[flavour]
        bases = [one for one in base.upper().replace(" ", "").split(",") if one in texts]
        kind = f"diffs of {flavour}" if any(bases) else f"consensus {flavour}"
        text = texts[bases[0] if bases else ""]
        self.counts[kind] += 1
        return (200, text) if text else (304, b"")

    def _by_digest(self, kind: str, documents: dict[str, bytes], digests: list[str]) -> tuple[int, bytes]:
        return self._found(kind, [documents[digest] for digest in digests if digest in documents])

    def _found(self, kind: str, documents: list[bytes]) -> tuple[int, bytes]:
        self.counts[kind] += len(documents)
        return (200, zlib.compress(b"".join(documents), DEFLATE_LEVEL)) if documents else (404, b"")


class Handler(BaseHTTPRequestHandler):
    """One connection to the DirPort."""

    timeout = IDLE_SECONDS_MAX

    def do_GET(self) -> None:
        """Serve a document."""
        shelf = cast("Server", self.server).shelf
        status, deflated = shelf.answer(self.path, self.headers.get("X-Or-Diff-From-Consensus", ""))
        if self.path.endswith(".z") or "deflate" in self.headers.get("Accept-Encoding", ""):
            self._reply(status, "deflate", deflated)
        else:
            self._reply(status, "identity", zlib.decompress(deflated) if deflated else b"")

    def do_POST(self) -> None:
        """Take a relay's descriptor, and do nothing with it."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._reply(200, "identity", b"")

    def _reply(self, status: int, encoding: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Encoding", encoding)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """The DirPort."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, shelf: Shelf) -> None:
        self.shelf = shelf
        super().__init__(("127.0.0.1", port), Handler)


def _write(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    temporary.replace(path)


def main(directory: Path, port: int, relays: int, interval_s: int, diffs: int) -> None:
    """Serve until killed."""
    directory.mkdir(parents=True, exist_ok=True)
    network = SyntheticNetwork(Authority(directory / "keys", port), relays, time.time())
    network.vote(int(time.time()) - 1, interval_s, diffs)
    shelf = Shelf(network)
    server = Server(port, shelf)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _write(directory / "authority.line", network.authority.line + "\n")
    at = time.monotonic()
    while True:
        at = max(at + interval_s, time.monotonic())
        network.pass_interval(time.time())
        time.sleep(max(0.0, at - time.monotonic()))
        network.vote(int(time.time()) - 1, interval_s, diffs)
        shelf.publish()
        _write(directory / "served.json", json.dumps(shelf.counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
