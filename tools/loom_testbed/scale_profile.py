"""scale_profile - prices measured on one machine, scaled by class of code to the 2.40 GHz Xeon of 2016 to 2019.

python -m loom_testbed.scale_profile MEASURED.yaml --name NAME --out FILE. Nobody here has that CPU. Each price is of
one class; a class has a factor with an interval and says where it is from, or has figures of its own, published for
such CPUs (ciphers). Both ends of a price take both its own interval and its class's. No number comes from what any
relay was seen to carry.
"""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from . import arguments, calibrate_profile
from .calibrate_fit import Price, Prior
from .calibrate_law import CELL_COLD, CIRCUIT_COLD, EDGE_COLD, Hot
from .calibrate_priors import WORK, Belief
from .calibrate_profile import Machine
from .errors import TestbedError

TEXT = "2.40 GHz Intel Xeon of 2016 to 2019, 16 cores with hyperthreads"
WORDS = "the server of the published experiments, facts/experiments.md; AES instructions, 10 Gbit/s each way"
CORES, THREADS_PER_CORE = 16, 2


@dataclass(frozen=True)
class Factor:
    """How much longer such code takes there."""

    value: float
    least: float
    most: float
    words: str


@dataclass(frozen=True)
class Figure:
    """What a unit costs there, in nanoseconds, as published for such CPUs."""

    ns: float
    least: float
    most: float
    words: str


# Instructions a cycle: Golden Cove +19 % on Cypress Cove, which is Sunny Cove, +18 % on Skylake (Intel's Architecture
# Days 2021 and 2018): 1.40; Broadwell about a tenth less than Skylake (assumed): 1.54. Clock: 2.4 GHz there, up to 3.1
# with turbo; 2.95 GHz here, by multiplications that wait for each other, three cycles each.
INSTRUCTIONS = Factor(1.8, 1.3, 2.2, "instructions a cycle 1.40 to 1.54 times fewer (Intel's figures for generations"
                      " between; Broadwell assumed), clock 2.4 (3.1) to 2.95 GHz, which was measured")  # fmt: skip
KERNEL = Factor(2.0, 1.4, 3.0, "as instructions, times 1.1 (1.0 to 1.3, assumed) for what that CPU's entries into the"
                " kernel cost more: page tables apart, retpolines; loopback here, an interface there")  # fmt: skip
MEMORY = Factor(1.2, 0.7, 1.8, "misses of the near caches: 0.25 to 1 MB of them there and 2 here, but no second page"
                " table of a virtual machine there; assumed")  # fmt: skip
WAKE = Factor(0.6, 0.3, 1.5, "a wake crosses to another core without leaving a virtual machine: assumed")
HANDSHAKE = Factor(1.7, 1.2, 2.3, "as instructions; multiplications of 64 bits gained less (assumed)")
HOT = Factor(0.25, 0.125, 0.5, "near cache of a core 0.25 (Broadwell) or 1 MB (Skylake), here 2 MB")

FIGURES = {
    "tls_aes256_bytes": Figure(0.354, 0.252, 0.383,
                               "facts/performance.md section 2b, AES-128-GCM 0.63 (Skylake) to 0.74"
                               " (Broadwell) cycles/B, times 1.24 for 256 bits (section 2a), at 2.4 GHz; least at 3.1"),
    "tls_aes128_bytes": Figure(0.285, 0.203, 0.308,
                               "section 2b, AES-128-GCM 0.63 to 0.74 cycles/B at 2.4 GHz; least with a turbo of 3.1"),
    "tls_chacha_bytes": Figure(0.68, 0.35, 0.83,
                               "section 2b, ChaCha20 1.19 to 1.23 cycles/B with AVX2, 0.57 with AVX512; Poly1305 as"
                               " much as a third of it to two thirds more (assumed)"),
    "aes_bytes": Figure(0.354, 0.240, 0.393,
                        "section 2b, CTR of 509 B 160 to 200 ns at 2.4 GHz; least with a turbo of 3.1"),
    "digest_bytes": Figure(1.46, 0.97, 1.67,
                           "section 2b, SHA-1 without instructions for it: 3 to 4 cycles/B (recalled) at 2.4 GHz"),
}  # fmt: skip

_KERNEL = ("reads", "writes", "tls_bytes_read", "tls_bytes_written", "tcp_info_reads", "loop_turns", "edge_bytes_in",
           "edge_bytes_out", "edge_reads", "edge_writes")  # fmt: skip
_MEMORY = ("cells_crossed", "controls_posted", "mailbox_flushes", "circuit_switches", CIRCUIT_COLD, CELL_COLD,
           EDGE_COLD)  # fmt: skip
_HANDSHAKE = ("handshakes_ntor", "handshakes_ntor_v3", "handshakes_fast", "handshakes_link")
CLASS_OF = (dict.fromkeys(_KERNEL, KERNEL) | dict.fromkeys(_MEMORY, MEMORY) | dict.fromkeys(_HANDSHAKE, HANDSHAKE)
            | {"wakes": WAKE, "loop_sleeps": WAKE})  # fmt: skip
COUNTED_ELSEWHERE = 0.001  # ns: a price that no unit has


@dataclass(frozen=True)
class Number:
    """A number of a profile: nanoseconds, or a count."""

    value: float
    least: float
    most: float


_NAME = re.compile(r"^profile: (\S+)$", re.MULTILINE)
_NUMBER = re.compile(r"^ *(\w+): \{(ps|count): (\d+), least: (\d+), most: (\d+),", re.MULTILINE)


def read(text: str) -> tuple[str, dict[str, Number]]:
    """Read a profile that a program here has written: its name and its numbers, prices in nanoseconds."""
    name = _NAME.search(text)
    numbers = {}
    for key, unit, *ends in _NUMBER.findall(text):
        numbers[key] = Number(*(int(end) / (1000.0 if unit == "ps" else 1.0) for end in ends))
    numbers.setdefault(EDGE_COLD, Number(0.0, 0.0, 0.0))  # a profile may leave it out
    missing = {*WORK, CIRCUIT_COLD, CELL_COLD, "halves_hot", "queues_hot"} - numbers.keys()
    if name is None or missing:
        raise TestbedError(f"not a whole profile: it lacks {', '.join(sorted(missing)) or 'its name'}")
    return name[1], numbers


def scaled(name: str, here: Number, machine: str) -> tuple[Number, str]:
    """Return what a unit of that work costs there, and from where that is known."""
    if here.most <= COUNTED_ELSEWHERE:
        return Number(0.0, 0.0, 0.0), "counted elsewhere, as it was there"
    figure = FIGURES.get(name)
    if figure is not None:
        return Number(figure.ns, figure.least, figure.most), figure.words
    factor = CLASS_OF.get(name, INSTRUCTIONS)
    words = f"{here.value:.4g} ns of {machine} times {factor.value} ({factor.least} to {factor.most}): {factor.words}"
    return Number(here.value * factor.value, *_ends(here, factor)), words


def _ends(here: Number, factor: Factor) -> tuple[float, float]:
    """Two uncertainties that have nothing to do with each other: their relative squares add up."""
    if here.value == 0.0:
        return here.least * factor.value, here.most * factor.most
    down = math.hypot(1 - here.least / here.value, 1 - factor.least / factor.value)
    up = math.hypot(here.most / here.value - 1, factor.most / factor.value - 1)
    value = here.value * factor.value
    return max(0.0, value * (1 - down)), value * (1 + up)


def profile(text: str, name: str) -> str:
    """Return the text of the profile there, made of that of this machine."""
    machine, numbers = read(text)
    prices, beliefs = {}, {}
    for work in (*WORK, CIRCUIT_COLD, CELL_COLD, EDGE_COLD):
        number, words = scaled(work, numbers[work], machine)
        prices[work] = Price(number.value, number.least, number.most, False)
        beliefs[work] = Belief(Prior(number.value, 1.0), "derived", words)
    halves, queues = numbers["halves_hot"], numbers["queues_hot"]
    hot = Hot(round(halves.value * HOT.value), round(queues.value * HOT.value), _counts(halves), _counts(queues))
    how = f"{machine}'s times {HOT.value} ({HOT.least} to {HOT.most}): {HOT.words}"
    comments = [
        f"What {machine} would cost on a 2.4 GHz Xeon server, in picoseconds a unit of work (plugin/base/work.h):",
        "measured prices scaled by class of code, ciphers by published cycles (tools/loom_testbed/scale_profile.py).",
        "That CPU was not there to be measured, and no relay's throughput was looked at: so not calibrated.",
    ]
    there = Machine(name, TEXT, CORES, THREADS_PER_CORE, WORDS)
    made = calibrate_profile.text_of(there, prices, beliefs, hot, how, comments)
    return made.replace("calibrated: true", "calibrated: false", 1).replace("source: measured", "source: derived")


def _counts(number: Number) -> tuple[int, int]:
    return round(number.least * HOT.least), round(number.most * HOT.most)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = arguments.OneLineParser(prog="scale_profile", description="Scale measured prices to the 2.40 GHz Xeon.")
    parser.add_argument("measured", type=arguments.path, help="a profile of this machine")
    parser.add_argument("--name", required=True, help="of the profile that is made")
    parser.add_argument("--out", type=arguments.path, required=True, help="where it goes")
    options = parser.parse_args(argv)
    try:
        calibrate_profile.write(options.out, profile(Path(options.measured).read_text(), options.name))
    except (TestbedError, OSError) as error:
        print(f"scale_profile: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
