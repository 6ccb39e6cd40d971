"""run - one run of a plan in Shadow: python -m loom_shadow.run FOLDER [--threads N]

FOLDER/plan.json is what `loom run` wrote; FOLDER/measured.json is what it reads back. Standard output says "progress
SHARE" now and then, and "error TEXT" when it fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from . import machine
from .clock import NS, ZERO_S
from .errors import ShadowError
from .experiment import CONFIGURATION, GRACE_S, OUTPUT, TOR, Experiment, Programs, python_program
from .measured import collect

PLAN, MEASURED, LOG = "plan.json", "measured.json", "shadow.log"
PLAN_FORMAT = 1
INSTALL = "https://shadow.github.io/docs/guide/install_shadow.html"
WHERE = "LOOM_SHADOW"
_SIMULATED = re.compile(rb"simulated: (?:(\d+):)?(\d+):(\d+)")


def find_shadow() -> str:
    named = os.environ.get(WHERE)
    found = shutil.which(named or "shadow")
    if found is None:
        what = f"{WHERE}={named} is no program" if named else f"no program shadow on PATH, and no {WHERE}"
        raise ShadowError(f"Shadow is not here: {what}; how to install it: {INSTALL}")
    return found


def programs(plan: dict, folder: Path) -> Programs:
    if not Path(TOR).is_file():
        raise ShadowError(f"{TOR} is not installed (Debian package: tor)")
    for name in sorted({name for relay in plan["relays"] for name in machine.needs(relay)}):
        if not (folder / name).is_file():
            raise ShadowError(f"{folder / name} is not there: build {name}, which this arm's relays need")
    return Programs(TOR, python_program(), folder)


def read_plan(folder: Path) -> dict:
    try:
        plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ShadowError(f"{folder / PLAN}: {error}") from error
    if plan.get("format") != PLAN_FORMAT:
        raise ShadowError(f"{folder / PLAN}: expected format {PLAN_FORMAT}, found {plan.get('format')}")
    return plan


def say(text: str) -> None:
    print(text, flush=True)


def run_shadow(shadow: str, folder: Path, end_s: float) -> None:
    """Run Shadow to its end; its last words go into the error when it fails."""
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            [shadow, CONFIGURATION], cwd=folder, stdout=log, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # it ends with us
        last = _follow(process, end_s)
        if process.wait() != 0:
            words = last.decode("utf-8", "replace")
            words = _first_error(folder / LOG) or words
            raise ShadowError(f"Shadow ended with status {process.returncode}: {words} ({folder / LOG})")


def _first_error(log: Path) -> str:
    """Return what Shadow said first of what went wrong: which process ended, say."""
    found = re.search(r"\[ERROR\].*?\] ([^\[\]\n]+)$", log.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return found.group(1).strip() if found else ""


def _follow(process: subprocess.Popen[bytes], end_s: float) -> bytes:
    """Tell of its progress until it closes its standard error; return its last words there."""
    last, rest = b"", b""
    assert process.stderr is not None
    while data := os.read(process.stderr.fileno(), 65536):
        *parts, rest = (rest + data).replace(b"\r", b"\n").split(b"\n")
        for part in parts:
            found = _SIMULATED.search(part)
            if found:
                hours, minutes, seconds = (int(one or 0) for one in found.groups())
                say(f"progress {min(1.0, (3600 * hours + 60 * minutes + seconds) / end_s):.4f}")
            elif part.strip():
                last = part.strip()
    return last


def run(folder: Path, threads: int, own_programs: Path, is_alone: bool) -> None:
    shadow = find_shadow()
    plan = read_plan(folder)
    experiment = Experiment(plan, folder, programs(plan, own_programs), threads, is_alone)
    for left in (OUTPUT, "template"):
        shutil.rmtree(folder / left, ignore_errors=True)
    experiment.write()
    run_shadow(shadow, folder, ZERO_S + plan["end_ns"] / NS + GRACE_S)
    text = json.dumps(collect(folder, plan), separators=(",", ":"))
    temporary = folder / f".{MEASURED}"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(folder / MEASURED)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="loom_shadow.run")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=1, help="how many Shadows run beside each other")
    parser.add_argument("--programs", type=Path, default=Path(), help="the folder of Loom's own programs")
    args = parser.parse_args(arguments)
    try:
        run(args.folder.resolve(), args.threads, args.programs.resolve(), args.at_once == 1)
    except (ShadowError, OSError) as error:
        say(f"error {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
