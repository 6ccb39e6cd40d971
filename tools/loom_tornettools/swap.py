"""swap - a copy of a network in which some relays run Loom and the others a priced tor.

What is changed of a relay that runs Loom: the program; its torrc, which gets threads and the profile; and its
oniontrace goes, as Loom has no control port. Of a relay that runs tor: the environment, with libloom-price.so. All else
stays: keys, addresses, weights, clients, authorities. Profiles are copied, so that the network can be moved; programs
are named by their paths.
"""

from __future__ import annotations

import copy
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import network as networks
from . import refusals
from .errors import SwapError
from .network import CONFIGURATION, Network, Relay

PROFILES = "profiles"
MANIFEST = "loom-swap.json"
LINES = tuple(megabit * 10**6 for megabit in (100, 1000, 10_000, 100_000))  # network interfaces, bits a second
TRACE = "oniontrace"


@dataclass(frozen=True)
class Parts:
    """What goes into the network. Paths are absolute."""

    loom: Path  # loom-relay-shadow
    price: Path  # libloom-price.so
    loom_profile: Path
    tor_profile: Path | None = None  # None: tors stay as they are
    threads: int = 1
    cores: int = 0  # 0: as the profile says
    threads_per_core: int = 0
    wider_lines: bool = False
    drops_refused: bool = False


@dataclass
class Outcome:
    """What was done."""

    loom: list[Relay]
    tor: list[Relay]
    refused: dict[str, str] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    traces: int = 0  # that went

    def share(self, value: Callable[[Relay], int]) -> float:
        """Return the part of something of all relays that is Loom's."""
        whole = sum(value(relay) for relay in (*self.loom, *self.tor))
        return sum(value(relay) for relay in self.loom) / whole if whole else 0.0


def write(network: Network, chosen: Sequence[Relay], parts: Parts, out: Path, about: dict[str, object]) -> Outcome:
    """Write the copy to out, which must not be there yet, whole or not at all; about: for its manifest."""
    if out.exists():
        raise SwapError(f"{out}: expected a name that is free")
    place = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        shutil.copytree(network.root, place, symlinks=True, dirs_exist_ok=True)
        outcome = _Copy(network, place, chosen, parts).write()
        manifest = about | {"loom": [relay.name for relay in outcome.loom], "refused": outcome.refused,
                            "ignored": sorted(outcome.ignored)}  # fmt: skip
        (place / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
        place.chmod(0o755)
        place.rename(out)
    except OSError as error:
        raise SwapError(f"{out}: {error.strerror}: {error.filename}") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return outcome


class _Copy:
    """One copy; everything that is named in it is below place."""

    def __init__(self, network: Network, place: Path, chosen: Sequence[Relay], parts: Parts) -> None:
        self.network = Network(place, copy.deepcopy(network.configuration), network.relays, network.template)
        self.parts = parts
        names = {relay.name for relay in chosen}
        self.outcome = Outcome(
            [relay for relay in network.relays if relay.name in names],
            [relay for relay in network.relays if relay.name not in names],
        )
        self.asked: dict[tuple[str, ...], refusals.Answer] = {}

    def write(self) -> Outcome:
        self._copy_profiles()
        for relay in self.outcome.loom:
            self._run_loom(relay)
        for relay in self.outcome.tor if self.parts.tor_profile else []:
            self._price_tor(relay)
        if self.outcome.refused and not self.parts.drops_refused:
            named = "; ".join(f"{option} ({why})" for option, why in self.outcome.refused.items())
            raise SwapError(f"Loom refuses options of these relays; --drop-refused leaves them out: {named}")
        networks.save(self.network.configuration, self.network.root / CONFIGURATION)
        return self.outcome

    def _copy_profiles(self) -> None:
        for profile in (self.parts.loom_profile, self.parts.tor_profile):
            if profile is not None:
                (self.network.root / PROFILES).mkdir(exist_ok=True)
                shutil.copyfile(profile, self.network.root / PROFILES / profile.name)

    def _profile(self, name: str, profile: Path) -> str:
        """Return where a host finds it: its folder in shadow.data lies as deep as its template's."""
        return os.path.relpath(self.network.root / PROFILES / profile.name, self.network.folder(name))

    def _run_loom(self, relay: Relay) -> None:
        host, parts = self.network.host(relay.name), self.parts
        traces = [one for one in host["processes"] if networks.program_of(one) == TRACE]
        host["processes"] = [one for one in host["processes"] if one not in traces]
        self.outcome.traces += bool(traces)
        self._widen(host)
        with networks.torrc_of(self.network, relay.name).open("a") as torrc:
            torrc.write(f"\nConnectionThreads {parts.threads}\n"
                        f"PaceProfile {self._profile(relay.name, parts.loom_profile)}\n"
                        f"PaceCores {parts.cores}\nPaceThreadsPerCore {parts.threads_per_core}\n")  # fmt: skip
        process = networks.tor_of(self.network, relay.name)
        assert process is not None
        process["path"] = str(parts.loom)
        words = networks.words_of(process)
        answer = self._ask(relay.name, words)
        self.outcome.refused |= answer.refused
        self.outcome.ignored |= answer.ignored
        if answer.refused:
            process["args"] = shlex.join([*words, *refusals.without(answer.refused)])

    def _ask(self, name: str, words: Sequence[str]) -> refusals.Answer:
        """Ask Loom of a relay's options; of one whose files say the same as another's, once."""
        folder = self.network.folder(name)
        texts = [path.read_text() for path in sorted(folder.glob("torrc*"))]
        key = (*texts, *(word for word in words if word != name))
        if key not in self.asked:
            self.asked[key] = refusals.ask(self.parts.loom, words, folder)
        return self.asked[key]

    def _price_tor(self, relay: Relay) -> None:
        assert self.parts.tor_profile is not None
        self._widen(self.network.host(relay.name))
        process = networks.tor_of(self.network, relay.name)
        assert process is not None
        environment = process.setdefault("environment", {})
        if not isinstance(environment, dict):
            raise SwapError(f"{CONFIGURATION}: hosts: {relay.name}: environment: expected variables by their names")
        loaded = [str(self.parts.price), *filter(None, [environment.get("LD_PRELOAD")])]
        environment |= {
            "LD_PRELOAD": ":".join(loaded),
            "LOOM_PRICE_PROFILE": self._profile(relay.name, self.parts.tor_profile),
            "LOOM_PRICE_CORES": str(self.parts.cores),
            "LOOM_PRICE_THREADS_PER_CORE": str(self.parts.threads_per_core),
        }

    def _widen(self, host: dict) -> None:
        """Have the CPU be the limit that a measured bandwidth was: the line is that of a network interface."""
        for key in ("bandwidth_up", "bandwidth_down") if self.parts.wider_lines else ():
            if key in host:
                seen = networks.bits(key, host[key])
                host[key] = f"{next((line for line in LINES if line >= seen), seen) // 1000} kilobit"


@contextmanager
def opened(source: Path, beside: Path) -> Iterator[Path]:
    """Yield the folder of a network: source, or what is in an archive, for a while beside a path."""
    if source.is_dir():
        yield source
        return
    with tempfile.TemporaryDirectory(prefix=f".{beside.name}.", dir=beside.parent) as name:
        # tar: Python 3.11 here has no extraction that stays in its folder
        words = ["tar", "--extract", "--no-same-owner", "--file", str(source), "--directory", name]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            why = (done.stderr.strip() or f"tar ended with status {done.returncode}").splitlines()[0]
            raise SwapError(f"{source}: expected a folder or an archive of a network: {why}")
        found = sorted(Path(name).glob(f"**/{CONFIGURATION}"), key=lambda path: len(path.parts))
        if not found:
            raise SwapError(f"{source}: expected {CONFIGURATION} in it")
        yield found[0].parent
