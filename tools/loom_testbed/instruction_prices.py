"""instruction_prices - a profile of a machine that is not here: counted instructions, tied to published times.

price of a unit = sum over groups of code (instructions of the unit * cycles of an instruction of its class) / clock
                + what the kernel and the memory take for it

Where the cycles of a whole algorithm are published, those of one of its instructions follow from the count: so the
price of a cipher's byte is the published one, and the count carries it over to what is not published (AES-256 from
AES-128). The ends of a price are the sums of the ends of its parts.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import pi_anchors
from .instruction_fit import CRYPTO_REST, CRYPTO_VECTOR, LINKS_TAKEN, OWN, TorUnits, Units
from .pi_anchors import ASSUMED, CLOCK_GHZ, DERIVED, Anchor

PS_PER_NS = 1000
LINE_WIDTH = 110
CELL_KINDS = ("cells_received", "cells_sent")
TAKEN_SHARE = 0.5  # of a relay's links: the other half it dials
HANDSHAKES = ("handshakes_ntor", "handshakes_ntor_v3", "handshakes_link")


@dataclass(frozen=True)
class Part:
    """One summand of a price, in nanoseconds."""

    ns: Anchor
    words: str


def classes(arch: str, units: Units) -> dict[str, Anchor]:
    """Return the cycles for an instruction of each class of code, from the published cycles where there are some."""
    known = dict(pi_anchors.CYCLES_PER_INSTRUCTION)
    published = pi_anchors.CYCLES_PER_BYTE[arch]
    counted = {"aes": _bulk_aes(units), "chacha": _crypto(units, "tls_chacha_bytes"),
               "digest": units.bulk.get("digest", _crypto(units, "digest_bytes")), "ghash": _ghash(units)}  # fmt: skip
    for name, cycles in published.items():
        if counted[name] > 0:
            known[name] = _scaled(cycles, 1.0 / counted[name])
    known.setdefault("chacha", known["neon"])
    known.setdefault("ghash", known["table"])
    return known


def _crypto(units: Units, name: str) -> float:
    return units.of(CRYPTO_VECTOR, name) + units.of(CRYPTO_REST, name)


def _bulk_aes(units: Units) -> float:
    """Return the instructions for a byte of AES-128 over long buffers, which published cycles are of."""
    return units.bulk.get("aes", _crypto(units, "aes_bytes"))


def _ghash(units: Units) -> float:
    return max(0.0, _crypto(units, "tls_aes128_bytes") - _bulk_aes(units))


def _scaled(anchor: Anchor, by: float) -> Anchor:
    return Anchor(anchor.value * by, anchor.least * by, anchor.most * by, anchor.source, anchor.origin)


def parts_of(name: str, arch: str, units: Units) -> list[Part]:
    """Return what a unit of Loom's work costs, in parts."""
    cycles = classes(arch, units)
    parts = [_code(arch, cycles, *one) for one in _instructions(name, units)]
    if name in pi_anchors.KERNEL_NS:
        kernel = pi_anchors.KERNEL_NS[name]
        parts.append(Part(kernel, kernel.origin))
    return [part for part in parts if part.ns.most > 0]


def _instructions(name: str, units: Units) -> list[tuple[str, float]]:
    """Return the instructions of a unit by class of code."""
    crypto, own = _crypto(units, name), units.of(OWN, name)
    if name == "tls_chacha_bytes":
        return [("chacha", crypto)]
    if name == "digest_bytes":
        return [("digest", crypto)]
    if name == "aes_bytes":
        return [("aes", crypto)]
    if name in ("tls_aes128_bytes", "tls_aes256_bytes"):
        ghash = min(_ghash(units), crypto)
        return [("aes", crypto - ghash), ("ghash", ghash)]
    if name == "handshakes_link":
        return [("bignum", crypto + TAKEN_SHARE * _crypto(units, LINKS_TAKEN)), ("code", own)]
    if name in HANDSHAKES:
        return [("bignum", crypto), ("code", own)]
    return [("record", crypto), ("code", own)]


def _code(arch: str, cycles: Mapping[str, Anchor], class_name: str, instructions: float) -> Part:
    one = cycles[class_name]
    published = pi_anchors.CYCLES_PER_BYTE[arch].get(class_name)
    words = f"{_number(instructions)} instructions counted ({arch}) at {one.value:.2f} cycles ({class_name}"
    words += f": {published.origin})" if published else ")"
    return Part(_scaled(one, instructions / CLOCK_GHZ), words)


def sum_of(parts: Sequence[Part]) -> Anchor:
    """Return the price in nanoseconds, with the weakest of the parts' sources and all their words."""
    if not parts:
        return pi_anchors.NOTHING
    source = ASSUMED if any(part.ns.source == ASSUMED for part in parts) else DERIVED
    value, least, most = (sum(getattr(part.ns, end) for part in parts) for end in ("value", "least", "most"))
    return Anchor(value, least, most, source, "; and ".join(part.words for part in parts))


def loom_prices(arch: str, units: Units, names: Sequence[str]) -> dict[str, Anchor]:
    """Return a price in nanoseconds for each counter."""
    prices = {}
    for name in names:
        found = sum_of(parts_of(name, arch, units))
        prices[name] = found if found.most > 0 else pi_anchors.NOT_COUNTED.get(name, pi_anchors.NOTHING)
    return prices


def tor_prices(arch: str, loom: dict[str, Anchor], units: Units, tor: TorUnits) -> dict[str, Anchor]:
    """Return tor's: bytes, handshakes and the kernel as Loom's; what it runs for a cell and a record its own."""
    cycles = classes(arch, units)
    prices = dict(loom)
    whole = sum_of(_tor_parts(arch, cycles, tor.per_cell))
    record = sum_of(_tor_parts(arch, cycles, tor.per_record))
    memory = pi_anchors.KERNEL_NS["cells_received"]
    for name in CELL_KINDS:
        half = _scaled(whole, 0.5)
        prices[name] = Anchor(half.value + memory.value, half.least + memory.least, half.most + memory.most,
                              whole.source, f"half of a cell: {whole.origin}; and {memory.origin}")  # fmt: skip
    prices["tls_records_read"] = prices["tls_records_written"] = record
    included = Anchor(0, 0, 0, DERIVED, "included in cells_received and cells_sent: tor was counted from outside")
    for name in ("crypt_runs", "circuit_switches", "copy_bytes", "scheduler_runs", "scheduler_picks"):
        prices[name] = included
    return prices


def _tor_parts(arch: str, cycles: Mapping[str, Anchor], per: Mapping[str, float]) -> list[Part]:
    crypto = per[CRYPTO_VECTOR] + per[CRYPTO_REST]
    return [_code(arch, cycles, "record", crypto), _code(arch, cycles, "tor_code", per[OWN])]


# --- the profile's text -----------------------------------------------------------------------------------------------


def text_of(name: str, machine: str, comment: str, prices: Mapping[str, Anchor]) -> str:
    """Return a profile as people write it."""
    lines = [f"# {line}" for line in textwrap.wrap(comment, LINE_WIDTH)]
    lines += [f"profile: {name}", f"machine: {machine}", "calibrated: false", "hardware:"]
    lines += [f"    {key}: {value}" for key, value in pi_anchors.HARDWARE.items()]
    lines.append(f'    from: "{pi_anchors.HARDWARE_FROM}"')
    for key, (unit, anchor) in pi_anchors.CACHES.items():
        lines += _entry(key, unit, anchor, 1.0, "")
    lines.append("prices:")
    for key, anchor in prices.items():
        lines += _entry(key, "ps", anchor, PS_PER_NS, "    ")
    return "\n".join(lines) + "\n"


def _entry(key: str, unit: str, anchor: Anchor, scale: float, indent: str) -> list[str]:
    value, least, most = (round(one * scale) for one in (anchor.value, anchor.least, anchor.most))
    head = f"{indent}{key}: {{{unit}: {value}, least: {least}, most: {most}, source: {anchor.source},"
    words = (anchor.origin or "not counted, and not a cost of its own").replace('"', "'").replace("\\", "/")
    body = textwrap.wrap(f'from: "{words}"}}', LINE_WIDTH, initial_indent=f"{indent}    ", break_long_words=False,
                         subsequent_indent=f"{indent}      ", break_on_hyphens=False)  # fmt: skip
    return [head, *body]


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 1000 else f"{round(float(f'{value:.4g}')):,}".replace(",", " ")
