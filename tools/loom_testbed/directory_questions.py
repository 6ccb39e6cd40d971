"""directory_questions - what clients ask directory caches for, in turn, and what has to come."""

from __future__ import annotations

import base64
import gzip
import hashlib
import lzma
import random
import re
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from . import consensus

PATHS = {"ns": "/tor/status-vote/current/consensus", "microdesc": "/tor/status-vote/current/consensus-microdesc"}
PACKED = "x-tor-lzma, x-zstd, deflate, gzip, identity"  # as tor's clients ask over a circuit of one hop
BATCH = 92
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda body: body,
    "deflate": zlib.decompress,
    "gzip": gzip.decompress,
    "x-tor-lzma": lambda body: lzma.decompress(body, lzma.FORMAT_ALONE),
}
STARTS = {
    "microdescriptors": b"\nonion-key\n",
    "servers": b"\nrouter ",
    "certificates": b"\ndir-key-certificate-version",
    "diff": b"\nnetwork-status-diff-version",
    "consensus": b"\nnetwork-status-version",
}
# What is asked for in turn: kind and encodings.
CYCLE = (
    ("diff of microdesc", "x-tor-lzma"), ("microdescriptors", PACKED), ("servers", "deflate"),
    ("consensus microdesc", "x-tor-lzma, deflate"), ("microdescriptors", "deflate"), ("diff of ns", "deflate"),
    ("servers", PACKED), ("consensus microdesc", "x-zstd"), ("microdescriptors", "identity"),
    ("diff of microdesc", "deflate"), ("consensus ns", "x-zstd"), ("microdescriptors", PACKED), ("servers", "identity"),
    ("consensus microdesc", "deflate"), ("certificates", "deflate"), ("microdescriptors", "gzip"),
    ("diff of ns", "x-tor-lzma"), ("consensus ns", "gzip"), ("servers", "deflate"), ("consensus microdesc", "identity"),
    ("microdescriptors", PACKED), ("diff of microdesc", PACKED), ("consensus ns", "x-tor-lzma"),
    ("consensus microdesc", "gzip"), ("consensus ns", "identity"),
)  # fmt: skip
KINDS = tuple(dict.fromkeys(kind for kind, _ in CYCLE))
HISTORY_MAX = 6


@dataclass(frozen=True)
class Past:
    """A consensus of before, as clients may have one."""

    flavour: str
    signed_digest: str
    documents: list[str]  # digests that it lists


def signed_digest(text: bytes) -> str:
    """Return the digest by which diffs name a consensus."""
    mark = b"\ndirectory-signature "
    return hashlib.sha3_256(text[: text.index(mark) + len(mark)]).hexdigest().upper()


def read_past(flavour: str, text: str) -> Past:
    """Read what matters here of a consensus."""
    if flavour == "microdesc":
        documents = consensus.microdescriptor_digests(text)
    else:
        documents = [base64.b64decode(line.split(" ")[3] + "=").hex() for line in re.findall(r"^r .*$", text, re.M)]
    return Past(flavour, signed_digest(text.encode()), documents)


class History:
    """The consensuses that the authority has made lately."""

    def __init__(self, dir_port: int) -> None:
        self._dir_port = dir_port
        self._by_flavour: dict[str, deque[Past]] = {flavour: deque(maxlen=HISTORY_MAX) for flavour in PATHS}

    def refresh(self) -> None:
        """Ask the authority for the newest ones; takes a moment."""
        for flavour, path in PATHS.items():
            text = consensus.fetch(self._dir_port, path, 30.0)
            if text is None:
                continue
            newest = read_past(flavour, text)
            known = self._by_flavour[flavour]
            if not known or known[-1].signed_digest != newest.signed_digest:
                known.append(newest)

    def before(self, flavour: str, steps: int) -> Past:
        """Return the one so many steps before the newest, or the oldest known."""
        known = self._by_flavour[flavour]
        return known[max(0, len(known) - 1 - steps)]


@dataclass(frozen=True)
class Question:
    """A document to ask for."""

    kind: str
    path: str
    headers: tuple[str, ...]


def make_question(kind: str, encodings: str, history: History, rng: random.Random) -> Question:
    """Return what a client whose consensus is not the newest asks for."""
    accept = f"Accept-Encoding: {encodings}"
    flavour = "ns" if kind == "servers" else kind.rpartition(" ")[2]
    if kind.startswith("diff"):
        base = history.before(flavour, 3).signed_digest
        return Question(kind, PATHS[flavour], (accept, f"X-Or-Diff-From-Consensus: {base}"))
    if kind.startswith("consensus"):
        return Question(kind, PATHS[flavour], (accept,))
    if kind == "certificates":
        return Question(kind, "/tor/keys/all", (accept,))
    if kind == "servers":
        some = rng.sample(history.before("ns", 1).documents, BATCH)
        return Question(kind, "/tor/server/d/" + "+".join(some), (accept,))
    some = rng.sample(history.before("microdesc", 1).documents, BATCH)
    return Question(kind, "/tor/micro/d/" + "-".join(some), (accept,))


def count_documents(question: Question, encoding: str, body: bytes) -> int:
    """Count what came: documents of the kind asked for; 1 for a consensus or diff of full length."""
    if encoding not in UNPACK:
        return 0
    text = b"\n" + UNPACK[encoding](body)
    return text.count(STARTS[question.kind.partition(" ")[0]])
