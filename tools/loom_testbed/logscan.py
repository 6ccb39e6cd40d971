"""logscan - the warnings in the processes' logs, and which of them are explained.

The allow list has one pattern a line, after it ` # ` and the reason. A pattern is a regular expression that must match
the whole message, so that it stays narrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import TestbedError
from .plan import Node

ALLOW_LIST = Path(__file__).with_name("allowed_warnings.txt")
_WARNING = re.compile(r"^(?P<when>.{0,40}?)\[(?P<level>warn|err)\] (?P<message>.*)$")
_ADDRESS = re.compile(r"\b127\.0\.0\.1:\d+\b")
_SANITIZER = re.compile(r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:|CHECK failed")


@dataclass(frozen=True)
class Warned:
    """One warning of one process."""

    node: str
    level: str
    message: str
    second: str = ""  # as the log writes it, without a fraction

    def __str__(self) -> str:
        return f"{self.node} [{self.level}] {self.message}"


@dataclass(frozen=True)
class Allowed:
    """One pattern of the allow list, with its reason."""

    expression: re.Pattern[str]
    reason: str


def read_allow_list(path: Path = ALLOW_LIST) -> list[Allowed]:
    """Parse the allow list; a pattern without a reason is an error."""
    allowed = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        pattern, separator, reason = line.partition(" # ")
        if not separator or not reason.strip():
            raise TestbedError(f"{path}:{number}: a pattern needs ` # ` and a reason after it")
        try:
            allowed.append(Allowed(re.compile(pattern.strip()), reason.strip()))
        except re.error as error:
            raise TestbedError(f"{path}:{number}: {error}") from error
    return allowed


def warnings_of(node: Node) -> list[Warned]:
    """Return the warnings and errors that a node logged, in order."""
    path = node.directory / "notice.log"
    if not path.exists():
        return []
    found = (_WARNING.match(line) for line in path.read_text(errors="replace").splitlines())
    return [Warned(node.name, one["level"], one["message"], one["when"].partition(".")[0]) for one in found if one]


def naming(warnings: Iterable[Warned], middles: Sequence[Node]) -> list[Warned]:
    """Keep the warnings that name one of middles by nickname, fingerprint or address."""
    names = [re.escape(node.name) for node in middles]
    names += [re.escape(node.fingerprint) for node in middles if node.fingerprint]
    names += [rf"127\.0\.0\.1:{node.or_port}\b" for node in middles]
    expression = re.compile("|".join(names) or r"(?!)", re.IGNORECASE)
    return [one for one in warnings if expression.search(one.message)]


def without_shared(warnings: Sequence[Warned], named: Iterable[Warned], others: Sequence[Node]) -> list[Warned]:
    """Leave out of named what the same node says, in the same second and the same words, of one of others too: that is
    then about the node itself. A service whose consensus is old has its descriptor refused by every directory."""
    shared = {_without_address(one) for one in naming(warnings, others)}
    return [one for one in named if _without_address(one) not in shared]


def _without_address(one: Warned) -> Warned:
    return Warned(one.node, one.level, _ADDRESS.sub("", one.message), one.second)


def unexplained(warnings: Iterable[Warned], allowed: Sequence[Allowed]) -> list[Warned]:
    """Keep the warnings that no pattern of the allow list matches as a whole."""
    return [one for one in warnings if not any(pattern.expression.fullmatch(one.message) for pattern in allowed)]


def sanitizer_lines(node: Node) -> list[str]:
    """Return what a sanitizer (or a failed CHECK) wrote to the node's stderr."""
    path = node.directory / "stderr.log"
    if not path.exists():
        return []
    return [line for line in path.read_text(errors="replace").splitlines() if _SANITIZER.search(line)]
