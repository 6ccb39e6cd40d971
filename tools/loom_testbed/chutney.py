"""chutney - `tools/chutney`: one of chutney's networks, with Loom as every relay that is no authority.

chutney is the Tor project's own test network; a checkout of it is needed, and nothing of it is here. We work on a copy,
to which we add a network that is theirs but for the program that relays run, and let its own tools/test-network.sh
start that network and verify it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import arguments, signals
from .errors import Interrupted, TestbedError
from .plan import TOR

# By flavour, the phase in which Loom starts. Three authorities cannot build circuits without it; four can, and must
# when Loom is the only exit: it has no bandwidth to show before it has carried something, so it is not Fast at first.
LAUNCH_PHASES = {"basic-min": 2, "basic": 1}
FLAVOURS = tuple(LAUNCH_PHASES)
PREFIX = "loom-"
SECONDS_MAX = 900  # basic-min took 1 m 46 with tor
TEMPLATE = "${include:relay-non-dir.tmpl}\n${include:exit-v4.i}\n"
TEMPLATE_NAME = "loom-relay.tmpl"

# Put before a network's definition: relays that are no authorities run Loom.
SUBSTITUTION = """\
_TheirNode = Node


def Node(**options):
    if options.get("relay") and not options.get("authority"):
        options.update(tor={loom!r}, torrc={template!r}, launch_phase={phase})
    return _TheirNode(**options)


"""


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = arguments.OneLineParser(
        prog="tools/chutney",
        description="Run one of chutney's networks with Loom as every relay that is no authority, and let chutney "
        "verify it. Status 0 when it does. Only one at a time: chutney's ports are fixed.",
    )
    add = parser.add_argument
    add("checkout", type=arguments.path, help="a checkout of chutney; it is copied, not changed")
    add("--flavour", choices=FLAVOURS, default=FLAVOURS[0], help="which of its networks")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to run")
    add("--keep", type=arguments.path, metavar="DIR", help="where to leave the copy with all logs (a new directory)")
    return parser.parse_args(argv)


def substitute(definition: str, loom: Path, phase: int) -> str:
    """Return a network definition in which Loom relays."""
    return SUBSTITUTION.format(loom=str(loom), template=TEMPLATE_NAME, phase=phase) + definition


def prepare(checkout: Path, copy: Path, flavour: str, loom: Path) -> None:
    """Copy the checkout, and add the network and the relays' template to the copy."""
    if not (checkout / "tools" / "test-network.sh").is_file() or not (checkout / "networks" / flavour).is_file():
        raise TestbedError(f"{checkout}: expected a checkout of chutney, with tools/test-network.sh")
    shutil.copytree(checkout, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", "net"))
    definition = (checkout / "networks" / flavour).read_text()
    (copy / "networks" / (PREFIX + flavour)).write_text(substitute(definition, loom, LAUNCH_PHASES[flavour]))
    (copy / "torrc_templates" / TEMPLATE_NAME).write_text(TEMPLATE)


def run(copy: Path, flavour: str) -> int:
    """Let chutney run and verify the network; return its status. Its processes end with it."""
    environment = os.environ | {
        "CHUTNEY_PATH": str(copy),
        "CHUTNEY_DATA_DIR": str(copy / "net"),
        "CHUTNEY_TOR": TOR,
        "CHUTNEY_TOR_GENCERT": f"{TOR}-gencert",
    }
    script = copy / "tools" / "test-network.sh"
    command = ["sh", str(script), "--chutney-path", str(copy), "--flavour", PREFIX + flavour]
    chutney = subprocess.Popen(command, cwd=copy, env=environment)
    try:
        return chutney.wait(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        raise TestbedError(f"chutney was not done within {SECONDS_MAX} s") from error
    finally:
        if chutney.poll() is None:
            chutney.terminate()
            chutney.wait()
        subprocess.run(
            [str(copy / "chutney"), "stop", str(copy / "networks" / (PREFIX + flavour))],
            cwd=copy,
            env=environment,
            capture_output=True,
            check=False,
        )


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(argv)
    signals.catch()
    try:
        arguments.require_program(options.loom)
        with tempfile.TemporaryDirectory(prefix="loom-chutney-") as scratch:
            copy = options.keep or Path(scratch) / "chutney"
            prepare(options.checkout, copy, options.flavour, options.loom)
            return run(copy, options.flavour)
    except TestbedError as error:
        print(f"chutney: {error}", file=sys.stderr)
        return 1
    except Interrupted as error:
        return 128 + error.signal_number
