"""refusals - what Loom says of the options that a tor had: asked of the relay itself, which knows best."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .errors import SwapError

SECONDS_MAX = 60
UP = "../../../"  # from a host's folder to the network's
ASKED_MAX = 100  # options of one relay that are refused
# "FILE:LINE: Option: expected no value but 0 (why), got ..."; the file may be the command line
_REFUSED = re.compile(r"^(?P<place>.+?): (?P<option>\w+): expected no value but 0 \((?P<why>.*)\), got ")
_IGNORED = re.compile(r"^.*\[notice\] (?P<place>.+?): (?P<option>\w+): tor knows this option, in Loom it does nothing$")


@dataclass(frozen=True)
class Answer:
    """What became of the options."""

    refused: dict[str, str] = field(default_factory=dict)  # by option: where it stands, and why
    ignored: frozenset[str] = frozenset()


def ask(program: Path, words: Sequence[str], folder: Path) -> Answer:
    """Have the relay check its options, which it reads in folder; raise SwapError when it cannot run with them."""
    refused: dict[str, str] = {}
    for _ in range(ASKED_MAX):
        done = _run([str(program), *words, *without(refused), "--verify-config"], folder)
        if done.returncode == 0:
            found = (_IGNORED.match(line) for line in (done.stdout + done.stderr).splitlines())
            return Answer(refused, frozenset(match["option"] for match in found if match))
        last = (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()[-1]
        said = _REFUSED.match(last)
        if said is None or said["option"] in refused:
            raise SwapError(f"{folder.name}: {last}")
        refused[said["option"]] = f"{said['place'].removeprefix(UP)}: {said['why']}"
    raise SwapError(f"{folder.name}: Loom refuses more than {ASKED_MAX} of its options")


def without(options: Iterable[str]) -> list[str]:
    """Return the words that take options away which files have."""
    return [f"--/{option}" for option in options]


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SwapError(f"{command[0]}: {getattr(error, 'strerror', error)}") from error
