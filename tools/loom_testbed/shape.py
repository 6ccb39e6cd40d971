"""shape - the options that say what network is wanted: which relays in which roles, and what they run."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import arguments
from .plan import EVERY_PIN, Plan, Relay

PROGRAMS = ("loom", "tor")
ROLE_OPTIONS = {"guard": "tor", "middle": "loom", "exit": "tor", "guards": 2, "middles": 2, "exits": 2}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to parser; settle() belongs to them."""
    add, count = parser.add_argument, arguments.count
    add("--all-relays", choices=PROGRAMS, help="every relay but the authorities runs this, in all roles at once; "
        "the clients have default settings")  # fmt: skip
    add("--relays", type=count(3, 20), help="how many there are with --all-relays (default: 8)")
    add("--mix", action="store_true", help="guard, middle and exit each Loom or tor: a client for each combination")
    add("--guard", choices=PROGRAMS, help="what the guards run (default: tor)")
    add("--middle", choices=PROGRAMS, help="what the middles run (default: loom)")
    add("--exit", choices=PROGRAMS, help="what the exits run (default: tor)")
    add("--guards", type=count(1, 8), help="guard relays (default: 2)")
    add("--middles", type=count(1, 8), help="middle relays (default: 2; conflux needs two)")
    add("--exits", type=count(1, 8), help="exit relays (default: 2)")
    add("--threads", type=count(0, 64), default=2, help="connection threads of each Loom (0: all in the main thread)")
    add("--move-every", type=arguments.interval, metavar="S", help="each Loom moves one more link to its next "
        "connection thread every S seconds (TestingMoveLinksInterval)")  # fmt: skip
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to run")
    add("--loom-option", action="append", default=[], metavar="LINE", help="one more line for Loom's torrc")
    add("--conflux", choices=("auto", "off"), default="auto", help="auto: tor splits a stream over two circuits")
    add("--authorities", type=count(1, 5), default=1, help="directory authorities (one starts fastest)")
    add("--ready-timeout", type=count(1, 3600), default=120, metavar="S", help="give up when not usable by then")
    add(
        "--dir",
        type=arguments.path,
        metavar="DIR",
        help="where to put everything (default: a new one in build/testbed)",
    )
    add("--port-base", type=count(1024, 65000), metavar="PORT", help="first of 100 ports (default: any free block)")


def settle(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse options that do not go together, and fill in the defaults of those that were not given."""
    form = "--mix" if options.mix else "--all-relays" if options.all_relays else None
    given = [f"--{name}" for name in ROLE_OPTIONS if getattr(options, name) is not None]
    if options.mix and options.all_relays:
        parser.error("--mix: not with --all-relays")
    if form is not None and given:
        parser.error(f"{form}: not with {given[0]}")
    if options.mix and options.clients is not None:
        parser.error("--mix: not with --clients; it has one for each combination")
    if options.relays is not None and not options.all_relays:
        parser.error("--relays: only with --all-relays")
    if options.move_every is not None and options.threads < 2:
        parser.error("--move-every: only with --threads 2 or more")
    for name, default in (ROLE_OPTIONS | {"clients": 4, "relays": 8}).items():
        if getattr(options, name) is None:
            setattr(options, name, default)
    if form is None and options.conflux == "auto" and options.middles < 2:
        parser.error("--middles 1: conflux needs two middles; add --conflux off")


def make_plan(options: argparse.Namespace, directory: Path) -> Plan:
    """Return the network that the options ask for."""
    loom, tor = Relay("loom", options.threads), Relay("tor")

    def relays(role: str) -> tuple[Relay, ...]:
        if options.all_relays:
            return ()
        if options.mix:  # conflux wants two guards and two middles, and one exit
            return (loom, tor) if role == "exit" else (loom, loom, tor, tor)
        return (loom if getattr(options, role) == "loom" else tor,) * getattr(options, f"{role}s")

    everywhere = loom if options.all_relays == "loom" else tor
    return Plan(
        guards=relays("guard"),
        middles=relays("middle"),
        exits=relays("exit"),
        relays=(everywhere,) * options.relays if options.all_relays else (),
        loom=options.loom,
        directory=directory,
        authorities=options.authorities,
        clients=len(EVERY_PIN) if options.mix else options.clients,
        pins=EVERY_PIN if options.mix else (),
        conflux=options.conflux == "auto",
        port_base=options.port_base,
        ready_seconds_max=float(options.ready_timeout),
        loom_options=tuple(options.loom_option) + moving(options.move_every),
    )


def moving(seconds: float | None) -> tuple[str, ...]:
    """Return the lines of Loom's torrc with which it moves a link that often; None: never."""
    return () if seconds is None else (f"TestingMoveLinksInterval {round(seconds * 1000)} msec",)


def uses_loom(options: argparse.Namespace) -> bool:
    """Say whether any relay is to run Loom."""
    if options.all_relays:
        return bool(options.all_relays == "loom")
    return options.mix or "loom" in (options.guard, options.middle, options.exit)
