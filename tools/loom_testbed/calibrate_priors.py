"""calibrate_priors - from measured pieces to what each unit of work is believed to cost before any relay has run.

Three kinds: a piece that is the whole of it (a byte under a cipher, a handshake); a piece that the relay's code around
it adds to, so that only the order of magnitude is known (a cell, a read); and what nothing here measures, assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .calibrate_fit import Prior
from .calibrate_law import CELL_COLD, CIRCUIT_COLD, EDGE_COLD
from .calibrate_primitives import Primitive, Primitives

CELL = 514.0
BODY = 509.0
STREAM_CELL = 498.0  # bytes of a stream in a cell
AES256, AES128, CHACHA = "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"
WHOLE = 0.15  # a piece that is the whole: relative deviation
AROUND = 0.5  # a piece within other code of its kind
NOTHING = Prior(0.0, 1e-6, 0.0, 1e-3)  # counted elsewhere: no price of its own


@dataclass(frozen=True)
class Belief:
    """A prior in nanoseconds, the profile's word for where it is from, and from what in words."""

    prior: Prior
    source: str
    words: str


class _Pieces:
    """The primitives by name, with what each use of them says; missing ones fall back on what is assumed."""

    def __init__(self, primitives: Primitives) -> None:
        self._all = primitives

    def one(self, name: str, variant: str = "", size: int = 0) -> Primitive | None:
        return self._all.find(name, variant, size)

    def slope(self, name: str, variant: str, small: int, large: int, bytes_each: float = 1.0) -> float | None:
        """Return nanoseconds for one more byte."""
        a, b = self.one(name, variant, small), self.one(name, variant, large)
        return None if a is None or b is None else max(0.0, (b.ns - a.ns) / ((large - small) * bytes_each))

    def spread(self, name: str, variant: str = "", size: int = 0) -> float:
        found = self.one(name, variant, size)
        return found.spread if found else 0.0


def beliefs(primitives: Primitives) -> dict[str, Belief]:
    """Return what is believed of each kind of work, and of what is cold."""
    pieces = _Pieces(primitives)
    return {name: make(pieces) for name, make in _MAKERS.items()}


def priors(found: dict[str, Belief]) -> dict[str, Prior]:
    """Return the priors alone."""
    return {name: belief.prior for name, belief in found.items()}


def _assumed(ns: float, deviation: float, words: str) -> Callable[[_Pieces], Belief]:
    return lambda pieces: Belief(Prior(ns, deviation), "assumed", words)


def _elsewhere(words: str) -> Callable[[_Pieces], Belief]:
    return lambda pieces: Belief(NOTHING, "derived", words)


def _piece(
    name: str,
    variant: str,
    size: int,
    fallback: float,
    relative: float,
    around: float = 0.0,
    per: float = 1.0,
    source: str = "measured",
) -> Callable[[_Pieces], Belief]:
    """Return a maker: the piece by per, which is off by so much of itself and by around nanoseconds."""

    def make(pieces: _Pieces) -> Belief:
        found = pieces.one(name, variant, size)
        if found is None:
            return Belief(Prior(fallback, max(fallback, 1e-6)), "assumed", f"{name} could not be measured here")
        ns = found.ns / per
        deviation = max(((relative * ns) ** 2 + around**2) ** 0.5, 1e-6)
        words = f"primitive {found.label}: {found.ns:.4g} ns a {found.unit}, quartiles {found.spread:.0%} apart"
        return Belief(Prior(ns, deviation, spread=found.spread), source if not around else "derived", words)

    return make


def _suite(suite: str, fallback: float) -> Callable[[_Pieces], Belief]:
    def make(pieces: _Pieces) -> Belief:
        slopes = [pieces.slope(way, suite, 8, 31, CELL) for way in ("seal", "open")]
        if None in slopes:
            return Belief(Prior(fallback, fallback), "assumed", f"{suite} could not be measured here")
        ns = max(1e-4, sum(one for one in slopes if one is not None) / 2)
        words = f"primitives seal and open, {suite}: a byte more in a record, the mean of both"
        return Belief(Prior(ns, 0.2 * ns, spread=pieces.spread("seal", suite, 31)), "measured", words)

    return make


def _record(way: str) -> Callable[[_Pieces], Belief]:
    def make(pieces: _Pieces) -> Belief:
        one, slope = pieces.one(way, AES256, 1), pieces.slope(way, AES256, 8, 31, CELL)
        ns = 100.0 if one is None or slope is None else max(10.0, one.ns - CELL * slope)
        words = f"primitive {way} of a record of one cell, less its bytes: {ns:.0f} ns; and what is around it"
        return Belief(Prior(ns, 300.0), "derived", words)

    return make


def _copy_by_kernel(way: str, fallback: float) -> Callable[[_Pieces], Belief]:
    def make(pieces: _Pieces) -> Belief:
        slope = pieces.slope(way, "", 16384, 131072)
        ns = fallback if slope is None else max(1e-4, slope)
        words = f"primitive {way}: a byte more in a call of 16 to 128 kB; both ends on one core there"
        return Belief(Prior(ns, 0.5 * ns, spread=pieces.spread(way, "", 131072)), "derived", words)

    return make


def _cgo_update(pieces: _Pieces) -> Belief:
    ours, transit, plain = pieces.one("originate", "cgo"), pieces.one("cgo"), pieces.one("copy", "hot", 509)
    if ours is None or transit is None or plain is None:
        return Belief(Prior(150.0, 150.0), "assumed", "counter galois onion could not be measured here")
    ns = max(1.0, ours.ns - transit.ns - plain.ns)
    words = "primitive originate, cgo, less its bytes and a copy"
    return Belief(Prior(ns, 0.3 * ns, spread=ours.spread), "derived", words)


def _digest(pieces: _Pieces) -> Belief:
    slope = pieces.slope("sha1", "", 64, 509)
    ns = 1.0 if slope is None else max(1e-3, slope)
    return Belief(Prior(ns, 0.2 * ns, spread=pieces.spread("sha1", "", 509)), "measured", "primitive sha1: a byte more")


def _crossing(pieces: _Pieces) -> Belief:
    found = pieces.one("crossing", "", 31)
    ns = 115.0 if found is None else found.ns
    words = "primitive crossing, 31 cells in a flush: both threads' parts" if found else "it takes two cores to measure"
    spread = found.spread if found else 0.0
    return Belief(Prior(ns, 0.5 * ns, spread=spread), "measured" if found else "assumed", words)


def _flush(pieces: _Pieces) -> Belief:
    single, many = pieces.one("crossing", "", 1), pieces.one("crossing", "", 31)
    if single is None or many is None:
        return Belief(Prior(200.0, 200.0), "assumed", "it takes two cores to measure")
    ns = max(5.0, (single.ns - many.ns) * 31 / 30)
    return Belief(Prior(ns, ns + 100.0), "derived", "primitive crossing: with one cell in a flush less than with 31")


def _turn(pieces: _Pieces) -> Belief:
    found = pieces.one("loop_turn", "", 1)
    ns = 300.0 if found is None else found.ns
    words = f"primitive loop_turn, 1 events: {ns:.0f} ns; and 700 ns, assumed, for clocks, timers and queues of a turn"
    return Belief(Prior(ns + 700.0, 1000.0), "derived", words)


def _sleep(pieces: _Pieces) -> Belief:
    found = pieces.one("sleep")
    if found is None:
        return Belief(Prior(10000.0, 15000.0), "assumed", "sleep could not be measured here")
    words = (f"primitive {found.label}: {found.ns:.0f} ns, quartiles {found.spread:.0%} apart; and what left the caches"
             " meanwhile, which a piece that sleeps and wakes all the time does not show")  # fmt: skip
    return Belief(Prior(found.ns, 15000.0, spread=found.spread), "derived", words)


def _link_handshake(pieces: _Pieces) -> Belief:
    parts = [pieces.one("handshake", kind) for kind in ("TLS client", "TLS server", "link")]
    if None in parts:
        return Belief(Prior(1.5e6, 0.7e6), "assumed", "handshakes of links could not be measured here")
    client, server, link = (part.ns for part in parts if part is not None)
    words = "primitives handshake: the mean of TLS client and TLS server, and a side of a link's certificates"
    ns = (client + server) / 2 + link
    return Belief(Prior(ns, 0.2 * ns, spread=pieces.spread("handshake", "link")), "measured", words)


def _circuit_cold(pieces: _Pieces) -> Belief:
    hot, cold = pieces.one("aes_cold", "", 16), pieces.one("aes_cold", "", 64000)
    miss = pieces.one("cache_miss", "", 64000)
    if hot is None or cold is None or miss is None:
        return Belief(Prior(60.0, 60.0), "assumed", "cold circuits could not be measured here")
    ns = max(1.0, cold.ns - hot.ns + miss.ns / 2)
    words = "primitive aes_cold: 64,000 circuits fetched ahead, less 16; and half a cache_miss for the circuit's half"
    return Belief(Prior(ns, ns + miss.ns / 2, spread=cold.spread), "derived", words)


def _cell_cold(pieces: _Pieces) -> Belief:
    near, far = pieces.one("cache_miss", "", 16000), pieces.one("cache_miss", "", 64000)
    if near is None or far is None:
        return Belief(Prior(100.0, 100.0), "assumed", "cache misses could not be measured here")
    ns = 1.5 * near.ns
    words = "primitive cache_miss among 16,000: one and a half for the nine lines of a cell, which come together"
    return Belief(Prior(ns, ns + far.ns / 2), "derived", words)


def _edge_cold(pieces: _Pieces) -> Belief:
    near, far = pieces.one("cache_miss", "", 16000), pieces.one("cache_miss", "", 64000)
    if near is None or far is None:
        return Belief(Prior(1.0, 1.0), "assumed", "cache misses could not be measured here")
    ns = 9 * near.ns / STREAM_CELL
    words = "primitive cache_miss among 16,000: for each of the nine lines of a cell; a socket's pages are cold, too"
    return Belief(Prior(ns, ns + 9 * far.ns / STREAM_CELL), "derived", words)


_MAKERS: dict[str, Callable[[_Pieces], Belief]] = {
    "cells_received": _piece("copy", "hot", 509, 60.0, AROUND, around=60.0, source="derived"),
    "cells_sent": _piece("copy", "hot", 509, 60.0, AROUND, around=60.0, source="derived"),
    "cells_crossed": _crossing,
    "bytes_received": _elsewhere("counted as tls_bytes_read, and under the link's cipher"),
    "bytes_sent": _elsewhere("counted as tls_bytes_written, and under the link's cipher"),
    "edge_bytes_in": _piece("receive", "", 4096, 0.3, AROUND, around=2.0, per=4096.0, source="derived"),
    "edge_bytes_out": _piece("send", "", 4096, 0.4, AROUND, around=2.0, per=4096.0, source="derived"),
    "edge_reads": _piece("receive", "", 536, 1000.0, 1.0, around=2000.0, source="derived"),
    "edge_writes": _piece("send", "", 536, 1500.0, AROUND, around=1500.0, source="derived"),
    "aes_bytes": _piece("aes_run", "one circuit", 31, 0.06, 0.25, per=BODY),
    "digest_bytes": _digest,
    "cgo_bytes": _piece("cgo", "", 0, 0.36, WHOLE, per=BODY),
    "cgo_updates": _cgo_update,
    "crypt_runs": _piece("cell_pool", "", 31, 10.0, AROUND, around=80.0, source="derived"),
    "circuit_switches": _piece("cache_miss", "", 1000, 8.0, AROUND, around=10.0, source="derived"),
    "copy_bytes": _piece("copy", "hot", 509, 0.1, AROUND, per=BODY),
    "controls_posted": _piece("control", "", 0, 100.0, 1.0),
    "wakes": _piece("wake", "sender's CPU", 0, 5000.0, AROUND),
    "mailbox_flushes": _flush,
    "scheduler_runs": _assumed(300.0, 300.0, "a walk over the links that ask: no piece of its own"),
    "scheduler_picks": _assumed(60.0, 100.0, "a step of a heap and a decayed count: no piece of its own"),
    "tcp_info_reads": _piece("tcp_facts", "", 0, 430.0, 0.25),
    "handshakes_ntor": _piece("handshake", "ntor", 0, 1.2e5, WHOLE),
    "handshakes_ntor_v3": _piece("handshake", "ntor-v3", 0, 1.25e5, WHOLE),
    "handshakes_fast": _piece("handshake", "CREATE_FAST", 0, 2000.0, WHOLE),
    "handshakes_link": _link_handshake,
    "padding_sent": _elsewhere("counted as cells_sent, too"),
    "circuits_opened": _assumed(2000.0, 2000.0, "two halves from slabs and two table entries; not measured"),
    "circuits_closed": _assumed(1000.0, 1000.0, "the same the other way; not measured"),
    "circuits_congestion_control": _elsewhere("a few words more for a circuit; in circuits_opened"),
    "circuits_cgo": _elsewhere("a few words more for a circuit; in circuits_opened"),
    "conflux_legs": _assumed(4000.0, 3000.0, "an entry of a table and two messages between threads; not measured"),
    "conflux_messages": _assumed(100.0, 60.0, "a place in a queue; its way between threads is in cells_crossed"),
    "conflux_switches": _assumed(1000.0, 400.0, "a relay message of our own; its cell is counted apart"),
    "xoffs_sent": _assumed(1000.0, 400.0, "a relay message of our own; its cell is counted apart"),
    "xons_sent": _assumed(1000.0, 400.0, "a relay message of our own; its cell is counted apart"),
    "tls_records_read": _record("open"),
    "tls_records_written": _record("seal"),
    "tls_bytes_read": _copy_by_kernel("receive", 0.05),
    "tls_bytes_written": _copy_by_kernel("send", 0.05),
    "tls_aes256_bytes": _suite(AES256, 0.1),
    "tls_aes128_bytes": _suite(AES128, 0.08),
    "tls_chacha_bytes": _suite(CHACHA, 0.35),
    "reads": _piece("receive", "", 536, 1000.0, 1.0, around=2000.0, source="derived"),
    "writes": _piece("send", "", 536, 1500.0, AROUND, around=1500.0, source="derived"),
    "loop_turns": _turn,
    "loop_sleeps": _sleep,
    CIRCUIT_COLD: _circuit_cold,
    CELL_COLD: _cell_cold,
    EDGE_COLD: _edge_cold,
}
WORK = tuple(name for name in _MAKERS if name not in (CIRCUIT_COLD, CELL_COLD, EDGE_COLD))
