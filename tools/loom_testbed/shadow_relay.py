"""shadow_relay - one paced relay in Shadow under loom-load's load, both on one host: what it carries when it is full.

The relay's work takes the time of a profile (PaceProfile), loom-load's takes none, and the loopback has no limit: so
the relay is the bottleneck, and its throughput is what its virtual cores allow.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import lone_relay, ports, shadow
from .errors import TestbedError
from .load_shape import Load
from .lone_relay import NO_EXIT, NO_NETWORK
from .process import stop_all

RELAY_PORT = 9001
RELAY_START = 1.0
SINKS_MAX = 4  # ways out of a load here
LOAD_START = 3.0
BUILD_SECONDS = 20.0  # of virtual time, until all circuits are open; and to drain at the end
HOST = "relay"
# Its malloc: jemalloc makes a system call while it holds its first lock, and Shadow allocates there.
LIBC_FIRST = {"LD_PRELOAD": "libc.so.6"}


@dataclass(frozen=True)
class Pace:
    """What paces the relay."""

    profile: Path
    cores: int = 0  # 0: as the profile says
    threads_per_core: int = 0
    ahead_us: int | None = None  # None: the default of each

    def torrc(self) -> str:
        """Return the relay's options."""
        ahead = "" if self.ahead_us is None else f"PaceAhead {self.ahead_us}\n"
        return (f"PaceProfile {self.profile}\nPaceCores {self.cores}\n"
                f"PaceThreadsPerCore {self.threads_per_core}\n{ahead}")  # fmt: skip

    def environment(self, programs: Path) -> dict[str, str]:
        """Return that of a tor which libloom-price.so prices."""
        ahead = {} if self.ahead_us is None else {"LOOM_PRICE_AHEAD_US": str(self.ahead_us)}
        return ahead | {
            "LD_PRELOAD": str(programs / "libloom-price.so"),
            "LOOM_PRICE_PROFILE": str(self.profile),
            "LOOM_PRICE_CORES": str(self.cores),
            "LOOM_PRICE_THREADS_PER_CORE": str(self.threads_per_core),
        }


@dataclass(frozen=True)
class ShadowResult:
    """What went through, as each generator tells."""

    reports: list[dict[str, object]]

    @property
    def cells_per_s(self) -> float:
        """Return the rate, of all generators together."""
        return sum(report["cells"] / report["seconds"] for report in self.reports)


def one_price_profile(template: str, kind: str, ns: int, smt_permille: int) -> str:
    """Return the profile with nothing priced but one kind of work, and with hyperthreads as they are told."""
    text = re.sub(r"\{ps: \d+, least: \d+, most: \d+", "{ps: 0, least: 0, most: 0", template)
    text = re.sub(r"^(wake_delay|softirq):.*\n(?:    .*\n)*", "", text, flags=re.MULTILINE)
    for key, unit, value in ((kind, "ps", ns * 1000), ("smt", "permille", smt_permille)):
        text, count = re.subn(rf"(\b{key}: \{{{unit}: )\d+, least: \d+, most: \d+",
                              rf"\g<1>{value}, least: {value}, most: {value}", text)  # fmt: skip
        if count != 1:
            raise TestbedError(f"{key} is {count} times in the profile")
    return text


@dataclass(frozen=True)
class Keys(lone_relay.Identity):
    """A relay that was made once, outside of Shadow: its data directory, and beside it the keys of those behind it."""

    directory: Path

    @property
    def sinks(self) -> Path:
        """Return where the keys of those behind are."""
        return self.directory.parent / "sinks"


def make_keys(program: Path, directory: Path, sinks: int = SINKS_MAX) -> Keys:
    """Have a relay, and those behind it, make keys in directory, outside of Shadow. Call it from the main thread."""
    folder = directory / "sinks"
    with ports.PortBlock() as block:
        relay = lone_relay.start("keys", [str(program)], directory, block.take())
        folder.mkdir()
        once = [*relay.as_options(), "--links", str(sinks * 2), "--circuits", str(sinks), "--echoes", "1"]
        subprocess.run([program.parent / "loom-load", *once, "--keys", str(folder)], check=True, capture_output=True)
        stop_all([relay.child])
    return Keys(RELAY_PORT, relay.rsa_id, relay.ed_id, relay.onion_key, directory / "data")


def torrc(directory: Path, extra: str) -> str:
    """Return the torrc of the relay in Shadow; its log is its standard output."""
    own = lone_relay.TORRC.format(directory=directory, name="keys", port=RELAY_PORT, network=NO_NETWORK, policy=NO_EXIT)
    return own.replace(f"Log notice file {directory}/notice.log", "Log notice stdout") + extra


def press(
    load: Load,
    relay: shadow.Process,
    keys: Keys,
    directory: Path,
    programs: Path,
    extra: str,
    warmup: int = 1,
    seconds: int = 2,
    seed: int = 1,
    generators: int = 1,
) -> ShadowResult:
    """Run the load on relay, which reads directory/torrc, in Shadow; programs is where loom-load is built.

    Each of so many generators makes it, with ways of its own, and so waits for nothing but these.
    """
    directory.mkdir(parents=True)
    shutil.copytree(keys.directory, directory / "data")
    (directory / "torrc").write_text(torrc(directory, extra))
    options = [*load.generator_options(), *keys.as_options(), "--warmup", str(warmup), "--seconds", str(seconds)]
    processes = [relay]
    for number in range(generators):
        sinks = share_of_sinks(keys, number, load.links // 2, directory / f"sinks-{number}")
        processes.append(shadow.Process(programs / "loom-load", [*options, "--keys", str(sinks)], LOAD_START,
                                        environment=LIBC_FIRST))  # fmt: skip
    experiment = shadow.Experiment({HOST: processes}, LOAD_START + warmup + seconds + BUILD_SECONDS, seed)
    output = shadow.run(experiment, directory)
    reports = [json.loads(text) for text in output.all_said(HOST, "loom-load")]
    lost, wrong = (sum(report[what] for report in reports) for what in ("lost", "wrong"))
    if len(reports) != generators or lost or wrong:
        raise TestbedError(f"{lost} cells were lost, {wrong} were wrong, {len(reports)} of {generators} told of theirs")
    return ShadowResult(reports)


def share_of_sinks(keys: Keys, number: int, count: int, folder: Path) -> Path:
    """Return folder, where the generator of that number has count relays of its own: no two are the same relay."""
    for i in range(count):
        shutil.copytree(keys.sinks / f"sink-{number * count + i}", folder / f"sink-{i}")
    return folder


def saturate(
    load: Load,
    pace: Pace,
    keys: Keys,
    directory: Path,
    programs: Path,
    warmup: int = 1,
    seconds: int = 2,
    generators: int = 1,
) -> ShadowResult:
    """Run the load on loom-relay-shadow, in directory, which must not be there yet."""
    arguments = ["-f", str(directory / "torrc")]
    relay = shadow.Process(programs / "loom-relay-shadow", arguments, RELAY_START, stays=True)
    extra = f"ConnectionThreads {load.threads}\nNumCPUs 1\n" + pace.torrc()
    return press(load, relay, keys, directory, programs, extra, warmup, seconds, generators=generators)


def saturate_tor(
    load: Load, pace: Pace, keys: Keys, directory: Path, programs: Path, warmup: int = 1, seconds: int = 2
) -> ShadowResult:
    """Run the load on the tor that is installed, priced by libloom-price.so."""
    tor = shutil.which("tor")
    if tor is None:
        raise TestbedError("tor is not installed")
    environment = pace.environment(programs) | {"LOOM_PRICE_REPORT": str(directory / "price.json")}
    arguments = ["-f", str(directory / "torrc")]
    relay = shadow.Process(Path(tor), arguments, RELAY_START, stays=True, environment=environment)
    return press(load, relay, keys, directory, programs, "NumCPUs 1\n", warmup, seconds)
