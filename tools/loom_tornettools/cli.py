"""cli - `tools/tornettools-swap NETWORK --rollout PERCENT --out DIR`: Loom and prices for a network of tornettools."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import network as networks
from . import rollout, swap
from .errors import SwapError
from .rollout import ORDERS
from .swap import Outcome, Parts

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = REPOSITORY / "build" / "release"
PROFILES = REPOSITORY / "model" / "cost" / "profiles"
THREADS_MAX, CORES_MAX = 254, 64


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Say what is wrong, and end with status 2."""
        print(f"{self.prog}: {message} (--help lists the options)", file=sys.stderr)
        sys.exit(2)


def _whole(least: int, most: int):
    def parse(text: str) -> int:
        if not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from {least} to {most}")
        return int(text)

    return parse


def _path(text: str) -> Path:
    return Path(text).absolute()


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    orders = "; ".join(f"{name}: {what}" for name, what in ORDERS.items())
    made = _Parser(prog="tools/tornettools-swap", description="Write a copy of a network that tornettools generated, "
                   "in which some relays run Loom, and work takes the time of a profile.")  # fmt: skip
    add = made.add_argument
    add("network", type=_path, help="its folder, with shadow.config.yaml, or an archive of it")
    add("--rollout", type=_whole(0, 100), required=True, metavar="PERCENT", help="of the relays run Loom")
    add("--order", choices=ORDERS, default="weight", help=f"which of them first ({orders}; default: weight)")
    add("--seed", type=_whole(0, 2**63), default=1, metavar="N", help="of the order random (default: 1)")
    add("--out", type=_path, required=True, metavar="DIR", help="where the copy goes; must not be there yet")
    add("--loom-profile", type=_path, default=PROFILES / "loom-xeon.yaml", metavar="FILE",
        help="prices of Loom (default: loom-xeon)")  # fmt: skip
    add("--tor-profile", type=_path, metavar="FILE", help="prices of the other relays' tor (default: none, they take "
        "no time)")  # fmt: skip
    add("--threads", type=_whole(0, THREADS_MAX), default=1, metavar="N", help="ConnectionThreads of Loom (default: 1)")
    add("--cores", type=_whole(0, CORES_MAX), default=0, metavar="N", help="of each relay (default: the profile's)")
    add("--threads-per-core", type=_whole(0, 2), default=0, metavar="N", help="(default: the profile's)")
    add("--lines", choices=("measured", "next"), default="measured", help="of relays that are priced: as generated, "
        "or the next of 100 Mbit/s, 1, 10 and 100 Gbit/s: a measured bandwidth has the CPU in it already")  # fmt: skip
    add("--drop-refused", action="store_true", help="leave out options that Loom refuses, instead of ending")
    add("--programs", type=_path, default=PROGRAMS, metavar="DIR", help="where loom-relay-shadow and libloom-price.so "
        "are (default: build/release)")  # fmt: skip
    return made


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    try:
        parts = _parts(options)
        with swap.opened(options.network, options.out) as folder:
            found = networks.load(folder)
            chosen = rollout.choose(found.relays, options.rollout, options.order, options.seed)
            about = {"network": options.network.name, "rollout": options.rollout, "order": options.order,
                     "seed": options.seed, "threads": options.threads, "cores": options.cores,
                     "lines": options.lines, "loom_profile": parts.loom_profile.name,
                     "tor_profile": parts.tor_profile.name if parts.tor_profile else None}  # fmt: skip
            outcome = swap.write(found, chosen, parts, options.out, about)
    except SwapError as error:
        print(f"tornettools-swap: {error}", file=sys.stderr)
        return 1
    print(text(outcome, options.out))
    return 0


def _parts(options: argparse.Namespace) -> Parts:
    parts = Parts(options.programs / "loom-relay-shadow", options.programs / "libloom-price.so", options.loom_profile,
                  options.tor_profile, options.threads, options.cores, options.threads_per_core,
                  options.lines == "next", options.drop_refused)  # fmt: skip
    for program in (parts.loom, parts.price):
        if not program.is_file():
            raise SwapError(f"{program}: expected it there; build it, or say --programs")
    for kind, profile in (("loom", parts.loom_profile), ("tor", parts.tor_profile)):
        if profile is None:
            continue
        text = profile.read_text(errors="replace") if profile.is_file() else ""
        if not any(line.startswith(f"profile: {kind}") for line in text.splitlines()):
            raise SwapError(f"{profile}: expected a profile of {kind}, as model/cost/profiles has them")
    return parts


def text(outcome: Outcome, out: Path) -> str:
    """Return what was done, for people."""
    count = len(outcome.loom) + len(outcome.tor)
    weight, bandwidth = outcome.share(lambda one: one.weight), outcome.share(lambda one: one.capacity)
    lines = [f"{out}: {len(outcome.loom)} of {count} relays run Loom, {weight:.1%} of the weight, {bandwidth:.1%}"
             " of the bandwidth"]  # fmt: skip
    if outcome.traces:
        lines.append(f"{outcome.traces} of them had an oniontrace, which is gone: Loom has no control port")
    lines += [f"left out, as Loom refuses it: {option} ({why})" for option, why in outcome.refused.items()]
    if outcome.ignored:
        lines.append(f"Loom does nothing about: {', '.join(sorted(outcome.ignored))}")
    return "\n".join(lines)
