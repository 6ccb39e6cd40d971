"""tor_beliefs - what each unit of work is believed to cost tor before any run, and from where that is known.

From outside, CPU time tells apart what varies between loads: records, reads, cells, links that KIST looks at, what is
cold, bytes by cipher. What it cannot tell apart stays at what is believed here: receiving and sending a cell (each load
has as many of both), its relay cipher, and copies by the kernel.
"""

from __future__ import annotations

from . import calibrate_priors
from .calibrate_fit import Prior
from .calibrate_law import CELL_COLD, CIRCUIT_COLD, EDGE_COLD
from .calibrate_primitives import Primitives
from .calibrate_priors import NOTHING, Belief

FACTS = "facts/performance.md"
CELL_WORDS = (f"{FACTS} section 8, a middle relay's 2600 to 2900 ns a cell less TLS, kernel and cipher (section 4),"
              " half each; a cell received is one sent: CPU time cannot part the two")  # fmt: skip
RECORD_WORDS = f"{FACTS} section 4, SSL_read and SSL_write by cells in a record: intercept 1.15 to 1.30 us, half each"
IN_CELLS = "in cells_received and cells_sent: as many as those, or in proportion to them"
EDGE_WORDS = f"{FACTS} section 8, an exit's 3300 to 3700 ns a cell less the cell, its digest and half of TLS and kernel"


def _derived(price: float, deviation: float, words: str, least: float = 0.0) -> Belief:
    return Belief(Prior(price, deviation, least), "derived", words)


def _assumed(price: float, deviation: float, words: str) -> Belief:
    return Belief(Prior(price, deviation), "assumed", words)


def _nothing(words: str) -> Belief:
    return Belief(NOTHING, "derived", words)


_TOR: dict[str, Belief] = {
    "cells_received": _derived(720.0, 250.0, CELL_WORDS),
    "cells_sent": _derived(720.0, 250.0, CELL_WORDS),
    "crypt_runs": _nothing("tor ciphers and picks cell by cell: in cells_received"),
    "scheduler_picks": _nothing(f"a pick for each cell: {IN_CELLS}"),
    "copy_bytes": _nothing(IN_CELLS),
    "circuit_switches": _assumed(50.0, 50.0, "another circuit's structures from a near cache"),
    "aes_bytes": _derived(0.196, 0.04, f"{FACTS} section 4, AES-128-CTR of 509 B by EVP 100 ns"),
    "tls_records_read": _derived(600.0, 300.0, RECORD_WORDS),
    "tls_records_written": _derived(600.0, 300.0, RECORD_WORDS),
    "tls_aes256_bytes": _derived(0.25, 0.05, f"{FACTS} section 4, AES-256-GCM open and seal 230 to 278 ns a cell"),
    "tls_aes128_bytes": _derived(0.21, 0.05, f"{FACTS} section 4, AES-128-GCM open and seal 198 to 247 ns a cell"),
    "tls_chacha_bytes": _derived(0.42, 0.4, f"{FACTS} section 4, ChaCha20-Poly1305 open and seal 357 to 493 ns a cell"),
    "reads": _derived(700.0, 400.0, f"{FACTS} section 2a, recv of 536 B 1362 ns; every other reads five bytes"),
    "writes": _derived(1400.0, 500.0, f"{FACTS} section 2a, send of 536 B to 4 KiB 1391 to 1414 ns"),
    "tcp_info_reads": _derived(900.0, 600.0, f"{FACTS} section 2a, TCP_INFO and SIOCOUTQNSD 431 ns; KIST's tables, and"
                               " what a run meets cold of each link: channel, TLS, socket"),
    "scheduler_runs": _assumed(2000.0, 2000.0, "a run of KIST with its timer"),
    "loop_turns": _assumed(2000.0, 2000.0, "epoll_wait, clocks and libevent's queues"),
    "edge_bytes_in": _derived(3.0, 0.8, EDGE_WORDS),
    "edge_bytes_out": _derived(3.0, 0.8, EDGE_WORDS),
    "edge_reads": _derived(1400.0, 500.0, f"{FACTS} section 2a, recv of 536 B 1362 ns"),
    "edge_writes": _derived(1400.0, 500.0, f"{FACTS} section 2a, send of 536 B to 4 KiB 1391 to 1414 ns"),
    "handshakes_ntor": _derived(134500.0, 20000.0, f"{FACTS} section 2a, X25519 22.3k/s: three of them, in a worker"),
    "handshakes_ntor_v3": _derived(140300.0, 21000.0, "handshakes_ntor, and 5.8 us for SHA3, SHAKE and AES"),
    "circuits_opened": _derived(1265500.0, 280000.0,
                                f"{FACTS} section 8, 1.4 ms for a three-hop circuit, less handshakes_ntor"),
    "circuits_closed": _nothing("in circuits_opened"),
    CIRCUIT_COLD: _derived(900.0, 900.0, f"{FACTS} section 4, cipher of a cell 410 ns with 16384 circuits, 100 with"
                           " one; three such places"),
    EDGE_COLD: _nothing("in edge_bytes_in and edge_bytes_out: two loads do not tell it apart"),
    CELL_COLD: _assumed(500.0, 500.0, "misses for a packed cell from malloc and for its circuit's queue"),
}  # fmt: skip


def beliefs(primitives: Primitives) -> dict[str, Belief]:
    """Return what is believed of tor; what tor has in common with any relay is as its pieces are here."""
    return calibrate_priors.beliefs(primitives) | _TOR
