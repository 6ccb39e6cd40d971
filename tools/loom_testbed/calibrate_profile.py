"""calibrate_profile - a profile (model/cost/profile.h) as text: each number with its interval and where it is from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import machine as machines
from .calibrate_fit import Fit, Price
from .calibrate_law import CELL_COLD, CIRCUIT_COLD, EDGE_COLD, Hot
from .calibrate_primitives import Primitives
from .calibrate_priors import WORK, Belief

PS_MAX = 10**12  # COST_PRICE_PS_MAX
NAME_MAX, MACHINE_MAX = 63, 127  # COST_PROFILE_NAME_MAX, COST_PROFILE_MACHINE_MAX
WRAP = 116
SMT = (1633, 1481, 1818, "published",
       "not measured here: two hyperthreads do 1.1 to 1.35 times the work of one on other machines")  # fmt: skip
NIC_MBIT = 10000
WAKE_LATENCY = ("wake", "time until the other runs")
SLEEP = "sleep"


@dataclass(frozen=True)
class WakeDelay:
    """How long a sleeping thread takes to run, in nanoseconds, beyond what it pays for the sleep before it runs."""

    ns: float
    least: float
    most: float
    words: str


def wake_delay_of(primitives: Primitives) -> WakeDelay | None:
    """Return the measured time without the CPU of a sleep; None when waking could not be measured here.

    That CPU is a piece's, too, whose caches stay warm as they do where the time is measured. loop_sleeps is more: to
    fetch again what left the caches is work that comes after the wake.
    """
    found, sleep = primitives.find(*WAKE_LATENCY), primitives.find(SLEEP)
    if found is None:
        return None
    cpu = sleep.ns if sleep is not None else 0.0
    half = found.spread * found.ns / 2
    words = (f"primitive {found.label}: {found.ns:.0f} ns, quartiles {found.spread:.0%} apart, less {cpu:.0f} ns of CPU"
             " of a sleep, which loop_sleeps has")  # fmt: skip
    ends = (max(0.0, found.ns + beside - cpu) for beside in (0.0, -half, half))
    return WakeDelay(*ends, words)


@dataclass(frozen=True)
class Machine:
    """What a profile says of the hardware."""

    name: str  # of the profile
    text: str
    cores: int
    threads_per_core: int
    words: str
    has_aes: bool = True


def machine_of(facts: Mapping[str, object], cpuinfo: str, kind: str = "loom") -> Machine:
    """Return the machine by machine.facts; its name is the CPU's, with its model where that has no number."""
    cpu = str(facts["cpu"])
    plain = re.sub(r"\((R|TM|C)\)|\bCPU\b|@.*|\bProcessor\b", " ", cpu, flags=re.IGNORECASE)
    if not re.search(r"\d", plain):
        numbers = [re.search(rf"^{key}\s*:\s*(\d+)", cpuinfo, re.MULTILINE) for key in ("cpu family", "model")]
        plain += " ".join(f" {found[1]}" for found in numbers if found)
    slug = re.sub(r"[^a-z0-9.]+", "-", plain.lower()).strip("-") or "unknown"
    threads = min(2, int(str(facts["threads_per_core"])))
    cores = max(1, int(str(facts["cores"])) // threads)
    kinds = "virtual cores" if facts.get("is_virtual") else "cores"
    text = f"{cpu}, {cores} {kinds}, Linux {facts['kernel']}, {facts['openssl']}"
    words = "the CPUs that the calibration could use; the network interface is assumed, not measured"
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    has_aes = found is None or "aes" in found[1].split()
    return Machine(f"{kind}-{slug}"[:NAME_MAX], text[:MACHINE_MAX], cores, threads, words, has_aes)


def provenance(name: str, price: Price, belief: Belief, how: str) -> tuple[str, str]:
    """Return source and words of a number: fitted ones are measured, the rest is as its piece is."""
    if not price.is_fitted:
        return belief.source, belief.words
    if price.price == 0.0 or belief.prior.most <= 1e-3:
        return "derived", belief.words
    held = f"held to {_short(belief.prior.price)} +- {_short(belief.prior.deviation)} ns"
    return "measured", f"{how}; {held}, {belief.words}"


def text_of(
    machine: Machine,
    prices: Mapping[str, Price],
    beliefs: Mapping[str, Belief],
    hot: Hot,
    how: str,
    comments: Sequence[str],
    wake_delay: WakeDelay | None = None,
) -> str:
    """Return the profile. prices are in nanoseconds; how says in words what they were fitted to."""
    lines = [f"# {comment}" for comment in comments]
    lines += [f"profile: {machine.name}", f"machine: {_quoted(machine.text)}", "calibrated: true", "hardware:"]
    lines += [f"    cores: {machine.cores}", f"    threads_per_core: {machine.threads_per_core}"]
    lines += [f"    nic_mbit: {NIC_MBIT}", "    nic_direction: each", f"    aes: {str(machine.has_aes).lower()}"]
    lines.append(f"    from: {_quoted(machine.words)}")
    lines += _number("circuit_cold", "ps", prices[CIRCUIT_COLD], beliefs[CIRCUIT_COLD], how, 0)
    lines += _flow("halves_hot", "count", hot.halves, *hot.halves_range, "measured", _hot_words(how), 0)
    lines += _number("cell_cold", "ps", prices[CELL_COLD], beliefs[CELL_COLD], how, 0)
    lines += _number("edge_cold", "ps", prices[EDGE_COLD], beliefs[EDGE_COLD], how, 0)
    lines += _flow("queues_hot", "count", hot.queues, *hot.queues_range, "measured", _hot_words(how), 0)
    lines += _flow("smt", "permille", *SMT, 0)
    if wake_delay is not None:
        ends = (round(one) for one in (wake_delay.ns, wake_delay.least, wake_delay.most))
        lines += _flow("wake_delay", "ns", *ends, "derived", wake_delay.words, 0)
    lines.append("prices:")
    for name in WORK:
        lines += _number(name, "ps", prices[name], beliefs[name], how, 4)
    return "\n".join(lines) + "\n"


def as_dict(machine: Machine, fit: Fit, beliefs: Mapping[str, Belief], hot: Hot) -> dict[str, object]:
    """Return prices and errors for programs, whoever was calibrated."""
    return {
        "profile": machine.name,
        "machine": machines.facts(),
        "cross_validation": {"median": fit.error_median, "worst": fit.error_worst,
                             "repeatability": fit.repeatability, "noise": fit.noise},
        "hot": vars(hot),
        "prices_ns": {name: vars(one) | {"prior": beliefs[name].prior.price,
                                         "prior_deviation": beliefs[name].prior.deviation,
                                         "from": beliefs[name].words} for name, one in fit.prices.items()},
        "left_out": [vars(one) | {"error": one.error} for one in fit.left_out],
        "fitted": [vars(one) | {"error": one.error} for one in fit.residuals],
    }  # fmt: skip


def write(path: Path, text: str) -> None:
    """Write the text under a temporary name, then rename."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text)
    temporary.replace(path)


def _hot_words(how: str) -> str:
    return f"{how}; of the counts tried the mean, each by what it leaves of the squares; least, most: hardly more"


def _number(name: str, unit: str, price: Price, belief: Belief, how: str, indent: int) -> list[str]:
    source, words = provenance(name, price, belief, how)
    value = _ps(price.price)
    return _flow(name, unit, value, min(value, _ps(price.least)), max(value, _ps(price.most)), source, words, indent)


def _ps(ns: float) -> int:
    return min(PS_MAX, max(0, round(1000.0 * ns)))


def _flow(name: str, unit: str, value: int, least: int, most: int, source: str, words: str, indent: int) -> list[str]:
    """Return {unit: value, ...}, its words on lines of their own."""
    space = " " * indent
    head = f"{space}{name}: {{{unit}: {value}, least: {least}, most: {most}, source: {source},"
    lines, line = [head], f"{space}    from: \""
    for word in _escaped(words).split(" "):
        if len(line) + len(word) > WRAP:
            lines.append(line.rstrip())
            line = f"{space}      "
        line += word + " "
    return [*lines, line.rstrip() + "\"}"]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _short(number: float) -> str:
    return f"{number:.3g}"
